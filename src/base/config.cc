#include "base/config.h"

#include <cstdlib>

#include <fmt/format.h>

namespace understudy {
namespace {

std::string NameOfFirst(const Options& options, bool (*wanted)(const ModelOptions&)) {
  for (const ModelOptions& model : options.models) {
    if (wanted(model)) return model.name;
  }
  return {};
}

}  // namespace

std::string ReferenceModel(const Options& options) {
  if (!options.routing.reference.empty()) return options.routing.reference;
  return NameOfFirst(options, [](const ModelOptions& m) { return !m.small && m.kind != "local"; });
}

std::string LocalModel(const Options& options) {
  if (!options.routing.local.empty()) return options.routing.local;
  const auto local =
      NameOfFirst(options, [](const ModelOptions& model) { return model.kind == "local"; });
  if (!local.empty()) return local;
  return NameOfFirst(options, [](const ModelOptions& model) { return model.small; });
}

Result<std::string> ResolveSecret(std::string_view key, std::string_view text) {
  if (!text.starts_with("env:")) return std::string(text);
  const std::string name(text.substr(4));
  const char* value = std::getenv(name.c_str());
  if (value && *value) return std::string(value);
  return Fail(InvalidInput(fmt::format("the environment variable {} is not set", name))
                  .At(key)
                  .Mend(fmt::format("Set it: export {}=...", name)));
}

std::filesystem::path FindWorkspace(std::string_view from_flag) {
  if (!from_flag.empty()) return from_flag;
  if (const char* named = std::getenv("UNDERSTUDY_WORKSPACE"); named && *named) return named;
  std::error_code ignored;
  if (std::filesystem::exists("understudy/config.toml", ignored)) return "understudy";
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home && *home ? home : ".") / ".local/share/understudy";
}

}  // namespace understudy
