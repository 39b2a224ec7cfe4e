// Training a base model from scratch by its recipe, until a number of minutes has passed or the
// recipe's tokens are used up, with checkpoints from which it goes on.
//
// The rate is constant after the warm-up and falls to zero over the run's last share (arXiv
// 2405.18392: a constant rate with a cool-down does as well as a cosine and need not know its end).
// The checkpoint is of the constant part, so a finished run can be prolonged; the cooled model is
// written beside it.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "nn/recipe.h"

namespace understudy::nn {

struct PretrainOptions {
  std::filesystem::path recipe;
  std::filesystem::path data;      // public texts; may be empty
  std::filesystem::path out;       // folder: NAME.gguf, NAME.checkpoint.gguf, NAME.log.jsonl
  double minutes = 0;              // of this run; 0: until the recipe's tokens are used up
  bool cool_down = true;           // false: stop at the end of the minutes with a checkpoint alone
  int threads = 0;                 // 0: one a core
  std::string precision = "auto";  // f32, bf16, auto
};

struct PretrainProgress {
  int64_t step = 0, tokens = 0;
  double loss = 0, rate = 0, tokens_per_s = 0, minutes = 0;
  std::string held_out;  // exact match by family, where just measured
};

// Calls `report` after every tenth step and every evaluation; `stop` ends the run with a
// checkpoint.
Status Pretrain(const PretrainOptions& options,
                const std::function<void(const PretrainProgress&)>& report,
                const std::function<bool()>& stop);

}  // namespace understudy::nn
