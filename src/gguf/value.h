// One metadata value of a GGUF file, as a view into the file's bytes: scalars, strings and flat
// arrays of either. Nothing is copied; a value is valid as long as its GgufFile.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "gguf/format.h"

namespace understudy {

class GgufValue {
 public:
  // `bytes`: the scalar; the string's characters; or an array's elements as they lie in the file
  // (checked by the reader).
  static GgufValue Scalar(GgufType type, std::string_view bytes) { return {type, type, 1, bytes}; }
  static GgufValue Array(GgufType element, uint64_t count, std::string_view bytes) {
    return {GgufType::kArray, element, count, bytes};
  }

  GgufType type() const { return type_; }
  GgufType element_type() const { return element_; }  // of an array
  uint64_t count() const { return count_; }           // elements of an array; 1 otherwise

  // Each gives nothing when the value is of another kind or does not fit.
  std::optional<std::string_view> Text() const;
  std::optional<uint64_t> Unsigned() const;  // any integer type, not negative
  std::optional<int64_t> Signed() const;     // any integer type that fits
  std::optional<double> Number() const;      // any integer or floating-point type
  std::optional<bool> Bool() const;

  // Elements of a flat array; empty when the value is no such array.
  std::vector<std::string_view> Texts() const;
  std::vector<int64_t> Integers() const;
  std::vector<double> Numbers() const;

  // As given when it was made: what a writer copies.
  std::string_view bytes() const { return bytes_; }

  bool operator==(const GgufValue&) const = default;  // of the same type and with the same bytes

 private:
  GgufValue(GgufType type, GgufType element, uint64_t count, std::string_view bytes)
      : type_(type), element_(element), count_(count), bytes_(bytes) {}
  GgufValue Element(uint64_t index) const;  // of an array of scalars

  GgufType type_;
  GgufType element_;
  uint64_t count_;
  std::string_view bytes_;
};

}  // namespace understudy
