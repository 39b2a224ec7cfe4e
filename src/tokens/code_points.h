// What the pre-tokenizer needs to know of a code point.
//
// Source: Unicode's general categories L*, N* and the property White_Space. utf8proc of Debian 12
// stands at Unicode 15.0, llama-server 0.7.0 at 15.1: what came between is a table here.
// tests/tokens/server_test.cc compares every code point with the llama-server that is there.
#pragma once

#include <cstdint>
#include <string_view>

namespace understudy {

enum class CharClass : uint8_t { kOther, kLetter, kNumber, kSpace, kLineBreak };

CharClass ClassOf(uint32_t code);

struct CodePoint {
  uint32_t code = 0;
  uint32_t bytes = 0;  // 0 at the end of the text
};
// The code point at `at` of valid UTF-8.
CodePoint DecodeAt(std::string_view text, size_t at);

}  // namespace understudy
