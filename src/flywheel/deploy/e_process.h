// An anytime-valid test of a share of errors: by betting, as in I. Waudby-Smith and A. Ramdas,
// "Estimating means of bounded random variables by betting" (arXiv 2010.09686), section 4.
//
// A gambler who disbelieves "the share of errors is at least A" stakes, before each row, a part of
// his wealth on the row being none: wealth *= 1 + bet * (A - x), with x 1 for an error, else 0. As
// long as every row has, given those before it, a chance of an error of at least A, no way of
// betting makes the wealth grow in the mean; so by Ville's inequality the chance that it ever
// reaches 1 / (1 - D) is at most 1 - D. It may be looked at after every row, for as long as one
// likes, and acted on the first time; the rows need be neither independent nor alike.
//
// We split the wealth evenly over a grid of constant bets, each the best one against one share on
// the other side of A, so nothing is tuned; of 0/1 rows the wealth is then a function of how many
// there were and how many were errors: two numbers are the whole state.
#pragma once

#include <cstdint>

#include "base/json.h"
#include "base/result.h"

namespace understudy {

// What the gambler sets out to refute.
enum class Claim : uint8_t {
  kAbove,  // "the share is at least A": refuted, it is below A
  kBelow,  // "the share is at most A": refuted, it is above A
};

struct ErrorCounts {
  int64_t rows = 0, errors = 0;
  void Add(bool error) {
    ++rows;
    errors += error;
  }
  bool operator==(const ErrorCounts&) const = default;
};

// Natural logarithm of the wealth that began as 1. `share` is A, strictly between 0 and 1.
double LogWealth(Claim against, double share, const ErrorCounts& counts);

// Wealth has reached 1 / (1 - sure).
bool Refuted(Claim claim, double share, double sure, const ErrorCounts& counts);

// How many more rows without any error refute kAbove; 0 where it is refuted.
int64_t CleanRowsMissing(double share, double sure, const ErrorCounts& counts);

}  // namespace understudy
