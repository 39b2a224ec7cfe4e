#include "gguf/value.h"

#include <cstring>
#include <limits>

namespace understudy {
namespace {

template <class T>
T Load(std::string_view bytes) {
  T value;
  std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

bool IsUnsigned(GgufType type) {
  return type == GgufType::kU8 || type == GgufType::kU16 || type == GgufType::kU32 ||
         type == GgufType::kU64;
}

bool IsSigned(GgufType type) {
  return type == GgufType::kI8 || type == GgufType::kI16 || type == GgufType::kI32 ||
         type == GgufType::kI64;
}

uint64_t LoadUnsigned(GgufType type, std::string_view bytes) {
  switch (type) {
    case GgufType::kU8: return Load<uint8_t>(bytes);
    case GgufType::kU16: return Load<uint16_t>(bytes);
    case GgufType::kU32: return Load<uint32_t>(bytes);
    default: return Load<uint64_t>(bytes);
  }
}

int64_t LoadSigned(GgufType type, std::string_view bytes) {
  switch (type) {
    case GgufType::kI8: return Load<int8_t>(bytes);
    case GgufType::kI16: return Load<int16_t>(bytes);
    case GgufType::kI32: return Load<int32_t>(bytes);
    default: return Load<int64_t>(bytes);
  }
}

}  // namespace

std::optional<std::string_view> GgufValue::Text() const {
  if (type_ != GgufType::kString) return std::nullopt;
  return bytes_;
}

std::optional<uint64_t> GgufValue::Unsigned() const {
  if (IsUnsigned(type_)) return LoadUnsigned(type_, bytes_);
  if (!IsSigned(type_)) return std::nullopt;
  const int64_t value = LoadSigned(type_, bytes_);
  if (value < 0) return std::nullopt;
  return static_cast<uint64_t>(value);
}

std::optional<int64_t> GgufValue::Signed() const {
  if (IsSigned(type_)) return LoadSigned(type_, bytes_);
  if (!IsUnsigned(type_)) return std::nullopt;
  const uint64_t value = LoadUnsigned(type_, bytes_);
  if (value > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) return std::nullopt;
  return static_cast<int64_t>(value);
}

std::optional<double> GgufValue::Number() const {
  if (type_ == GgufType::kF32) return Load<float>(bytes_);
  if (type_ == GgufType::kF64) return Load<double>(bytes_);
  if (IsSigned(type_)) return static_cast<double>(LoadSigned(type_, bytes_));
  if (IsUnsigned(type_)) return static_cast<double>(LoadUnsigned(type_, bytes_));
  return std::nullopt;
}

std::optional<bool> GgufValue::Bool() const {
  if (type_ != GgufType::kBool) return std::nullopt;
  return bytes_[0] != 0;
}

GgufValue GgufValue::Element(uint64_t index) const {
  const size_t size = ScalarBytes(element_);
  return Scalar(element_, bytes_.substr(index * size, size));
}

std::vector<std::string_view> GgufValue::Texts() const {
  std::vector<std::string_view> texts;
  if (type_ != GgufType::kArray || element_ != GgufType::kString) return texts;
  texts.reserve(count_);
  std::string_view rest = bytes_;
  for (uint64_t i = 0; i < count_; ++i) {
    const auto length = Load<uint64_t>(rest);
    texts.push_back(rest.substr(sizeof length, length));
    rest.remove_prefix(sizeof length + length);
  }
  return texts;
}

std::vector<int64_t> GgufValue::Integers() const {
  std::vector<int64_t> integers;
  if (type_ != GgufType::kArray || (!IsSigned(element_) && !IsUnsigned(element_))) return integers;
  integers.reserve(count_);
  for (uint64_t i = 0; i < count_; ++i) {
    const auto value = Element(i).Signed();
    if (!value) return {};
    integers.push_back(*value);
  }
  return integers;
}

std::vector<double> GgufValue::Numbers() const {
  std::vector<double> numbers;
  if (type_ != GgufType::kArray || ScalarBytes(element_) == 0 || element_ == GgufType::kBool) {
    return numbers;
  }
  numbers.reserve(count_);
  for (uint64_t i = 0; i < count_; ++i) numbers.push_back(*Element(i).Number());
  return numbers;
}

}  // namespace understudy
