#include "flywheel/router/learn_then_test.h"

#include <cmath>

#include "base/binomial.h"

namespace understudy {
namespace {

constexpr int64_t kMostRows = 10'000'000;

}  // namespace

SequenceTest TestInSequence(std::span<const TestRow> rows, size_t policies,
                            const Promise& promise) {
  SequenceTest test;
  test.rows = std::ssize(rows);
  test.policies.resize(policies);
  for (const TestRow& row : rows) {
    if (row.served_from >= policies) continue;
    ++test.policies[row.served_from].served;
    test.policies[row.served_from].wrong += !row.right;
  }
  bool going = true;
  for (size_t i = 0; i < policies; ++i) {
    PolicyTest& policy = test.policies[i];
    if (i > 0) {
      policy.served += test.policies[i - 1].served;
      policy.wrong += test.policies[i - 1].wrong;
    }
    policy.p_value = test.rows == 0 ? 1 : BinomialCdf(policy.wrong, test.rows, promise.worse);
    going = going && policy.p_value <= 1 - promise.sure;
    policy.passed = going;
    if (going) test.loosest = i;
  }
  return test;
}

std::optional<int64_t> RowsNeeded(double loss, const Promise& promise) {
  if (!(loss < promise.worse)) return std::nullopt;
  // With k losses n(k) rows pass; the first k whose n(k) rows lose no more than k is the least.
  for (int64_t losses = 0;;) {
    const int64_t rows = TrialsForBound(losses, promise.worse, promise.sure);
    if (rows <= 0 || rows > kMostRows) return std::nullopt;
    const auto expected = static_cast<int64_t>(std::ceil(loss * static_cast<double>(rows) - 1e-9));
    if (expected <= losses) return rows;
    losses = expected;  // fewer losses need fewer rows, which expect no fewer than this
  }
}

}  // namespace understudy
