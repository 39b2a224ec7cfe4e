#include "base/log.h"

#include <array>
#include <atomic>
#include <utility>

#include <spdlog/sinks/stdout_color_sinks.h>
#include <spdlog/spdlog.h>

#include "base/json.h"

namespace understudy {
namespace {

std::atomic<LogLevel> g_level{LogLevel::kInfo};
std::atomic<bool> g_json{false};

constexpr std::array<std::pair<std::string_view, LogLevel>, 5> kLevels{{
    {"debug", LogLevel::kDebug},
    {"info", LogLevel::kInfo},
    {"warn", LogLevel::kWarn},
    {"error", LogLevel::kError},
    {"off", LogLevel::kOff},
}};

spdlog::level::level_enum ToSpdlog(LogLevel level) {
  switch (level) {
    case LogLevel::kDebug: return spdlog::level::debug;
    case LogLevel::kInfo: return spdlog::level::info;
    case LogLevel::kWarn: return spdlog::level::warn;
    case LogLevel::kError: return spdlog::level::err;
    case LogLevel::kOff: return spdlog::level::off;
  }
  return spdlog::level::info;
}

spdlog::logger& Logger() {
  static const auto logger = [] {
    auto made = spdlog::stderr_color_mt("understudy");
    made->set_level(spdlog::level::debug);  // g_level decides
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %v", spdlog::pattern_time_type::utc);
    return made;
  }();
  return *logger;
}

// A line stays one line, and says nothing to a terminal: control bytes are escaped as in JSON.
std::string OneLine(std::string_view text) {
  std::string escaped = JsonString(text);
  return escaped.substr(1, escaped.size() - 2);
}

bool HasControlByte(std::string_view text) {
  for (const char byte : text) {
    if (static_cast<unsigned char>(byte) < 0x20) return true;
  }
  return false;
}

}  // namespace

void SetUpLog(LogLevel level, bool json) {
  g_level = level;
  g_json = json;
  if (json) {
    Logger().set_pattern(R"({"at":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l","message":%v})",
                         spdlog::pattern_time_type::utc);
  }
}

bool ParseLogLevel(std::string_view name, LogLevel* level) {
  for (const auto& [known, value] : kLevels) {
    if (known == name) {
      *level = value;
      return true;
    }
  }
  return false;
}

bool LogEnabled(LogLevel level) {
  return level >= g_level.load(std::memory_order_relaxed);
}

void LogLine(LogLevel level, std::string_view line) {
  if (!LogEnabled(level)) return;
  if (g_json.load(std::memory_order_relaxed)) {
    Logger().log(ToSpdlog(level), "{}", JsonString(line));
  } else {
    Logger().log(ToSpdlog(level), "{}", HasControlByte(line) ? OneLine(line) : std::string(line));
  }
}

}  // namespace understudy
