// A tiny language model with random weights, and LoRA adapters for it: enough to put llama-server
// through its paces (llama_selftest.h) and to serve tests and demos without a real model.
//
// Architecture `llama`, 2 layers, width 128, about 1.5 MB in f32; byte-level BPE; ChatML with
// tools in Hermes style (<tool_call>{...}</tool_call>). What it says is junk, but junk that ends:
// one hidden dimension holds a constant, so that the output matrix can favour the end token and
// the quote character, and avoid control bytes and half characters. The same seed gives the same
// bytes. The layout of keys and tensors is llama.cpp's; see gguf/format.h.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace understudy {

struct SelftestModelOptions {
  uint64_t seed = 1;
  uint32_t context = 4096;
  std::string name = "tiny";
};
Result<std::string> BuildSelftestModel(const SelftestModelOptions& options);

struct SelftestAdapterOptions {
  uint64_t seed = 2;  // another seed, another adapter
  uint32_t rank = 4;
  float alpha = 8;
};
// Adapts the q and v projections and the feed-forward's way down of every layer.
Result<std::string> BuildSelftestAdapter(const SelftestAdapterOptions& options);

// Writes tiny.gguf, adapter-a.gguf and adapter-b.gguf into `folder` (made if absent).
struct SelftestFiles {
  std::filesystem::path model, adapter_a, adapter_b;
};
Result<SelftestFiles> WriteSelftestFiles(const std::filesystem::path& folder);

// Its vocabulary, by token number; and the ChatML template.
struct SelftestVocabulary {
  std::vector<std::string> tokens;
  std::vector<int32_t> types;  // 1 normal, 3 control, 4 user-defined
  std::vector<std::string> merges;
  uint32_t end = 0;  // <|im_end|>
  uint32_t pad = 0;  // <|endoftext|>
  uint32_t tool_call = 0;
};
SelftestVocabulary MakeSelftestVocabulary();
std::string_view SelftestChatTemplate();

}  // namespace understudy
