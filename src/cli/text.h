// Small pieces of text for people: sizes, counts, times, and strings of unknown origin.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace understudy {

// Safe to show: control characters (a recorded prompt may hold escape sequences) become spaces,
// bytes that are not UTF-8 become U+FFFD. Newlines stay where `multi_line`.
std::string Printable(std::string_view text, bool multi_line = false);

// Columns that valid UTF-8 takes, one a code point.
size_t DisplayWidth(std::string_view text);
// At most `columns` wide; cut text ends in "...".
std::string Ellipsis(std::string_view text, size_t columns);

std::string HumanBytes(int64_t bytes);  // "1.5 MiB"
std::string HumanCount(int64_t count);  // "12,345"
// "1 line", "1,234 lines".
std::string Counted(int64_t count, std::string_view noun);
std::string HumanDuration(double seconds);  // "850 ms", "12.3 s", "4m05s", "2h03m"
std::string HumanUsd(double usd);           // "$0.0012"

}  // namespace understudy
