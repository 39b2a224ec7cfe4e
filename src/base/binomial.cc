#include "base/binomial.h"

#include <algorithm>

#include <boost/math/special_functions/beta.hpp>

namespace understudy {
namespace {

namespace math = boost::math;

// Results are doubles throughout, and what cannot be computed is a number, never an exception.
const auto kPolicy =
    math::policies::make_policy(math::policies::promote_double<false>(),
                                math::policies::domain_error<math::policies::ignore_error>(),
                                math::policies::overflow_error<math::policies::ignore_error>(),
                                math::policies::evaluation_error<math::policies::ignore_error>());

double Share(double value) {
  return std::clamp(value, 0.0, 1.0);
}

// The quantile of the beta distribution.
double BetaQuantile(double a, double b, double probability) {
  return math::ibeta_inv(a, b, probability, kPolicy);
}

}  // namespace

double BinomialUpper(int64_t k, int64_t n, double confidence) {
  if (n <= 0 || k >= n) return 1;
  k = std::max<int64_t>(k, 0);
  return BetaQuantile(static_cast<double>(k + 1), static_cast<double>(n - k), Share(confidence));
}

double BinomialLower(int64_t k, int64_t n, double confidence) {
  if (n <= 0 || k <= 0) return 0;
  k = std::min(k, n);
  return BetaQuantile(static_cast<double>(k), static_cast<double>(n - k + 1),
                      1 - Share(confidence));
}

BinomialBounds BinomialInterval(int64_t k, int64_t n, double confidence) {
  const double each = 1 - (1 - Share(confidence)) / 2;
  return {BinomialLower(k, n, each), BinomialUpper(k, n, each)};
}

double BinomialCdf(int64_t k, int64_t n, double p) {
  if (k < 0) return 0;
  if (k >= n) return 1;
  return math::ibetac(static_cast<double>(k + 1), static_cast<double>(n - k), Share(p), kPolicy);
}

double BinomialTail(int64_t k, int64_t n, double p) {
  if (k <= 0) return 1;
  if (k > n) return 0;
  return math::ibeta(static_cast<double>(k), static_cast<double>(n - k + 1), Share(p), kPolicy);
}

int64_t TrialsForBound(int64_t k, double p, double confidence) {
  if (p <= 0) return 0;
  k = std::max<int64_t>(k, 0);
  const auto enough = [&](int64_t n) { return BinomialUpper(k, n, confidence) <= p; };
  int64_t high = k + 1;
  while (!enough(high)) {
    if (high > (int64_t{1} << 40)) return 0;
    high *= 2;
  }
  int64_t low = k;  // never enough: k of k errors
  while (high - low > 1) {
    const int64_t middle = low + (high - low) / 2;
    (enough(middle) ? high : low) = middle;
  }
  return high;
}

}  // namespace understudy
