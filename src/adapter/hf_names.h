// GGUF tensor names <-> module names of the Hugging Face model that the base was converted from.
//
// Sources: llama.cpp's gguf-py/gguf/tensor_mapping.py; the modules of transformers' llama, qwen2,
// qwen3, granite, granitemoehybrid and mamba2 models.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace understudy {

// Where rows of a module lie in the GGUF tensor.
enum class RowOrder : uint8_t {
  kSame,
  kRotary,  // the rows of each head alternate between the two halves of its rotary pairs; see
            // UnpermuteRotary in adapter/peft.h
};

struct HfModule {
  std::string name;    // "model.layers.3.self_attn.q_proj"
  uint32_t parts = 1;  // how many GGUF tensors are stacked in it, one above the other
  uint32_t part = 0;   // which of them this is, from the top
  RowOrder order = RowOrder::kSame;
  bool of_keys = false;  // its heads are the key-value heads
  uint32_t layer = 0;
};

// `gguf_name`: "blk.3.attn_q.weight" or "output.weight". Nothing for tensors that are no linear
// module there (expert matrices, convolutions, norms), and for architectures that are not known.
std::optional<HfModule> FindHfModule(std::string_view architecture, std::string_view gguf_name);

// The architectures of the table, for messages.
std::string_view KnownArchitectures();

}  // namespace understudy
