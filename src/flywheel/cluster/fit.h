// From recorded calls to a task model: frames, directions, density clusters, tasks.
//
//   prompts   -> frames (frames.h)
//   texts     -> embeddings (fit_projection.h)
//   each frame's calls -> clusters (hdbscan.h), merged where they are one task (apart.h); a frame
//   of
//                fewer than two clusters is one task
//   tasks     -> exemplars, and how far their own calls are from them
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "flywheel/cluster/apart.h"
#include "flywheel/cluster/fit_projection.h"
#include "flywheel/cluster/frames.h"
#include "flywheel/cluster/spanning_tree.h"
#include "flywheel/stage.h"
#include "route/task_model.h"

namespace understudy {

struct FitOptions {
  int64_t least_rows = 20;         // of a task
  double least_share = 0.02;       // of its frame's rows: the smallest cluster
  int64_t min_samples = 10;        // HDBSCAN's: greater, more noise
  int64_t most_rows = 20'000;      // of a frame that are clustered; the others are assigned
  int64_t exact_rows = 2'000;      // up to so many all pairs are compared, above the graph's
  double apart_bits = kApartBits;  // apart.h
  uint64_t seed = 0;
};

// What is known of the calls that are fitted to.
struct FitCalls {
  struct Call {
    uint32_t prompt = 0;  // index into prompts
    uint32_t coarse = 0;  // of answers.h, numbered
    std::vector<uint32_t> fine;
    std::vector<Feature> user;
  };
  std::vector<CountedPrompt> prompts;
  std::vector<Call> calls;
};

// A model whose tasks are named "0", "1" and so on, frame by frame. kInvalidInput where no frame
// has enough rows; kCancelled.
Result<TaskModelData> FitTasks(FitCalls calls, const FitOptions& options,
                               const FindNeighbours& find_neighbours, const StageRun& run);

}  // namespace understudy
