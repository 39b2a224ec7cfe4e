// Options -> TOML, and Options -> documentation: two visitors of the option table.
#include <fmt/format.h>

#include "base/config.h"
#include "base/json.h"
#include "base/option_table.h"

namespace understudy {
namespace {

// A basic TOML string is a JSON string in which DEL too is escaped.
std::string Quote(std::string_view text) {
  std::string quoted = JsonString(text);
  for (size_t at = 0; (at = quoted.find('\x7f', at)) != std::string::npos;) {
    quoted.replace(at, 1, "\\u007F");
  }
  return quoted;
}

std::string ToToml(const OptionSpec& spec, const std::string& value) {
  const bool shown = spec.text != TextKind::kSecret || value.starts_with("env:");
  return Quote(shown ? value : "");
}
std::string ToToml(const OptionSpec&, int64_t value) {
  return fmt::format("{}", value);
}
std::string ToToml(const OptionSpec&, double value) {
  return fmt::format("{}", value);
}
std::string ToToml(const OptionSpec&, bool value) {
  return value ? "true" : "false";
}
std::string ToToml(const OptionSpec&, const std::vector<std::string>& value) {
  std::string list;
  for (const std::string& item : value) list += (list.empty() ? "" : ", ") + Quote(item);
  return "[" + list + "]";
}

std::string_view TypeName(const OptionSpec&, const std::string&) {
  return "string";
}
std::string_view TypeName(const OptionSpec& spec, int64_t) {
  return spec.bytes ? "size" : "integer";
}
std::string_view TypeName(const OptionSpec&, double) {
  return "number";
}
std::string_view TypeName(const OptionSpec&, bool) {
  return "boolean";
}
std::string_view TypeName(const OptionSpec&, const std::vector<std::string>&) {
  return "list of strings";
}

std::string RangeOf(const OptionSpec& spec, std::string_view type) {
  if (!spec.choices.empty()) {
    return fmt::format("\"{}\"", fmt::join(SplitChoices(spec.choices), "\", \""));
  }
  const bool numeric = type == "integer" || type == "size" || type == "number";
  return numeric ? fmt::format("{} to {}", spec.min, spec.max) : "";
}

// Names tables as TOML does: "models", "models.adapters".
class Formatter final : public OptionVisitor {
 public:
  void Visit(const OptionSpec& spec, std::string& value) override {
    if (spec.key == "kind") kind_ = value;
    Write(spec, value);
  }
  void Visit(const OptionSpec& spec, int64_t& value) override { Write(spec, value); }
  void Visit(const OptionSpec& spec, double& value) override { Write(spec, value); }
  void Visit(const OptionSpec& spec, bool& value) override { Write(spec, value); }
  void Visit(const OptionSpec& spec, std::vector<std::string>& value) override {
    Write(spec, value);
  }

  void BeginTable(std::string_view key) override {
    Enter(key);
    out_ += fmt::format("{}[{}]\n", out_.empty() ? "" : "\n", path_);
  }
  void EndTable() override { Leave(); }
  size_t BeginList(std::string_view key, size_t size) override {
    Enter(key);
    return size;
  }
  void BeginItem(size_t) override { out_ += fmt::format("\n[[{}]]\n", path_); }
  void EndItem() override {}
  void EndList() override { Leave(); }

  std::string Take() && { return std::move(out_); }

 private:
  template <class Value>
  void Write(const OptionSpec& spec, const Value& value) {
    if (!spec.only_for.empty() && spec.only_for != kind_) return;
    out_ += fmt::format("{} = {}\n", spec.key, ToToml(spec, value));
  }
  void Enter(std::string_view key) {
    if (!path_.empty()) path_ += '.';
    path_ += key;
  }
  void Leave() {
    const size_t dot = path_.rfind('.');
    path_.resize(dot == std::string::npos ? 0 : dot);
  }

  std::string out_, path_, kind_;
};

class Describer final : public OptionVisitor {
 public:
  void Visit(const OptionSpec& spec, std::string& value) override { Describe(spec, value); }
  void Visit(const OptionSpec& spec, int64_t& value) override { Describe(spec, value); }
  void Visit(const OptionSpec& spec, double& value) override { Describe(spec, value); }
  void Visit(const OptionSpec& spec, bool& value) override { Describe(spec, value); }
  void Visit(const OptionSpec& spec, std::vector<std::string>& value) override {
    Describe(spec, value);
  }

  void BeginTable(std::string_view key) override { path_.push_back(std::string(key) + "."); }
  void EndTable() override { path_.pop_back(); }
  size_t BeginList(std::string_view key, size_t) override {
    path_.push_back(std::string(key) + "[].");
    return 1;
  }
  void BeginItem(size_t) override {}
  void EndItem() override {}
  void EndList() override { path_.pop_back(); }

  std::vector<OptionInfo> Take() && { return std::move(rows_); }

 private:
  template <class Value>
  void Describe(const OptionSpec& spec, const Value& value) {
    const std::string_view type = TypeName(spec, value);
    rows_.push_back({fmt::format("{}{}", fmt::join(path_, ""), spec.key), std::string(type),
                     ToToml(spec, value), RangeOf(spec, type), std::string(spec.only_for),
                     std::string(spec.help)});
  }

  std::vector<std::string> path_;
  std::vector<OptionInfo> rows_;
};

}  // namespace

std::string FormatConfig(const Options& options) {
  Options copy = options;
  Formatter formatter;
  VisitOptions(formatter, copy);
  return std::move(formatter).Take();
}

std::vector<OptionInfo> DescribeOptions() {
  Options defaults;
  Describer describer;
  VisitOptions(describer, defaults);
  return std::move(describer).Take();
}

}  // namespace understudy
