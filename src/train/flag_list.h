// Options that are listed once: from one list of (name, field, value's name, help) come the flags
// of a command line, the words that give the same options again, and their JSON for the manifest.
//
// A struct of options has VisitFlags(options, visit), found beside it, which calls
// visit("rank", options.rank, "N", "help") for each. Fields are std::string, int64_t, double, bool,
// or std::vector<std::string> (separated by commas). Bool flags have no value's name.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "base/json.h"

namespace understudy {

template <class Options>
void AddFlags(CLI::App& app, Options& options) {
  VisitFlags(options, [&app](const char* name, auto& field, const char* value, const char* help) {
    // Every command that takes a workspace takes it so.
    const bool short_too = std::string_view(name) == "workspace";
    const std::string flag = fmt::format("{}--{}", short_too ? "-w," : "", name);
    using Field = std::remove_cvref_t<decltype(field)>;
    if constexpr (std::same_as<Field, bool>) {
      app.add_flag(flag, field, help);
    } else if constexpr (std::same_as<Field, std::vector<std::string>>) {
      app.add_option(flag, field, help)->option_text(value)->delimiter(',');
    } else {
      app.add_option(flag, field, help)->option_text(value);
    }
  });
}

// One option as its flag has it.
inline std::string FlagText(const std::string& value) {
  return value;
}
inline std::string FlagText(int64_t value) {
  return fmt::format("{}", value);
}
inline std::string FlagText(double value) {
  return fmt::format("{}", value);
}  // exact
inline std::string FlagText(const std::vector<std::string>& value) {
  return fmt::format("{}", fmt::join(value, ","));
}

// The words that make these options out of the defaults: "--rank=8", "--dry-run".
template <class Options>
std::vector<std::string> ArgumentsOf(const Options& options) {
  std::vector<std::string> given, defaults;
  const auto collect = [](std::vector<std::string>& words) {
    return [&words](const char* name, const auto& field, const char*, const char*) {
      using Field = std::remove_cvref_t<decltype(field)>;
      if constexpr (std::same_as<Field, bool>) {
        words.push_back(field ? fmt::format("--{}", name) : std::string());
      } else {
        words.push_back(fmt::format("--{}={}", name, FlagText(field)));
      }
    };
  };
  VisitFlags(options, collect(given));
  const Options untouched;
  VisitFlags(untouched, collect(defaults));
  std::vector<std::string> words;
  for (size_t i = 0; i < given.size(); ++i) {
    if (given[i] != defaults[i]) words.push_back(given[i]);
  }
  return words;
}

// Every option by its flag's name: the manifest's "settings".
template <class Options>
json::object SettingsOf(const Options& options) {
  json::object settings;
  VisitFlags(options, [&settings](const char* name, const auto& field, const char*, const char*) {
    using Field = std::remove_cvref_t<decltype(field)>;
    if constexpr (std::same_as<Field, std::vector<std::string>>) {
      settings[name] = FlagText(field);
    } else {
      settings[name] = field;
    }
  });
  return settings;
}

}  // namespace understudy
