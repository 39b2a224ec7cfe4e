// What the commands of `understudy gguf` share: opening a file, and its parts as text and JSON.
#pragma once

#include <filesystem>
#include <string>

#include "base/json.h"
#include "base/result.h"
#include "gguf/file.h"

namespace understudy {

// GgufFile::Open, with kNotFound for a file that is not there.
Result<GgufFile> OpenGguf(const std::filesystem::path& path);

// "\"llama\"", "4096", "265 texts: \"!\", ...": one line, at most `columns` wide.
std::string ShortValue(const GgufValue& value, size_t columns);
// Whole; lists longer than kListedItems as {"count": n, "first": [...]}, lists of lists by count.
inline constexpr size_t kListedItems = 16;
json::value JsonOf(const GgufValue& value);

std::string ShapeOf(const GgufTensor& tensor);  // "{384, 2048}", innermost first
uint64_t Parameters(const GgufFile& file);      // elements of all tensors

}  // namespace understudy
