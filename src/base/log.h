// Log lines: one event a line, on standard error. spdlog behind a few plain functions, so that
// a caller needs no spdlog header and a message never costs more than its level.
//
// Never log a body, a header value, a key or personal data: names, counts and ids only.
#pragma once

#include <string_view>

#include <fmt/format.h>

namespace understudy {

enum class LogLevel { kDebug, kInfo, kWarn, kError, kOff };

// Called once at start; `json` writes one JSON object a line. Thread-safe afterwards.
void SetUpLog(LogLevel level, bool json);
bool ParseLogLevel(std::string_view name, LogLevel* level);  // "debug" ... "off"
bool LogEnabled(LogLevel level);
void LogLine(LogLevel level, std::string_view line);

#define UNDERSTUDY_LOG(level, ...)                                                               \
  do {                                                                                           \
    if (::understudy::LogEnabled(level)) ::understudy::LogLine(level, fmt::format(__VA_ARGS__)); \
  } while (false)
#define LOG_DEBUG(...) UNDERSTUDY_LOG(::understudy::LogLevel::kDebug, __VA_ARGS__)
#define LOG_INFO(...) UNDERSTUDY_LOG(::understudy::LogLevel::kInfo, __VA_ARGS__)
#define LOG_WARN(...) UNDERSTUDY_LOG(::understudy::LogLevel::kWarn, __VA_ARGS__)
#define LOG_ERROR(...) UNDERSTUDY_LOG(::understudy::LogLevel::kError, __VA_ARGS__)

}  // namespace understudy
