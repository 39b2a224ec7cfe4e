// Reading a GGUF file: mapped into memory, every bound checked before anything is believed.
//
// A model may lie in several files, shards (gguf/shards.h): Open of the first opens them all, and
// they read as one. Open maps the file read-only and Parse looks at bytes in memory; both check the
// whole structure (heads, lengths, counts, types, alignment, tensor ranges, overlap, doubles) and
// fail with kInvalidInput that names the byte offset. Tensor data is not read. All names, values
// and tensors are views: valid while the GgufFile lives. A file that is cut short while it is
// mapped ends the process on the next access, so publish model files by rename. Thread-safe once
// made.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "gguf/format.h"
#include "gguf/value.h"

namespace understudy {

struct GgufTensor {
  std::string_view name;
  TensorType type = TensorType::kF32;
  size_t dimensions = 1;                                       // 1 to 4
  std::array<uint64_t, kGgufMaxDimensions> shape{1, 1, 1, 1};  // innermost first
  std::string_view bytes;
  uint64_t elements() const { return shape[0] * shape[1] * shape[2] * shape[3]; }
};

class GgufFile {
 public:
  static Result<GgufFile> Open(const std::filesystem::path& path);
  // `bytes` must outlive the result. `name` stands in errors.
  static Result<GgufFile> Parse(std::string_view bytes, std::string_view name);

  struct Entry {
    std::string_view key;
    GgufValue value;
  };
  const std::vector<Entry>& metadata() const { return metadata_; }  // in file order
  const std::vector<GgufTensor>& tensors() const { return tensors_; }

  const GgufValue* Find(std::string_view key) const;
  const GgufTensor* FindTensor(std::string_view name) const;

  // A key's value, or nothing when it is absent or of another kind.
  std::optional<std::string_view> Text(std::string_view key) const;
  std::optional<uint64_t> Unsigned(std::string_view key) const;
  std::optional<double> Number(std::string_view key) const;
  std::optional<bool> Bool(std::string_view key) const;

 private:
  friend class GgufParser;
  static Result<GgufFile> OpenOne(const std::filesystem::path& path);
  // Takes over the tensors of another shard.
  Status Append(GgufFile shard, std::string_view name);

  std::vector<std::shared_ptr<const void>> mappings_;  // keep the bytes of Open alive
  std::vector<Entry> metadata_;
  std::vector<GgufTensor> tensors_;
  std::unordered_map<std::string_view, size_t> keys_, tensor_names_;
};

}  // namespace understudy
