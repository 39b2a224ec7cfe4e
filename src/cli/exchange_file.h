// Reads files of exchanges line by line: exchange JSONL, the fine-tuning shape and the batch shape
// (chat/exchange_json.h), plain or gzipped.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "chat/exchange.h"
#include "cli/console.h"

namespace understudy {

struct BadLine {
  std::string file;
  int64_t line = 0;
  std::string reason;
};

struct ReadCounts {
  int64_t lines = 0;  // blank ones left out
  int64_t good = 0;
  int64_t bad = 0;
  std::vector<BadLine> first_bad;  // at most kShownBadLines
};
inline constexpr size_t kShownBadLines = 10;

// Calls `each` for every good line of every file, in order; it returns false to stop. Bad lines
// are counted and the rest goes on. Fails where a file cannot be read, or where `each` does.
Result<ReadCounts> ReadExchanges(const std::vector<std::string>& files, Console& console,
                                 const std::string& label,
                                 const std::function<Result<bool>(Exchange&&)>& each);

// "file:line: reason", one a line, and how many more there are.
std::string DescribeBadLines(const ReadCounts& counts);

}  // namespace understudy
