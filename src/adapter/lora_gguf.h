// LoRA adapters as GGUF files, as llama-server takes them: see gguf/adapter_check.h for what is in
// such a file, and llama.cpp's convert_lora_to_gguf.py for the peer that writes them.
#pragma once

#include <filesystem>
#include <string>

#include "adapter/lora.h"
#include "base/result.h"
#include "gguf/adapter_check.h"
#include "gguf/convert.h"

namespace understudy {

// The file's bytes; `type` of the tensors is kF32, kF16 or kBF16 (else kUnsupported). kInvalidInput
// where sizes do not fit the shapes or alpha is not above 0.
Result<std::string> BuildLoraGguf(const LoraAdapter& adapter, TensorType type);

// Any adapter in that form, whatever its tensors' type. Fails on what is no adapter; whether it
// fits a base is CheckAdapter's to say.
Result<LoraAdapter> ReadLoraGguf(const GgufFile& file);

// Builds, checks against the base, writes beside `path` and renames: what stands at `path` always
// fits its base.
Result<AdapterSummary> PublishLoraGguf(const LoraAdapter& adapter, TensorType type,
                                       const GgufFile& base, const std::filesystem::path& path);

}  // namespace understudy
