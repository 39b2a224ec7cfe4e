#include "nn/recipe.h"

#include <fmt/format.h>
#include <toml++/toml.h>

#include <set>

#include "base/file.h"

namespace understudy::nn {
namespace {

// Reads the keys of one table and remembers the first mistake and which keys were known.
class Section {
 public:
  Section(const toml::table& root, std::string name, std::string& mistake)
      : name_(std::move(name)), mistake_(mistake) {
    const toml::node* node = name_.empty() ? &root : root.get(name_);
    table_ = node != nullptr ? node->as_table() : nullptr;
  }
  Section(const toml::table* table, std::string name, std::string& mistake)
      : table_(table), name_(std::move(name)), mistake_(mistake) {}

  template <class T>
  void Read(std::string_view key, T& value) {
    known_.insert(std::string(key));
    const toml::node* node = table_ != nullptr ? table_->get(key) : nullptr;
    if (node == nullptr) return;
    if constexpr (std::is_floating_point_v<T>) {
      if (const auto read = node->value<double>()) return void(value = *read);
    } else {
      if (const auto read = node->value<T>()) return void(value = *read);
    }
    Mistake(key, "has the wrong type");
  }
  void Read(std::string_view key, uint64_t& value) {
    auto number = static_cast<int64_t>(value);
    Read(key, number);
    if (number < 0) Mistake(key, "must not be negative");
    value = static_cast<uint64_t>(number);
  }
  void InRange(std::string_view key, double value, double least, double most) {
    if (value < least || value > most) Mistake(key, fmt::format("must be {} to {}", least, most));
  }
  void Mistake(std::string_view key, std::string_view what) {
    if (mistake_.empty())
      mistake_ = fmt::format("{}{}{} {}", name_, name_.empty() ? "" : ".", key, what);
  }
  void RefuseUnknown(const std::set<std::string>& tables = {}) {
    if (table_ == nullptr) return;
    for (const auto& [key, node] : *table_) {
      const std::string text(key.str());
      if (!known_.contains(text) && !tables.contains(text)) Mistake(text, "is no key of a recipe");
    }
  }

 private:
  const toml::table* table_ = nullptr;
  std::string name_;
  std::string& mistake_;
  std::set<std::string> known_;
};

// "MMA": layers from the first on, M for Mamba2 and A for attention with `kv_heads`.
void ReadLayers(Section& section, ModelConfig& model) {
  std::string layers = "MMAMMA";
  int64_t kv_heads = 2;
  section.Read("layers", layers);
  section.Read("kv_heads", kv_heads);
  section.InRange("layers", static_cast<double>(layers.size()), 1, 256);
  section.InRange("kv_heads", static_cast<double>(kv_heads), 1, 256);
  for (const char kind : layers) {
    if (kind != 'M' && kind != 'A') section.Mistake("layers", "takes M (Mamba2) and A (attention)");
    model.kv_heads.push_back(kind == 'A' ? kv_heads : 0);
  }
}

void ReadModel(Section section, ModelConfig& model) {
  std::string architecture = "granitehybrid";
  section.Read("architecture", architecture);
  if (architecture == "granitehybrid") {
    model.architecture = Architecture::kGraniteHybrid;
  } else if (architecture == "llama") {
    model.architecture = Architecture::kLlama;
  } else {
    section.Mistake("architecture", "can be granitehybrid or llama");
  }
  model.vocabulary = 4096;
  model.context = 4096;
  section.Read("vocabulary", model.vocabulary);
  section.Read("context", model.context);
  section.Read("width", model.width);
  section.Read("feed_forward", model.feed_forward);
  section.Read("heads", model.heads);
  section.Read("head_size", model.head_size);
  section.Read("rotary", model.rotary);
  model.rotary_size = model.head_size;
  section.Read("rotary_base", model.rotary_base);
  section.Read("ssm_inner", model.ssm.inner);
  section.Read("ssm_state", model.ssm.state);
  section.Read("ssm_heads", model.ssm.heads);
  section.Read("ssm_groups", model.ssm.groups);
  ReadLayers(section, model);
  section.RefuseUnknown();
}

void ReadData(Section section, DataRecipe& data) {
  section.Read("seed", data.seed);
  section.Read("families", data.families);
  section.Read("max_chars", data.max_chars);
  section.Read("real_share", data.real_share);
  section.Read("prompt_share", data.prompt_share);
  section.Read("prompt_weight", data.prompt_weight);
  section.InRange("max_chars", static_cast<double>(data.max_chars), 400, 1e6);
  for (const auto& [key, share] :
       {std::pair{"real_share", data.real_share}, {"prompt_share", data.prompt_share}}) {
    section.InRange(key, share, 0, 1);
  }
  section.RefuseUnknown();
}

void ReadLessons(const toml::table& root, std::vector<LessonRecipe>& lessons,
                 std::string& mistake) {
  const toml::node* node = root.get("lesson");
  if (node == nullptr) return;
  if (!node->is_array_of_tables()) {
    mistake = "lesson is no list of tables; write [[lesson]]";
    return;
  }
  for (const toml::node& table : *node->as_array()) {
    Section section(table.as_table(), fmt::format("lesson {}", lessons.size() + 1), mistake);
    LessonRecipe& lesson = lessons.emplace_back();
    section.Read("examples", lesson.examples);
    section.Read("families", lesson.families);
    section.Read("max_chars", lesson.max_chars);
    section.InRange("examples", static_cast<double>(lesson.examples), 1, 1e9);
    if (lesson.max_chars != 0)
      section.InRange("max_chars", static_cast<double>(lesson.max_chars), 400, 1e6);
    if (lesson.families.empty()) section.Mistake("families", "is missing");
    section.RefuseUnknown();
  }
}

void ReadSchedule(Section section, ScheduleRecipe& schedule) {
  section.Read("rows", schedule.rows);
  section.Read("time", schedule.time);
  section.Read("tokens", schedule.tokens);
  section.Read("warm_up", schedule.warm_up);
  section.Read("cool_down", schedule.cool_down);
  section.Read("checkpoint_minutes", schedule.checkpoint_minutes);
  section.Read("evaluate_steps", schedule.evaluate_steps);
  section.Read("evaluate_examples", schedule.evaluate_examples);
  section.InRange("rows", static_cast<double>(schedule.rows), 1, 4096);
  section.InRange("time", static_cast<double>(schedule.time), 64, 1 << 16);
  section.InRange("cool_down", schedule.cool_down, 0, 1);
  section.InRange("evaluate_steps", static_cast<double>(schedule.evaluate_steps), 1, 1e9);
  section.InRange("evaluate_examples", static_cast<double>(schedule.evaluate_examples), 1, 1e5);
  section.RefuseUnknown();
}

void ReadOptimizer(Section section, OptimizerOptions& optimizer) {
  optimizer.muon = true;
  section.Read("muon", optimizer.muon);
  section.Read("lr", optimizer.lr);
  section.Read("muon_lr", optimizer.muon_lr);
  section.Read("weight_decay", optimizer.weight_decay);
  section.Read("clip", optimizer.clip);
  section.InRange("lr", optimizer.lr, 0, 1);
  section.InRange("muon_lr", optimizer.muon_lr, 0, 1);
  section.RefuseUnknown();
}

}  // namespace

Result<Recipe> ReadRecipe(const std::filesystem::path& path) {
  TRY(const std::string text, ReadFile(path));
  toml::table parsed;
  try {
    parsed = toml::parse(text);
  } catch (const toml::parse_error& error) {
    return Fail(InvalidInput(std::string(error.description()))
                    .At(fmt::format("{}:{}", path.string(), error.source().begin.line)));
  }
  Recipe recipe;
  std::string mistake;
  Section root(parsed, "", mistake);
  root.Read("name", recipe.name);
  root.Read("licence", recipe.licence);
  root.Read("seed", recipe.seed);
  root.Read("vocabulary_examples", recipe.vocabulary_examples);
  root.RefuseUnknown({"model", "data", "lesson", "schedule", "optimizer"});
  if (recipe.name.empty()) root.Mistake("name", "is missing");
  ReadModel(Section(parsed, "model", mistake), recipe.model);
  ReadData(Section(parsed, "data", mistake), recipe.data);
  ReadLessons(parsed, recipe.lessons, mistake);
  ReadSchedule(Section(parsed, "schedule", mistake), recipe.schedule);
  ReadOptimizer(Section(parsed, "optimizer", mistake), recipe.optimizer);
  if (!mistake.empty()) return Fail(InvalidInput(mistake).At(path.string()));
  if (auto sizes = CheckModelConfig(recipe.model); !sizes) {
    return Fail(std::move(sizes).error().At(path.string()));
  }
  return recipe;
}

}  // namespace understudy::nn
