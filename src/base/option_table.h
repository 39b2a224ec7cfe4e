// The one table of options: every key of config.toml with its member, its range and its help,
// walked in order by a visitor. Reading, writing, describing and the search for misspelt keys
// are four visitors; no option is spelled twice.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "base/options.h"

namespace understudy {

enum class TextKind : uint8_t {
  kPlain,
  kPath,    // relative ones start at the workspace
  kSecret,  // only "env:NAME"; never shown, never echoed
};

struct OptionSpec {
  std::string_view key;
  std::string_view help;                              // one sentence with the consequence
  int64_t min = 0;                                    // of numbers, inclusive
  int64_t max = std::numeric_limits<int64_t>::max();  // of numbers, inclusive
  bool bytes = false;             // an integer that may also be written as "32MiB"
  std::string_view choices = {};  // of texts: "batched|strict"; empty: any text
  TextKind text = TextKind::kPlain;
  std::string_view only_for = {};  // the kind of model that has this key; empty: all
};

class OptionVisitor {
 public:
  virtual ~OptionVisitor() = default;
  virtual void Visit(const OptionSpec& spec, std::string& value) = 0;
  virtual void Visit(const OptionSpec& spec, int64_t& value) = 0;
  virtual void Visit(const OptionSpec& spec, double& value) = 0;
  virtual void Visit(const OptionSpec& spec, bool& value) = 0;
  virtual void Visit(const OptionSpec& spec, std::vector<std::string>& value) = 0;

  // [key], then its options.
  virtual void BeginTable(std::string_view key) = 0;
  virtual void EndTable() = 0;
  // [[key]]: returns how many items there shall be; each is then begun and ended.
  virtual size_t BeginList(std::string_view key, size_t size) = 0;
  virtual void BeginItem(size_t index) = 0;
  virtual void EndItem() = 0;
  virtual void EndList() = 0;
};

// Plain keys come before the tables and lists of the same level, as TOML wants it, and a model's
// `kind` before what depends on it.
void VisitOptions(OptionVisitor& visitor, Options& options);

// "a|b|c" as a list.
std::vector<std::string> SplitChoices(std::string_view choices);

}  // namespace understudy
