// A few points that stand for a task's calls: the means of its k-means clusters on the sphere
// (seeded; farthest-first beginnings), one for each 50 calls and 8 at most.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "route/task_model.h"

namespace understudy {

inline constexpr size_t kMostExemplars = 8;

// Of length 1. At least one: zeros where there are no points with a direction.
std::vector<Embedding> ExemplarsOf(std::span<const Embedding> points);

// The cosine with the nearest one.
float NearestCosine(std::span<const Embedding> exemplars, const Embedding& point);

// Of rising `cosines`, which are sorted here: least, each sixteenth, greatest.
std::array<float, kClosenessSteps + 1> StepsOf(std::vector<float> cosines);

}  // namespace understudy
