// A LoRA adapter as plain numbers: what a training leaves behind, whichever library trained it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace understudy {

// W' = W + alpha / rank * B A. Names and layouts are those of the base's GGUF file: nothing is
// permuted or fused here.
struct LoraTensor {
  std::string base_name;  // "blk.0.attn_q.weight"
  uint32_t rows_out = 0;  // of the base's matrix
  uint32_t cols_in = 0;
  uint32_t rank = 0;
  std::vector<float> a;  // [rank, cols_in], row-major
  std::vector<float> b;  // [rows_out, rank], row-major
};

struct LoraAdapter {
  std::string architecture;  // the base's general.architecture
  std::string task_name;     // may be empty
  float alpha = 0;           // above 0; the same for all tensors, whatever their rank
  std::vector<LoraTensor> tensors;
};

}  // namespace understudy
