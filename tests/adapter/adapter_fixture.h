// Small bases and adapters for these tests.
#pragma once

#include <stdlib.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "adapter/lora.h"
#include "gguf/file.h"
#include "gguf/writer.h"
#include "support/temp_folder.h"

namespace understudy::testing {

// A base with 2 heads of 4 and 1 key-value head; matrices {in, out}.
struct BaseTensor {
  std::string name;
  uint64_t in, out;
};
inline std::string BaseBytes(const std::string& architecture,
                             const std::vector<BaseTensor>& tensors) {
  GgufWriter writer;
  writer.Set("general.architecture", architecture);
  writer.Set("general.name", "tiny base");
  writer.Set("general.license", "apache-2.0");
  writer.Set(architecture + ".attention.head_count", uint32_t{2});
  const std::vector<int32_t> kv{0, 1};  // one a layer, as hybrids have it
  if (architecture == "granitehybrid") {
    writer.Set(architecture + ".attention.head_count_kv", std::span<const int32_t>(kv));
  } else {
    writer.Set(architecture + ".attention.head_count_kv", uint32_t{1});
  }
  const std::vector<std::string> tokens{"a", "b"};
  writer.Set("tokenizer.ggml.tokens", std::span<const std::string>(tokens));
  writer.Set("tokenizer.chat_template", "{{ messages }}");
  const std::vector<float> zeros(4096, 0.0F);
  for (const BaseTensor& tensor : tensors) {
    const std::array<uint64_t, 2> shape{tensor.in, tensor.out};
    writer.AddTensor(
        tensor.name, shape, TensorType::kF32,
        {reinterpret_cast<const char*>(zeros.data()), tensor.in * tensor.out * sizeof(float)});
  }
  return writer.Build().value();
}

// Numbers that differ everywhere and are exact in f16 and bf16.
inline LoraTensor MakeTensor(const std::string& name, uint32_t in, uint32_t out, uint32_t rank,
                             float first = 1) {
  LoraTensor tensor{name, out, in, rank, {}, {}};
  for (uint32_t i = 0; i < rank * in; ++i) tensor.a.push_back(first + static_cast<float>(i) / 2);
  for (uint32_t i = 0; i < out * rank; ++i) tensor.b.push_back(-first - static_cast<float>(i));
  return tensor;
}

inline LoraAdapter LlamaAdapter() {
  return {"llama",
          "labels",
          8,
          {MakeTensor("blk.0.attn_q.weight", 6, 8, 2), MakeTensor("blk.0.attn_k.weight", 6, 4, 2),
           MakeTensor("blk.1.ffn_down.weight", 10, 6, 3)}};
}
inline std::string LlamaBase() {
  return BaseBytes("llama", {{"blk.0.attn_q.weight", 6, 8},
                             {"blk.0.attn_k.weight", 6, 4},
                             {"blk.1.ffn_down.weight", 10, 6}});
}

// scale * B A as one matrix [out, in].
inline std::vector<float> Change(const std::vector<float>& a, const std::vector<float>& b,
                                 uint64_t in, uint64_t out, uint64_t rank, double scale) {
  std::vector<float> change(in * out, 0.0F);
  for (uint64_t o = 0; o < out; ++o) {
    for (uint64_t i = 0; i < in; ++i) {
      double sum = 0;
      for (uint64_t r = 0; r < rank; ++r) sum += double{b[o * rank + r]} * double{a[r * in + i]};
      change[o * in + i] = static_cast<float>(scale * sum);
    }
  }
  return change;
}

}  // namespace understudy::testing
