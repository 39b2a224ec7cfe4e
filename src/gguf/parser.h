// The walk over a GGUF file's bytes; see gguf/file.h for what it checks.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "gguf/file.h"

namespace understudy {

class GgufParser {
 public:
  GgufParser(std::string_view bytes, std::string_view name) : bytes_(bytes), name_(name) {}
  Result<GgufFile> Run();

 private:
  Status Heads();
  Status Metadata();
  Status TensorHeads();
  Status PlaceTensors();  // data ranges: inside the file, aligned, apart

  template <class T>
  Result<T> Read(std::string_view what);
  Result<std::string_view> ReadString(std::string_view what);
  Result<GgufValue> ReadValue(uint32_t type, int depth);
  Result<GgufValue> ReadArray(int depth);
  Status ReadShape(GgufTensor& tensor);
  Result<uint64_t> TensorBytes(const GgufTensor& tensor) const;
  Status ReadAlignment();

  size_t left() const { return bytes_.size() - at_; }
  // kInvalidInput "NAME: MESSAGE (at byte OFFSET)".
  Error Broken(std::string_view message, size_t offset) const;
  Error Broken(std::string_view message) const { return Broken(message, at_); }

  std::string_view bytes_;
  std::string_view name_;
  size_t at_ = 0;
  uint64_t tensor_count_ = 0;
  uint64_t entry_count_ = 0;
  uint64_t alignment_ = kGgufAlignment;
  std::vector<uint64_t> offsets_;  // of the tensors, from the start of the data
  GgufFile file_;
};

}  // namespace understudy
