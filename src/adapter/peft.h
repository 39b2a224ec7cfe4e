// LoRA adapters in the form of Hugging Face's PEFT library: adapter_model.safetensors and
// adapter_config.json, for use with the Hugging Face model that the GGUF base corresponds to.
//
// Two things differ from the GGUF form:
// - Rotary rows. For llama and granite models, converting a Hugging Face checkpoint to GGUF
// permutes
//   the rows of q and k: transformers pairs row i of a head with row i + d/2, llama.cpp row 2i with
//   row 2i+1. An adapter trained on the GGUF has the B rows of q and k in llama.cpp's order, and
//   they are put back here. (A acts on the inputs, which nobody permutes.)
// - Fused modules. granitehybrid's shared_mlp.input_linear is gate above up. Two adapters (A1, B1)
// and
//   (A2, B2) become the one with A = [A1; A2] and B = [[B1, 0], [0, B2]]: exactly the same change
//   of the weights, with the sum of the ranks, and with alpha scaled so that alpha / rank stays.
//
// Source: PEFT's "LoRA" file format, https://huggingface.co/docs/peft/developer_guides/checkpoint.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "adapter/lora.h"
#include "adapter/safetensors.h"
#include "base/json.h"
#include "base/result.h"
#include "gguf/file.h"

namespace understudy {

struct PeftAdapter {
  std::vector<NamedTensor> tensors;  // "base_model.model.MODULE.lora_A.weight" [r, in], lora_B
  json::object config;               // of adapter_config.json
};

// kUnsupported where the architecture or a tensor has no counterpart in Hugging Face's models, or
// where PEFT refuses it (mamba2's ssm_out).
// `base` tells the heads. `base_model` is written as base_model_name_or_path.
Result<PeftAdapter> MakePeft(const LoraAdapter& adapter, const GgufFile& base,
                             std::string_view base_model);

// Both files into `folder` (made if absent), in f32.
Status WritePeft(const PeftAdapter& peft, const std::filesystem::path& folder);

// Rows of llama.cpp's order into transformers': `rows` is [heads * head_rows, columns]. For each
// head, result row j * d/2 + i is row 2i + j. kInvalidInput where rows are no whole heads of an
// even size.
Result<std::vector<float>> UnpermuteRotary(const std::vector<float>& rows, uint64_t columns,
                                           uint64_t heads);

}  // namespace understudy
