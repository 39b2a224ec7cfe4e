// A training's state on disk, from which it goes on after any end, kill -9 included.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/curve.h"
#include "adapter/training_record.h"
#include "base/result.h"
#include "nn/optimizer.h"
#include "train/tune_options.h"

namespace understudy::nn {

inline constexpr std::string_view kTuneCheckpoint = "checkpoint.gguf";

struct TuneState {
  int64_t step = 0, tokens = 0;
  double minutes = 0;
  double validated = 0;     // share of the run that was over at the latest validation
  int64_t worse = 0;        // validations since the best one
  int64_t best_right = -1;  // exact matches of the best one
  double best_loss = 0;
  std::vector<at::Tensor> best;  // its values; empty before the first
  std::vector<CurvePoint> train_curve, valid_curve;

  void KeepBest(const std::vector<Parameter>& parameters);
  // Puts the best values back; without any, leaves the parameters as they are.
  void RestoreBest(const std::vector<Parameter>& parameters) const;
};

// Data and settings that decide what a step does: a checkpoint of others is refused.
std::string TuneFingerprint(const TuneOptions& options, const std::vector<DataSource>& sources);

// Written beside and renamed.
Status SaveCheckpoint(const std::filesystem::path& path, std::string_view fingerprint,
                      const TuneState& state, const Optimizer& optimizer);
// Also fills the optimizer's parameters. kInvalidInput where it is of another training.
Status LoadCheckpoint(const std::filesystem::path& path, std::string_view fingerprint,
                      TuneState& state, Optimizer& optimizer);

}  // namespace understudy::nn
