// Flags that several commands share, and the checks on what is typed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <CLI/CLI.hpp>

#include "base/result.h"
#include "cli/exit_code.h"

namespace understudy {

CLI::Option* AddWorkspaceFlag(CLI::App& app, std::string& workspace);
CLI::Option* AddJsonFlag(CLI::App& app, bool& json);

// A flag with a value; `value_name` stands in the help text.
template <class T>
CLI::Option* AddValue(CLI::App& app, const char* names, T& value, const char* value_name,
                      const char* help) {
  return app.add_option(names, value, help)->option_text(value_name);
}

// "250ms", "30s", "5m", "24h", "7d"; a plain number means seconds.
Result<int64_t> ParseDurationMs(std::string_view text);
// A moment: "2026-01-31", "2026-01-31T12:00:00Z" (UTC), or a duration before `now_ms`.
Result<int64_t> ParseMomentMs(std::string_view text, int64_t now_ms);

// The same as checks at parse time.
const CLI::Validator& IsDuration();
const CLI::Validator& IsMoment();

}  // namespace understudy
