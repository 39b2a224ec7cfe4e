// The policies that Learn-then-Test chooses from: pairs of thresholds from strict to loose, made of
// the fitting rows alone.
#pragma once

#include <span>
#include <vector>

namespace understudy {

// A call is given to the SLM where P before >= before, and its answer served where P after >=
// after.
struct Policy {
  double before = 0, after = 0;
};

struct PolicyLimits {
  double least = 0.8;  // no answer with a lower P after is ever served
  double keep = 0.5;   // no answer is generated that is served with a lower chance
};

// `before` and `after` are the fitting rows' held-out probabilities (after 0: not verified). The
// thresholds on P after are the rows' own quantiles and an even grid, falling from just below 1 to
// `least`; each has the lowest threshold on P before from which on an answer is kept with chance
// `keep`, by isotonic regression. Both never rise from one policy to the next, so each serves what
// the one before it serves.
std::vector<Policy> MakePolicies(std::span<const double> before, std::span<const double> after,
                                 const PolicyLimits& limits);

}  // namespace understudy
