// LoRA training of a base model on recorded exchanges: `understudy tune`.
//
//   read and check the data -> measure a step, estimate time and memory -> train, with checkpoints,
//   keeping the best adapter by exact match on validation -> measure it -> write it, validated
//
// Exact match while training means: greedy decoding would write exactly the recorded answer, in its
// canonical form, end of turn included. That needs one forward pass and no decoding.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "train/tune_options.h"

namespace understudy::nn {

struct TunePlan {
  int64_t parameters = 0;  // of the adapter
  int64_t base_parameters = 0;
  int64_t targets = 0;  // matrices adapted
  int64_t steps = 0;    // of the whole run, as the epochs say
  int64_t epoch_tokens = 0;
  double tokens_per_s = 0;   // measured on one step
  double minutes = 0;        // estimated, the limit considered
  int64_t memory_bytes = 0;  // highest resident size after a step, without a GPU's memory
  std::string device;        // "cpu", "cuda:0"
  std::string precision;
  double peak_gflops = 0;      // the device's matrix products in that precision, measured
  bool checkpointing = false;  // activations are computed again on the way back
  std::string data_report;
};

struct TuneProgress {
  int64_t step = 0, steps = 0;
  double epoch = 0, loss = 0, rate = 0;
  double tokens_per_s = 0;
  double peak_share = 0;  // of peak_gflops, 4 N operations a token counted
  double minutes = 0, minutes_left = 0;
  bool validated = false;
  int64_t valid_right = 0, valid_total = 0;
  double valid_loss = 0;
};

struct TuneResult {
  std::string folder;          // empty: nothing was written (dry run)
  bool stopped = false;        // by the caller; a checkpoint is there
  json::object before, after;  // scorecards
  TunePlan plan;
  double minutes = 0;
  int64_t steps = 0;
  std::string ended;  // "epochs", "minutes", "no better for N validations", "stopped"
};

struct TuneWatcher {
  std::function<void(const TunePlan&)> planned;
  std::function<void(const TuneProgress&)> progress;
  std::function<bool()> stop;
};

Result<TuneResult> Tune(const TuneOptions& options, const TuneWatcher& watcher);

}  // namespace understudy::nn
