// config.toml -> Options: one of the visitors of the option table.
#include <array>
#include <charconv>
#include <cmath>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "base/config.h"
#include "base/config_problems.h"
#include "base/file.h"
#include "base/option_table.h"

namespace understudy {
namespace {

constexpr uint64_t kMaxConfigBytes = 4 << 20;

struct ByteUnit {
  std::string_view name;
  int64_t factor;
};
constexpr std::array<ByteUnit, 7> kByteUnits{{{"B", 1},
                                              {"kB", 1'000},
                                              {"MB", 1'000'000},
                                              {"GB", 1'000'000'000},
                                              {"KiB", 1 << 10},
                                              {"MiB", 1 << 20},
                                              {"GiB", 1 << 30}}};

// "32MiB" or "32 MiB"; nullopt for anything else and for what overflows.
std::optional<int64_t> ParseByteSize(std::string_view text) {
  int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || count < 0) return std::nullopt;
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  if (text.starts_with(' ')) text.remove_prefix(1);
  for (const ByteUnit& unit : kByteUnits) {
    int64_t bytes = 0;
    if (text == unit.name && !__builtin_mul_overflow(count, unit.factor, &bytes)) return bytes;
  }
  return std::nullopt;
}

std::string_view TypeName(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "a list";
    case toml::node_type::string: return "a string";
    case toml::node_type::integer: return "an integer";
    case toml::node_type::floating_point: return "a number";
    case toml::node_type::boolean: return "a boolean";
    default: return "a date or time";
  }
}

// What stands there, for an error: its type, and short values too unless they may be secret.
std::string Got(const toml::node& node, const OptionSpec& spec) {
  if (spec.text == TextKind::kSecret) return std::string(TypeName(node));
  if (const auto* integer = node.as_integer()) return fmt::format("{}", integer->get());
  if (const auto* number = node.as_floating_point()) return fmt::format("{}", number->get());
  if (const auto* boolean = node.as_boolean()) return boolean->get() ? "true" : "false";
  if (const auto* text = node.as_string(); text && text->get().size() <= 40) {
    return fmt::format("\"{}\"", text->get());
  }
  return std::string(TypeName(node));
}

std::string RangeText(const OptionSpec& spec) {
  constexpr int64_t kNoLimit = std::numeric_limits<int64_t>::max();
  if (spec.max == kNoLimit) return fmt::format(" >= {}", spec.min);
  return fmt::format(" from {} to {}", spec.min, spec.max);
}

std::string DidYouMean(std::string_view name, const std::vector<std::string>& known) {
  const std::string nearest = NearestName(name, known);
  return nearest.empty() ? std::string() : fmt::format("; did you mean \"{}\"?", nearest);
}

class Reader final : public OptionVisitor {
 public:
  Reader(const toml::table& root, std::filesystem::path workspace, ConfigProblems& problems)
      : workspace_(std::move(workspace)), problems_(problems) {
    levels_.push_back({&root, nullptr, "", {}});
  }
  ~Reader() override = default;

  void Visit(const OptionSpec& spec, std::string& value) override;
  void Visit(const OptionSpec& spec, int64_t& value) override;
  void Visit(const OptionSpec& spec, double& value) override;
  void Visit(const OptionSpec& spec, bool& value) override;
  void Visit(const OptionSpec& spec, std::vector<std::string>& value) override;

  void BeginTable(std::string_view key) override;
  void EndTable() override { Leave(); }
  size_t BeginList(std::string_view key, size_t size) override;
  void BeginItem(size_t index) override;
  void EndItem() override { Leave(); }
  void EndList() override { levels_.pop_back(); }

  // Reports what of the innermost level is no known key, and leaves it.
  void Leave();

 private:
  struct Level {
    const toml::table* table;  // null where the file has none
    const toml::array* list;   // of [[key]]
    std::string path;
    std::vector<std::string> known;
  };

  std::string PathOf(std::string_view key) const {
    const std::string& path = levels_.back().path;
    return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
  }
  // The node of `key` in the innermost table, which is thereby known; null where absent.
  const toml::node* Take(std::string_view key);
  const toml::node* Take(const OptionSpec& spec);
  void Expected(const OptionSpec& spec, std::string_view what, const toml::node& got) {
    problems_.Add(PathOf(spec.key), fmt::format("expected {}, got {}", what, Got(got, spec)));
  }

  std::filesystem::path workspace_;
  ConfigProblems& problems_;
  std::vector<Level> levels_;
  std::string kind_;  // of the model being read
};

const toml::node* Reader::Take(std::string_view key) {
  Level& level = levels_.back();
  level.known.emplace_back(key);
  const toml::node* node = level.table ? level.table->get(key) : nullptr;
  if (node) problems_.Seen(PathOf(key), node->source().begin.line);
  return node;
}

const toml::node* Reader::Take(const OptionSpec& spec) {
  const toml::node* node = Take(spec.key);
  if (!node || spec.only_for.empty() || spec.only_for == kind_) return node;
  problems_.Add(PathOf(spec.key), fmt::format("only models of kind \"{}\" have it", spec.only_for));
  return nullptr;
}

void Reader::Visit(const OptionSpec& spec, std::string& value) {
  const toml::node* node = Take(spec);
  const auto* text = node ? node->as_string() : nullptr;
  if (node && !text) Expected(spec, "a string", *node);
  if (text) value = text->get();
  if (spec.key == "kind") kind_ = value;
  if (!text) return;
  const auto choices = SplitChoices(spec.choices);
  if (!spec.choices.empty() && std::find(choices.begin(), choices.end(), value) == choices.end()) {
    Expected(
        spec,
        fmt::format("one of \"{}\"", fmt::join(choices, "\", \"")) + DidYouMean(value, choices),
        *node);
  }
  if (spec.text == TextKind::kPath && !value.empty()) {
    value = (workspace_ / value).lexically_normal().string();
  }
}

void Reader::Visit(const OptionSpec& spec, int64_t& value) {
  const toml::node* node = Take(spec);
  if (!node) return;
  std::optional<int64_t> number;
  if (const auto* integer = node->as_integer()) number = integer->get();
  if (const auto* text = node->as_string(); text && spec.bytes) number = ParseByteSize(text->get());
  if (number && *number >= spec.min && *number <= spec.max) {
    value = *number;
    return;
  }
  const std::string_view what =
      spec.bytes ? "bytes as an integer or like \"32MiB\"," : "an integer";
  Expected(spec, fmt::format("{}{}", what, RangeText(spec)), *node);
}

void Reader::Visit(const OptionSpec& spec, double& value) {
  const toml::node* node = Take(spec);
  if (!node) return;
  const auto number = node->is_number() ? node->value<double>() : std::nullopt;
  if (number && std::isfinite(*number) && *number >= static_cast<double>(spec.min) &&
      *number <= static_cast<double>(spec.max)) {
    value = *number;
  } else {
    Expected(spec, "a number" + RangeText(spec), *node);
  }
}

void Reader::Visit(const OptionSpec& spec, bool& value) {
  const toml::node* node = Take(spec);
  if (!node) return;
  if (const auto* boolean = node->as_boolean()) {
    value = boolean->get();
  } else {
    Expected(spec, "true or false", *node);
  }
}

void Reader::Visit(const OptionSpec& spec, std::vector<std::string>& value) {
  const toml::node* node = Take(spec);
  if (!node) return;
  // Headers and keys come in lists: types only are told of what else stands there.
  const auto expected = [&](const toml::node& got) {
    problems_.Add(PathOf(spec.key),
                  fmt::format("expected a list of strings, got {}", TypeName(got)));
  };
  const auto* list = node->as_array();
  if (!list) return expected(*node);
  value.clear();
  for (const toml::node& item : *list) {
    const auto* text = item.as_string();
    if (!text) return expected(item);
    problems_.Seen(fmt::format("{}[{}]", PathOf(spec.key), value.size()), item.source().begin.line);
    value.push_back(text->get());
  }
}

void Reader::BeginTable(std::string_view key) {
  const toml::node* node = Take(key);
  if (node && !node->is_table()) {
    problems_.Add(PathOf(key), fmt::format("expected a table [{}], got {}", key, TypeName(*node)));
  }
  levels_.push_back({node ? node->as_table() : nullptr, nullptr, PathOf(key), {}});
}

size_t Reader::BeginList(std::string_view key, size_t) {
  const toml::node* node = Take(key);
  const auto* list = node ? node->as_array() : nullptr;
  const std::string path = PathOf(key);
  const bool adapters = key == "adapters";
  if (node && (!list || !(list->empty() || list->is_homogeneous<toml::table>()))) {
    problems_.Add(path, fmt::format("expected tables [[{}]], got {}", key,
                                    list ? "a list of other things" : TypeName(*node)));
    list = nullptr;
  } else if (adapters && list && kind_ != "local") {
    problems_.Add(path, "only models of kind \"local\" have it");
  }
  levels_.push_back({nullptr, list, path, {}});
  return list ? list->size() : 0;
}

void Reader::BeginItem(size_t index) {
  const Level& list = levels_.back();
  const toml::node* item = list.list->get(index);
  const std::string path = fmt::format("{}[{}]", list.path, index);
  problems_.Seen(path, item->source().begin.line);
  levels_.push_back({item->as_table(), nullptr, path, {}});
}

void Reader::Leave() {
  const Level& level = levels_.back();
  if (level.table) {
    for (const auto& [key, node] : *level.table) {
      const std::string_view name = key.str();
      if (std::find(level.known.begin(), level.known.end(), name) != level.known.end()) continue;
      problems_.Seen(PathOf(name), node.source().begin.line);
      problems_.Add(PathOf(name), "unknown key" + DidYouMean(name, level.known));
    }
  }
  levels_.pop_back();
}

// What follows from a model's kind.
void FillDefaults(ModelOptions& model) {
  if (model.kind == "local") model.small = true;
  if (model.zone.empty()) model.zone = model.kind == "openai" ? "cloud" : "local";
}

Result<toml::table> ParseToml(std::string_view text, std::string_view file_name) {
  try {
    return toml::parse(text);
  } catch (const toml::parse_error& error) {
    return Fail(InvalidInput(fmt::format("{}:{}: not TOML: {}", file_name,
                                         error.source().begin.line, error.description())));
  }
}

}  // namespace

Result<Options> ParseConfig(std::string_view toml, std::string_view file_name,
                            const std::filesystem::path& workspace) {
  TRY(const toml::table root, ParseToml(toml, file_name));
  std::error_code ignored;
  const auto folder = std::filesystem::absolute(workspace, ignored).lexically_normal();
  Options options;
  options.workspace = folder.string();
  ConfigProblems problems(file_name);
  Reader reader(root, folder, problems);
  VisitOptions(reader, options);
  reader.Leave();
  for (ModelOptions& model : options.models) FillDefaults(model);
  CheckOptions(options, problems);
  TRY_VOID(problems.ToStatus());
  return options;
}

Result<Options> LoadConfig(const std::filesystem::path& workspace) {
  const auto path = workspace / "config.toml";
  std::error_code ignored;
  if (!std::filesystem::exists(path, ignored)) {
    return Fail(NotFound(fmt::format("no workspace: {} does not exist", path.string()))
                    .Mend("Make one with `understudy init`, or name another with --workspace"));
  }
  TRY(const std::string text, ReadFile(path, kMaxConfigBytes));
  return ParseConfig(text, path.string(), workspace);
}

}  // namespace understudy
