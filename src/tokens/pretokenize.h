// Text cut into the words within which BPE merges: llama.cpp's pre-tokenizer "qwen2",
//
//   (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*
//   |\s*[\r\n]+|\s+(?!\S)|\s+
//
// as a scanner written by hand. Letters, numbers and white space are those that llama.cpp knows:
// utf8proc's categories, and a table of what its Unicode version lacks (code_points.h). `(?i:` is
// ASCII's letters only, as there.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace understudy {

// The end of the word that begins at `begin` < text.size(). `text` must be valid UTF-8 and `begin`
// the start of a character.
size_t WordEnd(std::string_view text, size_t begin);

// Every byte that is not part of a well-formed character becomes U+FFFD, as llama.cpp does it;
// valid text comes back as it is. (llama-server itself refuses requests that are not UTF-8.)
bool IsUtf8(std::string_view text);
std::string WithValidUtf8(std::string_view text);

}  // namespace understudy
