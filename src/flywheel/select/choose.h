// The choice among measured candidates, with its reasons.
//
// Quality is the share of right answers on one part of the data, of the rows that count as
// replaceable. The best candidate sets the mark: another one is as good where its share is not
// below the lower end of the best one's exact 95 % interval. Among those that are as good and fit
// the machine, the cheapest is chosen; then the fastest (medians within a tenth count as equal);
// then the one that needs the least memory; then the better one.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "flywheel/evaluate/candidate_card.h"
#include "flywheel/select/catalogue.h"
#include "flywheel/select/machine_facts.h"

namespace understudy {

struct MeasuredCandidate {
  std::filesystem::path folder;  // of the scorecard
  CandidateCard card;
  ShareRow quality;       // on the part that was chosen by
  bool on_front = false;  // no other is at least as good in quality, latency, memory and cost
  bool as_good = false;
  bool fits = false;

  std::string name() const;  // base, "+ adapter's folder or file"
};

struct ListedModel {
  CatalogueModel model;
  int64_t memory_bytes = 0;  // for the context and slots asked for
  bool fits = false;
  bool here = false;      // its file exists
  bool measured = false;  // a candidate is on it
};

struct Selection {
  std::string task, part;
  std::vector<MeasuredCandidate> candidates;  // the best first
  size_t chosen = 0;                          // of the candidates
  std::string why;                            // a few sentences for people
  std::vector<std::string> notes;             // what weakens the choice
  std::vector<ListedModel> catalogue;
  MachineFacts machine;
};

// `part` empty: "valid" where all have it, else the first that all have. `candidates` need folder
// and card only. kInvalidInput where there is none, where they share no part or are of different
// tasks, and where none fits the machine.
Result<Selection> Choose(std::vector<MeasuredCandidate> candidates, std::string part,
                         std::vector<ListedModel> catalogue, MachineFacts machine);

// A share of the memory that models may take: the rest is the gateway's and the system's.
inline constexpr double kMemoryShare = 0.8;
bool FitsMachine(int64_t bytes, const MachineFacts& machine);

json::object ToJson(const Selection& selection);

}  // namespace understudy
