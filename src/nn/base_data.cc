#include "nn/base_data.h"

#include <fmt/format.h>

#include <numeric>
#include <optional>

#include "synth/real_texts.h"
#include "tokens/learn_vocabulary.h"

namespace understudy::nn {
namespace {

constexpr uint64_t kWindow = 512;              // examples
constexpr uint64_t kHeldOutSeed = 0x48656c64;  // apart from the training's
constexpr uint64_t kPromptDraws = 1, kRealDraws = 2, kPackDraws = 3;

// A number in [0, 1) that depends on all of its arguments.
double Draw01(uint64_t seed, uint64_t purpose, uint64_t index) {
  return static_cast<double>(MixSeed(seed, purpose, index) >> 11) * 0x1p-53;
}

// Leaves the weights of the first assistant turn alone.
void KeepFirstTurn(std::vector<float>& weights) {
  const auto first = std::ranges::find(weights, 1.0F);
  const auto last = std::find_if(first, weights.end(), [](float weight) { return weight != 1; });
  std::fill(weights.begin(), first, 0.0F);
  std::fill(last, weights.end(), 0.0F);
}

json::array ToolsOf(const SyntheticExample& example) {
  return example.tools.is_array() ? example.tools.as_array() : json::array{};
}

}  // namespace

Result<BaseData> BaseData::Open(const Recipe& recipe, const std::filesystem::path& folder) {
  GeneratorOptions options{.seed = recipe.data.seed,
                           .weights = {},
                           .max_chars = static_cast<size_t>(recipe.data.max_chars)};
  if (!recipe.data.families.empty()) {
    TRY(options.weights, ParseFamilyWeights(recipe.data.families));
  }
  GeneratorOptions held_out = options;
  held_out.seed = MixSeed(recipe.data.seed, kHeldOutSeed, 0);
  BaseData data(recipe, Generator(options), Generator(held_out));
  uint64_t end = 0;
  for (const LessonRecipe& lesson : recipe.lessons) {
    end += static_cast<uint64_t>(lesson.examples);
    GeneratorOptions of_lesson = options;
    TRY(of_lesson.weights, ParseFamilyWeights(lesson.families));
    if (lesson.max_chars > 0) of_lesson.max_chars = static_cast<size_t>(lesson.max_chars);
    data.lessons_.push_back({end, Generator(of_lesson)});
  }
  if (recipe.data.real_share > 0 && !folder.empty()) {
    TRY(std::vector<RealTexts> files, ReadRealTexts(folder, options.max_chars));
    for (RealTexts& file : files) {
      if (!file.found) continue;
      data.notes_.push_back(
          fmt::format("{}: {} of {} rows", file.name, file.examples.size(), file.rows));
      std::ranges::move(file.examples, std::back_inserter(data.real_));
    }
  }
  return data;
}

SyntheticExample BaseData::Draw(uint64_t index) const {
  for (const Lesson& lesson : lessons_) {
    if (index < lesson.end) return lesson.generator.At(index);
  }
  return Mixed(index);
}

SyntheticExample BaseData::Mixed(uint64_t index) const {
  const double real = Draw01(recipe_.data.seed, kRealDraws, index);
  if (!real_.empty() && real < recipe_.data.real_share) {
    return real_[MixSeed(recipe_.data.seed, kRealDraws + 1, index) % real_.size()];
  }
  return generator_.At(index);
}

Result<Vocabulary> BaseData::Learn() const {
  uint64_t index = 0;
  std::string text;
  const auto next = [&]() -> std::optional<std::string_view> {
    while (index < static_cast<uint64_t>(recipe_.vocabulary_examples)) {
      const SyntheticExample example = Mixed(index++);
      auto rendered = RenderChat(example.messages, ToolsOf(example), false);
      if (!rendered) continue;
      text = rendered->Text();
      return text;
    }
    return std::nullopt;
  };
  return LearnVocabulary(next, {.size = static_cast<size_t>(recipe_.model.vocabulary)});
}

Sequence BaseData::ToSequence(const SyntheticExample& example, uint64_t index) const {
  Sequence sequence;
  auto tokens = tokenizer_->Tokenize(example.messages, ToolsOf(example), false);
  if (!tokens) return sequence;  // a generator's defect; its tests look for them
  sequence.tokens = std::move(tokens->ids);
  sequence.weights.resize(sequence.tokens.size());
  const uint64_t seed = MixSeed(recipe_.data.seed, kPromptDraws, index);
  for (size_t i = 1; i < sequence.tokens.size(); ++i) {
    if (tokens->in_loss[i] != 0) {
      sequence.weights[i] = 1;
    } else if (Draw01(seed, kPromptDraws, i) < recipe_.data.prompt_share) {
      sequence.weights[i] = static_cast<float>(recipe_.data.prompt_weight);
    }
  }
  return sequence;
}

BaseData::Window BaseData::MakeWindow(uint64_t index) const {
  const auto time = static_cast<size_t>(recipe_.schedule.time);
  Window window;
  std::vector<Sequence> sequences;
  std::vector<size_t> lengths;
  for (uint64_t i = index * kWindow; i < (index + 1) * kWindow; ++i) {
    Sequence sequence = ToSequence(Draw(i), i);
    if (sequence.tokens.size() < 2 || sequence.tokens.size() > time) {
      ++window.left_out;
      continue;
    }
    lengths.push_back(sequence.tokens.size());
    sequences.push_back(std::move(sequence));
  }
  std::vector<size_t> order(lengths.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const PackOptions options{.max_tokens = time,
                            .least_width = time,
                            .batch_tokens = time * static_cast<size_t>(recipe_.schedule.rows),
                            .seed = MixSeed(recipe_.data.seed, kPackDraws, 0)};
  for (const BatchPlan& plan : PlanBatches(lengths, order, options, index)) {
    auto& rows = window.batches.emplace_back();
    for (const RowPlan& row : plan) rows.push_back(PackRow(row, sequences, 0));
  }
  return window;
}

std::map<std::string, std::vector<Sequence>> BaseData::HeldOut(int64_t examples) const {
  std::map<std::string, std::vector<Sequence>> families;
  for (uint64_t i = 0; i < static_cast<uint64_t>(examples); ++i) {
    const SyntheticExample example = held_out_.At(i);
    Sequence sequence = ToSequence(example, i);
    if (sequence.tokens.size() < 2 ||
        sequence.tokens.size() > static_cast<size_t>(recipe_.schedule.time))
      continue;
    KeepFirstTurn(sequence.weights);
    families[example.family].push_back(std::move(sequence));
  }
  return families;
}

}  // namespace understudy::nn
