// Which clusters are tasks of their own. Density finds topics too: the mails about parcels and
// those about invoices that one labeller gets. Two clusters are two tasks only if
// - they are answered in different ways: another kind of answer, or other tools; or
// - they come from different prompts, and these ask for different things: other labels, or other
//   members of the JSON.
// Anything else is one task with several topics, and one adapter learns it better from all its
// rows.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace understudy {

// A row as it is compared: numbers that stand for its prompt, and for what is answered.
struct ComparedRow {
  int32_t cluster = -1;  // -1: of none, not looked at
  uint32_t prompt = 0;
  uint32_t coarse = 0;         // answers.h
  std::vector<uint32_t> fine;  // not empty
};

// How different two clusters' distributions must be, in bits of Jensen-Shannon divergence: 0 for
// equal ones, 1 for those that share nothing.
inline constexpr double kApartBits = 0.4;

// Jensen-Shannon divergence of two counted distributions over the same numbers; 0 where one is
// empty.
double DivergenceBits(std::span<const double> a, std::span<const double> b);

// Merges clusters that are one task, the most alike first. Gives each cluster's new number; they
// begin at 0 and have no gaps.
std::vector<int32_t> MergeAlike(std::span<const ComparedRow> rows, size_t clusters,
                                double apart_bits = kApartBits);

}  // namespace understudy
