#include "cli/model_block.h"

#include <fmt/format.h>

#include "base/json.h"
#include "cli/exit_code.h"

namespace understudy {
namespace {

Result<std::string> KindOf(const ModelFlags& flags) {
  const int sources = !flags.url.empty() + !flags.file.empty() + !flags.gguf.empty();
  if (sources > 1) return Fail(UsageError("--url, --file and --gguf exclude each other"));
  if (!flags.kind.empty()) return flags.kind;
  if (!flags.url.empty()) return "openai";
  if (!flags.file.empty()) return "replay";
  if (!flags.gguf.empty()) return "local";
  return Fail(
      UsageError("what kind of model is it?")
          .Mend("Give --url (an API), --gguf (a local model) or --file (recorded answers)."));
}

// A JSON string is a TOML basic string but for the escaped DEL, which JSON leaves as it is.
void AddText(std::string& block, std::string_view key, std::string_view value) {
  if (!value.empty()) block += fmt::format("{} = {}\n", key, JsonString(value));
}

void AddPrice(std::string& block, std::string_view key, double usd) {
  if (usd >= 0) block += fmt::format("{} = {}\n", key, usd);
}

bool IsBareKey(std::string_view key) {
  return !key.empty() &&
         key.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string_view::npos;
}

Status AddSettings(std::string& block, const std::vector<std::string>& settings) {
  for (const std::string& setting : settings) {
    const size_t equals = setting.find('=');
    const std::string key = setting.substr(0, equals);
    if (equals == std::string::npos || !IsBareKey(key) || setting.find('\n') != std::string::npos) {
      return Fail(UsageError("--set takes KEY=VALUE, the value as in TOML, not " + setting));
    }
    block += fmt::format("{} = {}\n", key, setting.substr(equals + 1));
  }
  return {};
}

Status AddAdapters(std::string& block, const std::vector<std::string>& adapters) {
  for (const std::string& adapter : adapters) {
    const size_t equals = adapter.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == adapter.size()) {
      return Fail(UsageError("--adapter takes NAME=PATH, not " + adapter));
    }
    block += "[[models.adapters]]\n";
    AddText(block, "name", adapter.substr(0, equals));
    AddText(block, "path", adapter.substr(equals + 1));
  }
  return {};
}

}  // namespace

Result<std::string> ModelBlock(const ModelFlags& flags) {
  TRY(const std::string kind, KindOf(flags));
  std::string block = "[[models]]\n";
  AddText(block, "name", flags.name);
  AddText(block, "kind", kind);
  AddText(block, "url", flags.url);
  AddText(block, "model", flags.model);
  AddText(block, "api_key", flags.api_key);
  AddText(block, "file", flags.file);
  AddText(block, "on_miss", flags.on_miss);
  AddText(block, "gguf", flags.gguf);
  if (flags.small) block += "small = true\n";
  AddPrice(block, "input_usd", flags.input_usd);
  AddPrice(block, "output_usd", flags.output_usd);
  TRY_VOID(AddSettings(block, flags.settings));
  TRY_VOID(AddAdapters(block, flags.adapters));
  return block;
}

}  // namespace understudy
