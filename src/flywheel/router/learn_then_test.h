// Learn then Test (Angelopoulos, Bates, Candes, Jordan & Lei 2021, arXiv:2110.01052): which of a
// list of policies may be used under the promise "at most `worse` worse than the reference, `sure`
// sure".
//
// The policies are fixed before the rows are looked at, and ordered from strict to loose: each
// serves what the one before it serves, and more. The loss of a row under a policy is 1 where the
// SLM's answer would have been served and was not as good as the reference's; a row that the
// reference answers loses nothing. Each policy's hypothesis "its mean loss is above `worse`" has
// the exact binomial p-value P(Bin(rows, worse) <= losses). They are tested in their order, each at
// 1 - sure, until the first that is not rejected (fixed-sequence testing): the chance that any
// policy that passed breaks the promise is then at most 1 - sure, however good or bad the scores
// are, as long as the rows are independent draws of the traffic and no policy was made of them.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace understudy {

struct Promise {
  double worse = 0.05, sure = 0.95;  // shares, between 0 and 1
};

struct TestRow {
  // The first (strictest) policy that serves it, from 0; the number of policies: none does.
  size_t served_from = 0;
  bool right = false;
};

struct PolicyTest {
  int64_t served = 0, wrong = 0;
  double p_value = 1;
  bool passed = false;
};

struct SequenceTest {
  int64_t rows = 0;
  std::vector<PolicyTest> policies;
  std::optional<size_t> loosest;  // that passed
};

SequenceTest TestInSequence(std::span<const TestRow> rows, size_t policies, const Promise& promise);

// The least number of rows with which a policy that loses this share of them (rounded up to whole
// rows) would pass. With 0: ln(1 - sure) / ln(1 - worse), rounded up. None where no number up to
// ten million does: the share is too near `worse` or above it.
std::optional<int64_t> RowsNeeded(double loss, const Promise& promise);

}  // namespace understudy
