// The projection of route/embedding.h, fitted to a log: TF-IDF weights, and the directions in which
// texts differ within their groups. What tells groups (prompt frames) apart is known by the frame,
// so each group's mean is taken away first, and all 64 directions are left for meaning.
//
// A truncated SVD by randomised subspace iteration (N. Halko, P. Martinsson, J. Tropp, "Finding
// structure with randomness", 2011) on the sparse rows: seeded, the same on every run.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/result.h"
#include "flywheel/stage.h"
#include "route/embedding.h"

namespace understudy {

struct FitText {
  std::vector<Feature> user, variable;  // of the user, and of the prompt's own words
  uint32_t group = 0;
};

// idf: ln((1 + rows) / (1 + rows with the bucket)) + 1, and 0 for buckets of a single row.
std::vector<float> IdfOf(std::span<const FitText> texts);

// kCancelled where the run shall stop.
Result<Projection> FitProjection(std::span<const FitText> texts, uint64_t seed,
                                 const StageRun& run);

// The embedding of a text, as TaskModel::Assign computes it. Of length 1, or zeros.
Embedding EmbeddingOf(const Projection& projection, const FitText& text);

}  // namespace understudy
