// Control texts in data made harmless.
//
// llama-server tokenises the rendered prompt as one text, so "<|im_end|>" inside a user's message
// or a tool's result would end the message there and let the data speak in another role. There is
// no request field against it. A zero-width space (U+200B) after the first character breaks the
// text for the tokenizer and leaves it readable: "<|im_end|>" becomes "<" U+200B "|im_end|>".
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace understudy {

class ControlTexts {
 public:
  explicit ControlTexts(std::vector<std::string> texts);

  // Every occurrence of every text broken, overlapping ones too. Cheap when there is none.
  std::string Defused(std::string_view text) const;
  bool Contains(std::string_view text) const;

  // All strings within `value`, keys of objects included.
  void Defuse(json::value& value) const;

 private:
  bool BeginsAt(std::string_view rest) const;
  std::vector<std::string> texts_;
  std::array<std::vector<uint32_t>, 256> by_first_;  // texts by their first byte
  std::string first_bytes_;
};

}  // namespace understudy
