// `understudy config`: check config.toml, and show what holds.
#include "base/config.h"

#include <toml++/toml.h>

#include "base/file.h"
#include "base/json.h"
#include "cli/definitions.h"
#include "cli/flags.h"
#include "cli/text.h"
#include "cli/workspace.h"

namespace understudy {
namespace {

struct ConfigFlags {
  std::string workspace;
  bool json = false, origin = false;
};

Result<ExitCode> Check(const ConfigFlags& flags, Console& console) {
  TRY(const Options options, OpenWorkspace(flags.workspace));
  const std::string path = ConfigPath(options.workspace).string();
  console.Out(flags.json ? json::serialize(json::object{{"ok", true}, {"file", path}}) + '\n'
                         : fmt::format("{}: ok, {}, {}\n", path,
                                       Counted(std::ssize(options.models), "model"),
                                       Counted(std::ssize(options.routing.rules), "rule")));
  return ExitCode::kOk;
}

// Boost.JSON from TOML: the values that a config can hold.
json::value ToJson(const toml::node& node) {
  if (const auto* table = node.as_table()) {
    json::object object;
    for (const auto& [key, value] : *table) object[std::string(key.str())] = ToJson(value);
    return object;
  }
  if (const auto* array = node.as_array()) {
    json::array items;
    for (const auto& value : *array) items.push_back(ToJson(value));
    return items;
  }
  if (const auto* text = node.as_string()) return json::value(text->get());
  if (const auto* number = node.as_integer()) return json::value(number->get());
  if (const auto* number = node.as_floating_point()) return json::value(number->get());
  if (const auto* flag = node.as_boolean()) return json::value(flag->get());
  return nullptr;
}

// "server.listen" and the line it is on, for every key that the file sets.
void CollectLines(const toml::node& node, const std::string& key,
                  std::map<std::string, unsigned>& lines) {
  if (const auto* table = node.as_table()) {
    for (const auto& [name, value] : *table) {
      CollectLines(value,
                   key.empty() ? std::string(name.str()) : fmt::format("{}.{}", key, name.str()),
                   lines);
    }
    return;
  }
  const auto* array = node.as_array();
  if (array && !array->empty() && array->front().is_table()) {
    for (size_t i = 0; i < array->size(); ++i) {
      CollectLines(*array->get(i), fmt::format("{}[{}]", key, i), lines);
    }
    return;
  }
  lines[key] = node.source().begin.line;
}

// Each value with where it comes from: "config.toml:12" or "default".
void PrintOrigins(const toml::node& node, const std::string& key,
                  const std::map<std::string, unsigned>& lines, std::string& out) {
  const auto* array = node.as_array();
  if (const auto* table = node.as_table()) {
    for (const auto& [name, value] : *table) {
      PrintOrigins(value,
                   key.empty() ? std::string(name.str()) : fmt::format("{}.{}", key, name.str()),
                   lines, out);
    }
  } else if (array && !array->empty() && array->front().is_table()) {
    for (size_t i = 0; i < array->size(); ++i) {
      PrintOrigins(*array->get(i), fmt::format("{}[{}]", key, i), lines, out);
    }
  } else {
    const auto line = lines.find(key);
    const std::string origin =
        line == lines.end() ? "default" : fmt::format("config.toml:{}", line->second);
    out += fmt::format("{} = {}  # {}\n", key, json::serialize(ToJson(node)), origin);
  }
}

Result<ExitCode> Show(const ConfigFlags& flags, Console& console) {
  TRY(const Options options, OpenWorkspace(flags.workspace));
  const std::string whole = FormatConfig(options);
  if (!flags.json && !flags.origin) {
    console.Out(whole);
    return ExitCode::kOk;
  }
  const toml::table effective = toml::parse(whole);
  if (flags.json) {
    console.Out(json::serialize(ToJson(effective)) + '\n');
    return ExitCode::kOk;
  }
  TRY(const std::string written, ReadFile(ConfigPath(options.workspace)));
  std::map<std::string, unsigned> lines;
  CollectLines(toml::parse(written), "", lines);
  std::string out;
  PrintOrigins(effective, "", lines, out);
  console.Out(out);
  return ExitCode::kOk;
}

}  // namespace

Action DefineConfigCheck(CLI::App& app) {
  const auto flags = std::make_shared<ConfigFlags>();
  AddWorkspaceFlag(app, flags->workspace);
  AddJsonFlag(app, flags->json);
  app.footer("  understudy config check --workspace ./understudy");
  return [flags](Console& console) { return Check(*flags, console); };
}

Action DefineConfigShow(CLI::App& app) {
  const auto flags = std::make_shared<ConfigFlags>();
  AddWorkspaceFlag(app, flags->workspace);
  AddJsonFlag(app, flags->json);
  app.add_flag("--origin", flags->origin, "one option a line, and where each comes from")
      ->excludes("--json");
  app.footer("  understudy config show --origin");
  return [flags](Console& console) { return Show(*flags, console); };
}

}  // namespace understudy
