// Checks a LoRA adapter against its base model before any server sees it: llama-server refuses to
// start on some mistakes, aborts on others, and silently ignores the rest.
//
// An adapter says general.type "adapter", adapter.type "lora", the base's general.architecture and
// a finite adapter.lora.alpha above 0. For each target (a matrix of the base, such as
// "blk.0.attn_q.weight" of shape {in, out}) it holds TARGET.lora_a of shape {in, r} and
// TARGET.lora_b of shape {r, out}, in f32, f16 or bf16, all values finite; expert matrices have
// a third dimension in all three. W' = W + scale * alpha / r * B A.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "gguf/file.h"

namespace understudy {

struct AdapterSummary {
  double alpha = 0;
  uint64_t targets = 0;     // adapted matrices
  uint64_t least_rank = 0;  // ranks may differ between targets
  uint64_t most_rank = 0;
  uint64_t parameters = 0;
};

// kInvalidInput names the tensor or key, what was found, and what was expected.
Result<AdapterSummary> CheckAdapter(const GgufFile& base, const GgufFile& adapter);

}  // namespace understudy
