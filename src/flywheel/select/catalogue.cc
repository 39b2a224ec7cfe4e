#include "flywheel/select/catalogue.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <set>

#include "base/file.h"

namespace understudy {
namespace {

constexpr int64_t kServerBytes = int64_t{64} << 20;
constexpr int64_t kConvolution = 4;  // Mamba2's window: all but the newest column is kept

// Reads the keys of one table; the first mistake stays.
class Entry {
 public:
  explicit Entry(const toml::table& table) : table_(table) {}

  void Text(std::string_view key, std::string& value) {
    if (const auto* node = Take(key)) {
      if (const auto read = node->value<std::string>()) return void(value = *read);
      Mistake(key, "must be a text");
    }
  }
  template <class T>
  void Number(std::string_view key, T& value) {
    if (const auto* node = Take(key)) {
      const auto read = node->value<double>();
      if (read && *read >= 0 && *read < 1e15) return void(value = static_cast<T>(*read));
      Mistake(key, "must be a number, not negative");
    }
  }
  const toml::array* Array(std::string_view key) {
    const auto* node = Take(key);
    if (node && !node->is_array()) Mistake(key, "must be an array");
    return node ? node->as_array() : nullptr;
  }
  void RefuseUnknown() {
    for (const auto& [key, node] : table_) {
      if (!known_.contains(std::string(key.str()))) Mistake(key.str(), "is no key of a model");
    }
  }
  void Mistake(std::string_view key, std::string_view what) {
    if (mistake_.empty()) mistake_ = fmt::format("{} {}", key, what);
  }
  const std::string& mistake() const { return mistake_; }

 private:
  const toml::node* Take(std::string_view key) {
    known_.emplace(key);
    return table_.get(key);
  }
  const toml::table& table_;
  std::set<std::string> known_;
  std::string mistake_;
};

void ReadScores(Entry& entry, CatalogueModel& model) {
  const toml::array* scores = entry.Array("scores");
  if (!scores) return;
  for (const toml::node& node : *scores) {
    if (!node.is_table()) return entry.Mistake("scores", "must be tables");
    Entry one(*node.as_table());
    PublishedScore& score = model.scores.emplace_back();
    one.Text("benchmark", score.benchmark);
    one.Number("value", score.value);
    one.Text("source", score.source);
    one.RefuseUnknown();
    if (score.benchmark.empty() || score.source.empty()) {
      one.Mistake("scores", "need a benchmark and a source");
    }
    if (!one.mistake().empty()) return entry.Mistake("scores:", one.mistake());
  }
}

Result<CatalogueModel> ReadModel(const toml::table& table, const std::filesystem::path& folder) {
  Entry entry(table);
  CatalogueModel model;
  std::string file;
  entry.Text("name", model.name);
  entry.Text("file", file);
  entry.Text("url", model.url);
  entry.Text("architecture", model.architecture);
  entry.Text("licence", model.licence);
  entry.Number("parameters", model.parameters);
  entry.Number("context", model.context);
  entry.Number("bits", model.bits);
  entry.Number("attention_layers", model.attention_layers);
  entry.Number("kv_heads", model.kv_heads);
  entry.Number("head_size", model.head_size);
  entry.Number("state_layers", model.state_layers);
  entry.Number("state_inner", model.state_inner);
  entry.Number("state_size", model.state_size);
  ReadScores(entry, model);
  entry.RefuseUnknown();
  if (!file.empty()) model.file = std::filesystem::absolute(folder / file).lexically_normal();
  if (model.name.empty()) entry.Mistake("name", "is missing");
  if (file.empty() == model.url.empty()) entry.Mistake("file", "or url: one of them is needed");
  if (model.licence.empty()) entry.Mistake("licence", "is missing");
  if (model.parameters == 0) entry.Mistake("parameters", "is missing");
  if (model.context == 0) entry.Mistake("context", "is missing");
  if (entry.mistake().empty()) return model;
  const std::string name = model.name.empty() ? "a model" : model.name;
  return Fail(InvalidInput(fmt::format("{}: {}", name, entry.mistake())));
}

}  // namespace

std::string_view CatalogueModel::family() const {
  if (state_layers == 0) return "transformer";
  return attention_layers == 0 ? "state space" : "hybrid";
}

Result<std::vector<CatalogueModel>> ParseCatalogue(std::string_view text,
                                                   const std::filesystem::path& folder) {
  toml::table parsed;
  try {
    parsed = toml::parse(text);
  } catch (const toml::parse_error& error) {
    return Fail(InvalidInput(
        fmt::format("no TOML: {} (line {})", error.description(), error.source().begin.line)));
  }
  std::vector<CatalogueModel> models;
  std::set<std::string> names;
  for (const auto& [key, node] : parsed) {
    if (key.str() != "model" || !node.is_array_of_tables()) {
      return Fail(InvalidInput(
          fmt::format("{} is not expected: a catalogue is [[model]] tables", key.str())));
    }
    for (const toml::node& one : *node.as_array()) {
      TRY(CatalogueModel model, ReadModel(*one.as_table(), folder));
      if (!names.insert(model.name).second) {
        return Fail(InvalidInput(fmt::format("{} stands twice", model.name)));
      }
      models.push_back(std::move(model));
    }
  }
  return models;
}

Result<std::vector<CatalogueModel>> ReadCatalogue(const std::filesystem::path& path) {
  TRY(const std::string text, ReadFile(path, 1 << 24));
  auto models = ParseCatalogue(text, path.parent_path());
  if (!models) return Fail(std::move(models).error().At(path.string()));
  return models;
}

int64_t MemoryNeed(const CatalogueModel& model, int64_t context, int64_t slots) {
  const auto weights = static_cast<int64_t>(static_cast<double>(model.parameters) * model.bits / 8);
  const int64_t tokens = std::min(context, model.context);
  const int64_t cache = 2 * 2 * model.attention_layers * model.kv_heads * model.head_size * tokens;
  const int64_t channels = model.state_inner + 2 * model.state_size;
  const int64_t state = 4 * model.state_layers *
                        (model.state_inner * model.state_size + channels * (kConvolution - 1));
  return weights + weights / 10 + slots * (cache + state) + kServerBytes;
}

}  // namespace understudy
