// config.toml -> Options. Unknown keys, wrong types and values out of range are errors that name
// line, key, what was expected and, for a misspelt key, the nearest known one.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/options.h"
#include "base/result.h"

namespace understudy {

// Reads and checks; relative paths are resolved against the workspace, a model's `small` and `zone`
// are filled in by its kind. kNotFound where there is no config.toml, else kInvalidInput. All
// problems are found, not only the first: the error's message lists them, one a line
// ("config.toml:12: server.threads: expected an integer from 0 to 1024, got \"two\"").
Result<Options> LoadConfig(const std::filesystem::path& workspace);
Result<Options> ParseConfig(std::string_view toml, std::string_view file_name,
                            const std::filesystem::path& workspace);

// The whole of it as TOML, defaults included, secrets never (only "env:NAME").
std::string FormatConfig(const Options& options);

// One row an option, for docs and tests.
struct OptionInfo {
  std::string key;            // "server.listen", "models[].url"
  std::string type;           // "string", "integer", "size", "number", "boolean",
                              // "list of strings"; a size may be written as "32MiB"
  std::string default_value;  // as TOML
  std::string range;          // "0 to 1024", or the known values; empty: any
  std::string only_for;       // the kind of model that has it; empty: all
  std::string help;           // one sentence with the consequence
};
std::vector<OptionInfo> DescribeOptions();

// Names of the two models that routing speaks of: as configured, else the first fit one (the
// reference: not small; the local: kind "local", else small); empty where there is none.
std::string ReferenceModel(const Options& options);
std::string LocalModel(const Options& options);

// "env:NAME" -> its value; fails with kInvalidInput (naming `key`) when it is not set or empty.
// Other text is returned as it is.
Result<std::string> ResolveSecret(std::string_view key, std::string_view text);

// The workspace of --workspace, else $UNDERSTUDY_WORKSPACE, else ./understudy where it has a
// config.toml, else ~/.local/share/understudy.
std::filesystem::path FindWorkspace(std::string_view from_flag);

// Nearest of `known` within a small edit distance, or empty: for "did you mean".
std::string NearestName(std::string_view name, const std::vector<std::string>& known);

}  // namespace understudy
