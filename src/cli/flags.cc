#include "cli/flags.h"

#include <charconv>

namespace understudy {
namespace {

struct Unit {
  std::string_view name;
  int64_t ms;
};
constexpr std::array<Unit, 6> kUnits{
    {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
constexpr int64_t kLongestMs = int64_t{1} << 52;

Error WrongDuration(std::string_view text) {
  return UsageError(fmt::format("\"{}\" is no duration; write 250ms, 30s, 5m, 24h or 7d", text));
}

// Exactly `count` digits at `text`'s front, taken off it.
std::optional<int> TakeDigits(std::string_view& text, size_t count) {
  int value = 0;
  if (text.size() < count) return std::nullopt;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + count, value);
  if (bad != std::errc() || end != text.data() + count || text[0] == '-') return std::nullopt;
  text.remove_prefix(count);
  return value;
}

bool Take(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

std::optional<int64_t> TakeDayMs(std::string_view& text) {
  const auto year = TakeDigits(text, 4);
  if (!year || !Take(text, '-')) return std::nullopt;
  const auto month = TakeDigits(text, 2);
  if (!month || !Take(text, '-')) return std::nullopt;
  const auto day = TakeDigits(text, 2);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count() * int64_t{86'400'000};
}

// "T12:00:00", with or without fraction and "Z".
std::optional<int64_t> TakeTimeMs(std::string_view text) {
  if (!Take(text, 'T')) return std::nullopt;
  const auto hour = TakeDigits(text, 2);
  if (!hour || !Take(text, ':')) return std::nullopt;
  const auto minute = TakeDigits(text, 2);
  if (!minute || !Take(text, ':')) return std::nullopt;
  const auto second = TakeDigits(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  int millis = 0;
  if (Take(text, '.')) {
    const auto fraction = TakeDigits(text, 3);
    if (!fraction) return std::nullopt;
    millis = *fraction;
  }
  Take(text, 'Z');
  if (!text.empty()) return std::nullopt;
  return ((*hour * 60 + *minute) * 60 + *second) * int64_t{1000} + millis;
}

template <class Parse>
CLI::Validator Check(const char* name, Parse parse) {
  return CLI::Validator(
      [parse](std::string& text) {
        const auto parsed = parse(text);
        return parsed ? std::string() : parsed.error().message;
      },
      "", name);
}

}  // namespace

CLI::Option* AddWorkspaceFlag(CLI::App& app, std::string& workspace) {
  return AddValue(app, "-w,--workspace", workspace, "DIR",
                  "folder of config.toml (default: $UNDERSTUDY_WORKSPACE, ./understudy, "
                  "~/.local/share/understudy)");
}

CLI::Option* AddJsonFlag(CLI::App& app, bool& json) {
  return app.add_flag("--json", json, "print JSON");
}

Result<int64_t> ParseDurationMs(std::string_view text) {
  double number = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view unit(end, static_cast<size_t>(text.data() + text.size() - end));
  const auto known = std::ranges::find(kUnits, unit, &Unit::name);
  if (bad != std::errc() || known == kUnits.end() || !(number >= 0)) {
    return Fail(WrongDuration(text));
  }
  const double ms = number * static_cast<double>(known->ms);
  if (ms > static_cast<double>(kLongestMs)) return Fail(WrongDuration(text));
  return static_cast<int64_t>(ms);
}

Result<int64_t> ParseMomentMs(std::string_view text, int64_t now_ms) {
  if (const auto ago = ParseDurationMs(text)) return now_ms - *ago;
  std::string_view rest = text;
  const auto day = TakeDayMs(rest);
  if (day && rest.empty()) return *day;
  if (const auto time = day ? TakeTimeMs(rest) : std::nullopt) return *day + *time;
  return Fail(UsageError(fmt::format(
      "\"{}\" is no moment; write 2026-01-31, 2026-01-31T12:00:00Z, or 24h for a day ago", text)));
}

const CLI::Validator& IsDuration() {
  static const CLI::Validator check = Check("DURATION", ParseDurationMs);
  return check;
}

const CLI::Validator& IsMoment() {
  static const CLI::Validator check =
      Check("MOMENT", [](std::string_view text) { return ParseMomentMs(text, kLongestMs); });
  return check;
}

}  // namespace understudy
