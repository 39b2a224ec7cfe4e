// What `k` of `n` independent trials say about the probability behind them: exact bounds
// (Clopper & Pearson 1934, doi:10.1093/biomet/26.4.404) and exact tails, for every n.
//
// The bounds are one-sided: the true probability lies above BinomialUpper in at most 1 - confidence
// of all samples, however small n is. A two-sided interval of 95 % takes both at 97.5 %, which is
// what BinomialInterval does.
//
// Counts out of range are moved to the nearest one that makes sense (k below 0 is 0, k above n is
// n); n <= 0 says nothing, so the bounds are 0 and 1. `confidence` and `p` are held within [0, 1].
// Pure; about a microsecond.
#pragma once

#include <cstdint>

namespace understudy {

double BinomialUpper(int64_t k, int64_t n, double confidence);
double BinomialLower(int64_t k, int64_t n, double confidence);

struct BinomialBounds {
  double low = 0, high = 1;
};
BinomialBounds BinomialInterval(int64_t k, int64_t n, double confidence);

// P(X <= k) and P(X >= k) for X of n trials with probability p each: the latter to full relative
// precision where it is tiny, as a p-value must be. The p-value of "at least p" given k errors, as
// Learn-then-Test asks for, is BinomialCdf(k, n, p).
double BinomialCdf(int64_t k, int64_t n, double p);
double BinomialTail(int64_t k, int64_t n, double p);

// The least n for which k errors or fewer bound the error rate below p with that confidence:
// BinomialUpper(k, n, confidence) <= p. 0 where no n does (p <= 0).
int64_t TrialsForBound(int64_t k, double p, double confidence);

}  // namespace understudy
