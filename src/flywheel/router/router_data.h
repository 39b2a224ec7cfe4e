// What a router is fitted on: one row a call that an SLM has answered and whose reference answer is
// known, with all that is known of it before and after its generation.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "reason/signals.h"
#include "route/request_features.h"

namespace understudy {

struct RouterRow {
  std::string id;
  int task = -1;       // of RouterData::tasks: whose SLM answered
  int assigned = -1;   // the task that the call would be given online; -1: none
  bool calib = false;  // held back to test the promise; else it may be fitted on
  uint64_t group = 0;  // rows of one group are near duplicates or of one session
  RequestFeatures features{};
  float closeness = 0;
  Signals signals{};
  bool passed = false;  // the answer passes verification: else it is never served
  bool right = false;   // it is as good as the reference's
};

struct RouterTask {
  std::string id, name;
  std::string why;         // not empty: not to be served, and why
  int64_t calib_rows = 0;  // in the task's folder, answered or not; 0: as many as there are rows
};

struct RouterData {
  std::vector<RouterTask> tasks;
  size_t dims = 0;  // of an embedding
  std::vector<RouterRow> rows;
  std::vector<float> embeddings;  // rows.size() x dims

  std::span<const float> Embedding(size_t row) const {
    return {embeddings.data() + row * dims, dims};
  }
};

}  // namespace understudy
