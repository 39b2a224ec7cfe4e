// Training a base model from scratch by its recipe, until a number of minutes has passed or the
// recipe's tokens are used up, with checkpoints from which it goes on.
//
// The rate is constant after the warm-up and falls to zero over the run's last share (arXiv
// 2405.18392: a constant rate with a cool-down does as well as a cosine and need not know its end).
// Into the folder `out` go NAME.checkpoint.gguf, of the constant part, from which `resume` goes on;
// NAME.gguf, the cooled model in bf16; and NAME.log.jsonl, the curve. `from` begins with a model's
// weights alone. A run that is stopped ends with a checkpoint and a model that was not cooled.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "train/tune_options.h"

namespace understudy::nn {

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
