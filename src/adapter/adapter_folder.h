// A finished adapter as a folder: adapter.gguf (for llama-server), peft/ (for Hugging Face's PEFT),
// card.md, curve.svg, manifest.json.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "adapter/lora.h"
#include "adapter/training_record.h"
#include "base/result.h"
#include "gguf/file.h"
#include "gguf/format.h"

namespace understudy {

inline constexpr std::string_view kAdapterFile = "adapter.gguf";
inline constexpr std::string_view kManifestFile = "manifest.json";

// Writes the files into `folder` (made if absent; files of the same names are replaced), the
// manifest last: where it stands, all of them do. The GGUF is checked against `base` before it gets
// its name. Base models that Hugging Face's library does not know get no peft/, and the manifest
// says why. `version` is "v3" or empty. Fills in record.summary.
Status WriteAdapterFolder(const std::filesystem::path& folder, std::string_view version,
                          const LoraAdapter& adapter, TensorType type, const GgufFile& base,
                          TrainingRecord& record);

// Card and manifest alone, for a folder whose version changed.
Status WriteAdapterPapers(const std::filesystem::path& folder, std::string_view version,
                          const TrainingRecord& record, std::string_view without_peft);

}  // namespace understudy
