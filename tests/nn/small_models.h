// Small random language models of every architecture that can be trained, in memory and as files.
//
// Their matrices are larger than a fresh model's, and their norms and biases are no ones and zeros,
// so that distributions are not flat and every tensor has a say in them.
#pragma once

#include <ATen/ATen.h>

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "gguf/format.h"
#include "nn/model.h"
#include "support/temp_folder.h"

namespace understudy::nn {

// Which model: an architecture, and what of it is switched on.
struct Variant {
  std::string name;
  ModelConfig config;
  bool untied = false;  // a matrix of its own for the output
};
std::ostream& operator<<(std::ostream& out, const Variant& variant);

// llama, granitehybrid with rotary positions and without, mamba2, qwen2, qwen3; one and two groups,
// tied and untied, and Granite's multipliers among them. The vocabulary is BytesAndSpecials().
const std::vector<Variant>& AllVariants();
const Variant& VariantNamed(std::string_view name);

struct SmallModel {
  std::unique_ptr<LanguageModel> model;
  std::vector<Parameter> parameters;  // its own: a change here is a change there
};
SmallModel MakeSmall(const Variant& variant, uint64_t seed = 1);

// A file that llama-server loads.
void WriteSmall(const Variant& variant, const SmallModel& small, TensorType matrices,
                const std::filesystem::path& path);

// One sequence, alone in its row.
Rows RowOf(std::span<const int32_t> tokens);
// `count` bytes that are letters, by a seed.
std::vector<int32_t> RandomTokens(uint64_t seed, size_t count);

// The difference of two tensors of one shape: the largest of any element.
double Apart(const at::Tensor& a, const at::Tensor& b);

}  // namespace understudy::nn
