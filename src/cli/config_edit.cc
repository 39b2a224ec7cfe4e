#include "cli/config_edit.h"

#include <fmt/format.h>
#include <toml++/toml.h>

namespace understudy {
namespace {

Result<toml::table> Parse(std::string_view text) {
  try {
    return toml::parse(text, std::string_view("config.toml"));
  } catch (const toml::parse_error& error) {
    return Fail(InvalidInput(std::string(error.description()))
                    .At(fmt::format("config.toml:{}", error.source().begin.line)));
  }
}

// Offset of a 1-based line in `text`; its size beyond the end.
size_t LineOffset(std::string_view text, size_t line) {
  size_t offset = 0;
  for (size_t number = 1; number < line && offset < text.size(); ++number) {
    const size_t end = text.find('\n', offset);
    offset = end == std::string_view::npos ? text.size() : end + 1;
  }
  return offset;
}

// Offset of a position as the parser gives it: columns count code points.
size_t OffsetOf(std::string_view text, const toml::source_position& position) {
  size_t offset = LineOffset(text, position.line);
  for (size_t column = 1; column < position.column && offset < text.size(); ++column) {
    ++offset;
    while (offset < text.size() && (static_cast<unsigned char>(text[offset]) & 0xC0) == 0x80) {
      ++offset;
    }
  }
  return offset;
}

// The first line below `line` on which a table begins that is not part of `own`.
void FindNextTable(const toml::node& node, const toml::node& own, size_t line, size_t& next) {
  if (&node == &own) return;
  const size_t begins = node.source().begin.line;
  if (node.is_table() && begins > line) next = std::min(next, begins);
  if (const auto* table = node.as_table()) {
    for (const auto& [key, child] : *table) FindNextTable(child, own, line, next);
  } else if (const auto* array = node.as_array()) {
    for (const auto& child : *array) FindNextTable(child, own, line, next);
  }
}

// The last line that a value inside `node` reaches.
size_t LastLine(const toml::node& node) {
  size_t last = node.source().begin.line;
  if (const auto* table = node.as_table()) {
    for (const auto& [key, child] : *table) last = std::max(last, LastLine(child));
  } else if (const auto* array = node.as_array()) {
    for (const auto& child : *array) last = std::max(last, LastLine(child));
  }
  return node.is_table() ? last : std::max<size_t>(last, node.source().end.line);
}

const toml::table* FindModel(const toml::table& root, std::string_view name) {
  const toml::array* models = root["models"].as_array();
  if (!models) return nullptr;
  for (const auto& model : *models) {
    const toml::table* table = model.as_table();
    if (table && (*table)["name"].value_or(std::string_view()) == name) return table;
  }
  return nullptr;
}

Error NoSuchModel(const toml::table& root, std::string_view name) {
  std::string names;
  if (const toml::array* models = root["models"].as_array()) {
    for (const auto& model : *models) {
      const auto* table = model.as_table();
      if (table) names += fmt::format(" {}", (*table)["name"].value_or(std::string_view("?")));
    }
  }
  return NotFound(fmt::format("there is no model {}", name))
      .At("config.toml")
      .Mend(names.empty() ? "No model is configured." : "Configured:" + names);
}

std::string Spliced(std::string_view text, size_t at, std::string_view added) {
  return fmt::format("{}{}{}", text.substr(0, at), added, text.substr(at));
}

std::string_view NameOf(std::string_view entry) {
  return entry.substr(0, entry.find(':'));
}

}  // namespace

std::string AppendBlock(std::string_view toml, std::string_view block) {
  while (toml.ends_with('\n')) toml.remove_suffix(1);
  return fmt::format("{}{}{}", toml, toml.empty() ? "" : "\n\n", block);
}

Result<std::string> CutModel(std::string_view toml, std::string_view name) {
  TRY(const toml::table root, Parse(toml));
  const toml::table* model = FindModel(root, name);
  if (!model) return Fail(NoSuchModel(root, name));
  const size_t first = model->source().begin.line;
  const size_t begin = LineOffset(toml, first);
  if (!toml.substr(begin).starts_with("[[")) {
    return Fail(InvalidInput("the models are written as one inline array")
                    .At(fmt::format("config.toml:{}", first))
                    .Mend("Remove the entry by hand."));
  }
  size_t next = std::numeric_limits<size_t>::max();
  FindNextTable(root, *model, first, next);
  const size_t end = LineOffset(toml, std::min(LastLine(*model) + 1, next));
  std::string_view after = toml.substr(end);
  const std::string_view before = toml.substr(0, begin);
  if (before.ends_with("\n\n") && after.starts_with('\n')) after.remove_prefix(1);
  return fmt::format("{}{}", before, after);
}

Result<std::string> AddApiKey(std::string_view toml, std::string_view entry) {
  TRY(const toml::table root, Parse(toml));
  const auto auth = root["auth"];
  const toml::array* keys = auth["api_keys"].as_array();
  if (!keys) {
    const std::string line = fmt::format("api_keys = [\"{}\"]\n", entry);
    const toml::table* table = auth.as_table();
    if (!table || table->is_inline()) return AppendBlock(toml, "[auth]\n" + line);
    return Spliced(toml, LineOffset(toml, table->source().begin.line + 1), line);
  }
  for (const auto& key : *keys) {
    if (NameOf(key.value_or(std::string_view())) == NameOf(entry)) {
      return Fail(InvalidInput(fmt::format("there is a key named {} already", NameOf(entry)))
                      .At("auth.api_keys")
                      .Mend("Take another name, or remove the old key first."));
    }
  }
  const size_t bracket = OffsetOf(toml, keys->source().begin) + 1;
  return Spliced(toml, bracket, fmt::format("\"{}\"{}", entry, keys->empty() ? "" : ", "));
}

}  // namespace understudy
