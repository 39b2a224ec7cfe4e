#include "cli/exchange_file.h"

#include <fmt/format.h>

#include "base/line_reader.h"
#include "chat/exchange_json.h"
#include "cli/progress.h"
#include "cli/text.h"

namespace understudy {
namespace {

bool IsBlank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

void CountBad(ReadCounts& counts, const std::string& file, int64_t line, const Error& error) {
  ++counts.bad;
  if (counts.first_bad.size() < kShownBadLines) {
    counts.first_bad.push_back({file, line, Printable(error.ToString())});
  }
}

// One line; false when `each` wants no more.
Result<bool> TakeLine(Result<bool>& got, const std::string& line, const std::string& file,
                      int64_t number, ReadCounts& counts,
                      const std::function<Result<bool>(Exchange&&)>& each) {
  if (got && IsBlank(line)) return true;
  ++counts.lines;
  Result<Exchange> exchange =
      got ? ParseExchangeLine(line) : Result<Exchange>(Fail(std::move(got).error()));
  if (!exchange) {
    CountBad(counts, file, number, exchange.error());
    return true;
  }
  ++counts.good;
  return each(*std::move(exchange));
}

Result<bool> ReadOne(const std::string& file, Console& console, const std::string& label,
                     ReadCounts& counts, const std::function<Result<bool>(Exchange&&)>& each) {
  TRY(LineReader reader, LineReader::Open(file, console.Input()));
  const bool sized = reader.bytes_total() > 0;
  Progress progress(console, fmt::format("{} {}", label, file), reader.bytes_total(),
                    sized ? Progress::Unit::kBytes : Progress::Unit::kItems);
  std::string line;
  for (;;) {
    Result<bool> got = reader.Next(line);
    if (reader.failed()) return Fail(std::move(got).error());
    if (got && !*got) return true;
    TRY(const bool more, TakeLine(got, line, file, reader.line_number(), counts, each));
    if (!more) return false;
    progress.Set(sized ? reader.bytes_read() : counts.lines);
  }
}

}  // namespace

Result<ReadCounts> ReadExchanges(const std::vector<std::string>& files, Console& console,
                                 const std::string& label,
                                 const std::function<Result<bool>(Exchange&&)>& each) {
  ReadCounts counts;
  for (const std::string& file : files) {
    TRY(const bool more, ReadOne(file, console, label, counts, each));
    if (!more) break;
  }
  return counts;
}

std::string DescribeBadLines(const ReadCounts& counts) {
  std::string out;
  for (const BadLine& bad : counts.first_bad) {
    out += fmt::format("{}:{}: {}\n", bad.file, bad.line, bad.reason);
  }
  const int64_t hidden = counts.bad - static_cast<int64_t>(counts.first_bad.size());
  if (hidden > 0) out += fmt::format("... and {}\n", Counted(hidden, "more bad line"));
  return out;
}

}  // namespace understudy
