// scorecard.json: a candidate's measured quality, latency, memory and cost on held-out examples.
//   {"v":1,"task","base":{"name","file","sha256","bytes","parameters","architecture"},
//    "adapter":{"file","sha256"}|null,
//    "parts":{"valid":{SHARE,"accepted","against_reference":SHARE,"replaceable":SHARE},...},
//    "by_kind":{"tool_call":{SHARE,"replaceable"},...},
//    "tools":[{"tool","total","right"},...],"differences":[{"kind","tool","argument","count"},...],
//    "verdicts":{"pass":n,...},
//    "latency_ms":{"p50","p90"},"first_token_ms":{"p50","p90"},"tokens_per_s","at_once","context",
//    "memory_bytes","cost_usd_per_1000","overlap":0.8|null}
// SHARE: "total","right","share","low","high" (exact binomial interval, 95 %) and "worse_at_most":
// the share of wrong answers that is not exceeded, 95 % sure (one-sided). The reference's answers
// are right by definition: so that is how much worse than the reference the candidate may be.
//
// "accepted" answers passed verification: the rest the reference answers when serving, at its own
// price, and nobody sees them. "right" are those that passed and are as good as the reference's.
// "replaceable" leaves out free text, unless an overlap makes it judgeable. "against_reference"
// leaves out rows whose only recorded answer is a small model's own. Kinds, tools, differences,
// latencies and cost are over all parts together.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/binomial.h"
#include "base/json.h"
#include "flywheel/evaluate/graded_answer.h"

namespace understudy {

struct ShareRow {
  int64_t total = 0, right = 0;
  void Add(bool is_right) {
    ++total;
    right += is_right;
  }
  double share() const;
  BinomialBounds bounds() const;
  double worse_at_most() const;
};

struct PartScore {
  ShareRow all, against_reference, replaceable;
  int64_t accepted = 0;
};

struct CandidateCard {
  static constexpr double kConfidence = 0.95;

  struct File {
    std::string file, sha256;
  };
  std::string task;
  std::string base_name, architecture;
  File base;
  uint64_t base_bytes = 0, parameters = 0;
  std::optional<File> adapter;

  std::map<std::string, PartScore> parts;
  std::array<ShareRow, kTargetKindCount> kinds;
  std::map<std::string, ShareRow> tools;  // by the tool that the reference called first
  std::map<Difference, int64_t> differences;
  std::map<std::string, int64_t> verdicts;

  double p50_ms = 0, p90_ms = 0, first_p50_ms = 0, first_p90_ms = 0;
  double tokens_per_s = 0;  // of one answer after its first token, the others under way beside it
  int64_t at_once = 0, context = 0;
  int64_t memory_bytes = 0;  // most that the server's process held; 0: unknown
  double usd_per_1000 = 0;   // calls
  std::optional<double> overlap;

  bool replaceable(TargetKind kind) const { return kind != TargetKind::kText || overlap; }
};

// What the answers say: everything but task, files and memory. Prices are US dollars per million
// tokens.
struct CardPrices {
  double input_usd = 0, output_usd = 0;
};
void CountAnswers(std::span<const GradedAnswer> answers, const CardPrices& prices,
                  CandidateCard& card);

json::object ToJson(const CandidateCard& card);
// The inverse; kInvalidInput for what is no scorecard or of a later version.
Result<CandidateCard> CandidateCardFrom(const json::value& value);

}  // namespace understudy
