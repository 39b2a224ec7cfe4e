// The texts of a JSON document by their place in it, so that one of them can be changed and every
// other byte stays.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

struct JsonText {
  size_t begin = 0, end = 0;  // inside the quotes; a number's digits
  bool is_number = false;     // a whole one, not negative; others are left out
  bool is_key = false;
  bool escaped = false;  // holds a backslash
};

// The strings and whole numbers of an object or a list, in order. nullopt where `json` is neither:
// only its tokens are looked at, so what comes back is safe to edit, not proven to be well formed.
std::optional<std::vector<JsonText>> JsonTexts(std::string_view json);

// A string's text, and where each of its bytes came from.
struct DecodedText {
  std::string text;
  std::vector<uint32_t> source;  // one more than bytes: the last is the end
};
DecodedText DecodeWithSource(std::string_view inside);

}  // namespace understudy
