#include "base/binomial.h"

#include <gtest/gtest.h>

#include <cmath>

namespace understudy {
namespace {

// Relative, also where the number is tiny.
void ExpectClose(double got, double want) {
  EXPECT_LE(std::abs(got - want), 1e-9 * std::abs(want) + 1e-300) << got << " for " << want;
}

// scipy 1.17.1: beta.ppf(1 - c, k, n - k + 1) and beta.ppf(c, k + 1, n - k).
TEST(Binomial, BoundsAreScipys) {
  struct Row {
    int64_t k, n;
    double confidence, lower, upper;
  };
  constexpr Row kRows[] = {
      {0, 1, 0.95, 0, 0.95},
      {0, 10, 0.95, 0, 0.258865550893052},
      {1, 10, 0.95, 0.00511619689182371, 0.394163302436505},
      {3, 10, 0.9, 0.115825278029763, 0.551730832383599},
      {10, 10, 0.95, 0.741134449106948, 1},
      {5, 50, 0.975, 0.0332750935890225, 0.218135366434202},
      {0, 149, 0.95, 0, 0.0199048162206851},
      {2, 1638, 0.95, 0.000216991128355951, 0.00383854888981149},
      {430, 500, 0.975, 0.82645614350629, 0.889210465735934},
      {97, 100, 0.99, 0.903028954734655, 0.995605023544113},
      {12345, 100000, 0.95, 0.121742036981266, 0.125174116298722},
      {999999, 1000000, 0.95, 0.999995256144362, 0.999999948706707},
  };
  for (const Row& row : kRows) {
    SCOPED_TRACE(testing::Message() << row.k << " of " << row.n);
    ExpectClose(BinomialLower(row.k, row.n, row.confidence), row.lower);
    ExpectClose(BinomialUpper(row.k, row.n, row.confidence), row.upper);
  }
}

// scipy 1.17.1: binom.cdf(k, n, p) and binom.sf(k - 1, n, p).
TEST(Binomial, TailsAreScipys) {
  struct Row {
    int64_t k, n;
    double p, cdf, tail;
  };
  constexpr Row kRows[] = {
      {0, 10, 0.1, 0.3486784401, 1},
      {3, 10, 0.3, 0.6496107184, 0.6172172136},
      {9, 10, 0.5, 0.9990234375, 0.0107421875},
      {20, 1000, 0.02, 0.559095605763888, 0.530641463531661},
      {5, 1000, 0.02, 6.40090668829292e-05, 0.999985145579093},
      {0, 149, 0.02, 0.0492816543300896, 1},
      {50, 100, 0.01, 1, 6.16501571230295e-72},
      {2, 1638, 0.02, 2.51904781946956e-12, 0.999999999999854},
      {998, 1000, 0.999, 0.264241086969813, 0.919790657159799},
      {12000, 100000, 0.12345, 0.000443812319452983, 0.999571364597154},
  };
  for (const Row& row : kRows) {
    SCOPED_TRACE(testing::Message() << row.k << " of " << row.n);
    ExpectClose(BinomialCdf(row.k, row.n, row.p), row.cdf);
    ExpectClose(BinomialTail(row.k, row.n, row.p), row.tail);
  }
}

TEST(Binomial, TheBoundIsWhereTheTailIsWhatConfidenceLeaves) {
  for (const int64_t n : {1, 7, 150, 4000}) {
    for (int64_t k = 0; k < n; k += 1 + n / 5) {
      ExpectClose(BinomialCdf(k, n, BinomialUpper(k, n, 0.95)), 0.05);
      if (k > 0) ExpectClose(BinomialTail(k, n, BinomialLower(k, n, 0.95)), 0.05);
    }
  }
}

TEST(Binomial, TheIntervalIsTwoSided) {
  const BinomialBounds bounds = BinomialInterval(430, 500, 0.95);
  ExpectClose(bounds.low, 0.82645614350629);
  ExpectClose(bounds.high, 0.889210465735934);
}

TEST(Binomial, NothingIsKnownFromNothing) {
  EXPECT_EQ(BinomialUpper(0, 0, 0.95), 1);
  EXPECT_EQ(BinomialLower(0, 0, 0.95), 0);
  EXPECT_EQ(BinomialInterval(3, -1, 0.95).high, 1);
  EXPECT_EQ(BinomialCdf(0, 0, 0.5), 1);
  EXPECT_EQ(BinomialTail(1, 0, 0.5), 0);
}

TEST(Binomial, CountsOutOfRangeAreMovedIntoIt) {
  EXPECT_EQ(BinomialLower(12, 10, 0.95), BinomialLower(10, 10, 0.95));
  EXPECT_EQ(BinomialUpper(-1, 10, 0.95), BinomialUpper(0, 10, 0.95));
  EXPECT_EQ(BinomialCdf(-1, 10, 0.5), 0);
  EXPECT_EQ(BinomialTail(11, 10, 0.5), 0);
  EXPECT_EQ(BinomialCdf(3, 10, 7), BinomialCdf(3, 10, 1));
  EXPECT_EQ(BinomialUpper(3, 10, 2), 1);
  EXPECT_EQ(BinomialLower(3, 10, 2), 0);
}

// The rule of three, exactly: 149 calls without an error promise 2 %, 95 % sure.
TEST(Binomial, SaysHowManyTrialsItTakes) {
  EXPECT_EQ(TrialsForBound(0, 0.02, 0.95), 149);
  EXPECT_EQ(TrialsForBound(0, 1, 0.95), 1);
  for (const int64_t k : {1, 5, 40}) {
    const int64_t n = TrialsForBound(k, 0.02, 0.95);
    EXPECT_LE(BinomialUpper(k, n, 0.95), 0.02);
    EXPECT_GT(BinomialUpper(k, n - 1, 0.95), 0.02);
  }
  EXPECT_EQ(TrialsForBound(0, 0, 0.95), 0);
}

}  // namespace
}  // namespace understudy
