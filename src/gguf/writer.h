// Writing a GGUF file: version 3, alignment 32, tensors in the order they were added.
//
//   GgufWriter writer;
//   writer.Set("general.architecture", "llama");
//   writer.AddTensor("output.weight", {in, out}, TensorType::kF32, bytes);
//   TRY_VOID(writer.Write(path));
//
// Metadata is copied; tensor bytes are borrowed and must live until Build or Write. Mistakes
// (a key twice, bytes that do not fit the shape) are kept and returned by Build and Write.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "gguf/format.h"
#include "gguf/value.h"

namespace understudy {

class GgufWriter {
 public:
  void Set(std::string_view key, std::string_view text);
  void Set(std::string_view key, const char* text) { Set(key, std::string_view(text)); }
  void Set(std::string_view key, uint32_t value);
  void Set(std::string_view key, int32_t value);
  void Set(std::string_view key, uint64_t value);
  void Set(std::string_view key, float value);
  void Set(std::string_view key, bool value);
  void Set(std::string_view key, uint16_t value);
  void Set(std::string_view key, const GgufValue& value);  // as it stands in another file
  void Set(std::string_view key, std::span<const std::string> texts);
  void Set(std::string_view key, std::span<const int32_t> values);
  void Set(std::string_view key, std::span<const float> values);

  // `shape` innermost first: {in, out} for a row-major [out, in] matrix.
  void AddTensor(std::string_view name, std::span<const uint64_t> shape, TensorType type,
                 std::string_view bytes);

  Result<std::string> Build() const;  // the whole file in memory
  // Streams beside `path`, syncs, renames: readers see the old file or the new one.
  Status Write(const std::filesystem::path& path) const;

 private:
  struct Tensor {
    std::string name;
    std::vector<uint64_t> shape;
    TensorType type;
    std::string_view bytes;
  };
  bool Begin(std::string_view key, GgufType type);
  void BeginArray(std::string_view key, GgufType element, uint64_t count);
  void Mistake(std::string message);
  Result<std::string> Head() const;  // up to and with the padding before the data

  std::string entries_;
  uint64_t entry_count_ = 0;
  std::vector<Tensor> tensors_;
  std::unordered_set<std::string> names_;  // keys and tensor names taken
  std::string mistake_;
};

}  // namespace understudy
