#include "nn/pretrain.h"

#include <fmt/format.h>
#include <torch/csrc/autograd/autograd.h>

#include <chrono>
#include <cmath>

#include "base/file.h"
#include "nn/base_data.h"
#include "nn/batch.h"
#include "nn/machine.h"
#include "nn/model_file.h"
#include "nn/pretrain_log.h"
#include "tokens/chat_template.h"

namespace understudy::nn {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kPatience = 20;  // steps in a row whose gradient is not finite
constexpr int64_t kReportEvery = 10;
constexpr size_t kEvaluationRows = 16;
constexpr double kLeastDecay = 1e-3;
constexpr int kEmptyWindows = 4;  // in a row, until it is plain that nothing fits in a row

double MinutesSince(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count() / 60;
}

// Where a run stands; all of it is in the checkpoint.
struct Place {
  uint64_t step = 0, window = 0, batch = 0, tokens = 0;
};

class Pretraining {
 public:
  Pretraining(PretrainOptions options, Recipe recipe, BaseData data)
      : options_(std::move(options)), recipe_(std::move(recipe)), data_(std::move(data)) {}

  Status Prepare();
  Status Run(const std::function<void(const PretrainProgress&)>& report,
             const std::function<bool()>& stop);

 private:
  std::filesystem::path File(std::string_view suffix) const {
    return std::filesystem::path(options_.out) / (recipe_.name + std::string(suffix));
  }
  Status Begin();
  Status Resume(const GgufFile& file);
  Status Step(double rate, PretrainProgress& progress);
  Result<TensorBatch> NextBatch();
  std::string Evaluate();
  double Rate(double minutes) const;
  bool Cooling(double minutes) const;
  double CoolFrom() const { return options_.minutes * (1 - recipe_.schedule.cool_down); }
  bool Finished(double minutes) const;
  Status Save(std::string_view suffix, bool with_optimizer, TensorType matrices);

  PretrainOptions options_;
  Recipe recipe_;
  BaseData data_;
  at::Device device_ = at::kCPU;
  std::optional<Vocabulary> vocabulary_;
  std::unique_ptr<LanguageModel> model_;
  std::optional<Optimizer> optimizer_;
  std::map<std::string, std::vector<Sequence>> held_out_;
  Place place_;
  std::optional<uint64_t> made_;  // the window that is in hand
  BaseData::Window window_;
  int not_finite_ = 0;
};

Status Pretraining::Prepare() {
  SetThreads(static_cast<int>(options_.threads));
  TRY(device_, ChooseDevice(options_.device));
  TRY_VOID(MakeFolders(options_.out));
  const auto checkpoint = File(".checkpoint.gguf");
  const bool exists = std::filesystem::exists(checkpoint);
  if (exists && !options_.resume) {
    return Fail(InvalidInput("a checkpoint of this recipe is there already")
                    .At(checkpoint.string())
                    .Mend("Go on from it with --resume, or remove it to begin anew."));
  }
  if (exists || !options_.from.empty()) {
    TRY(const GgufFile file,
        GgufFile::Open(exists ? checkpoint : std::filesystem::path(options_.from)));
    TRY_VOID(Resume(file));
  } else {
    TRY_VOID(Begin());
  }
  TRY(const at::ScalarType type, ChoosePrecision(options_.precision, MeasureMatrixPeak(device_)));
  model_->set_product_type(type);
  held_out_ = data_.HeldOut(recipe_.schedule.evaluate_examples);
  return {};
}

Status Pretraining::Begin() {
  TRY(vocabulary_, data_.Learn());
  TRY(Tokenizer tokenizer, Tokenizer::FromVocabulary(*vocabulary_));
  recipe_.model.vocabulary = static_cast<int64_t>(tokenizer.size());
  data_.set_tokenizer(ChatTokenizer(std::move(tokenizer)));
  SeedSource source(recipe_.seed, recipe_.model.layers(), device_);
  TRY(model_, LanguageModel::Make(recipe_.model, source));
  optimizer_.emplace(std::move(source.parameters()), recipe_.optimizer);
  return {};
}

Status Pretraining::Resume(const GgufFile& file) {
  TRY(recipe_.model, ReadModelConfig(file));
  TRY(vocabulary_, ReadVocabulary(file));
  TRY(Tokenizer tokenizer, Tokenizer::FromVocabulary(*vocabulary_));
  data_.set_tokenizer(ChatTokenizer(std::move(tokenizer)));
  TrainableFileSource source(file, device_);
  TRY(model_, LanguageModel::Make(recipe_.model, source));
  optimizer_.emplace(std::move(source.parameters()), recipe_.optimizer);
  const auto read = [&](std::string_view key) {
    return file.Unsigned(fmt::format("understudy.pretrain.{}", key)).value_or(0);
  };
  place_ = {.step = read("step"),
            .window = read("window"),
            .batch = read("batch"),
            .tokens = read("tokens")};
  const bool weights_alone = file.Find("understudy.optimizer.steps") == nullptr;
  return weights_alone ? Status() : optimizer_->Load(file);
}

Result<TensorBatch> Pretraining::NextBatch() {
  int empty = 0;
  while (made_ != place_.window || place_.batch >= window_.batches.size()) {
    if (made_ == place_.window) {
      ++place_.window;
      place_.batch = 0;
    }
    window_ = data_.MakeWindow(place_.window);
    made_ = place_.window;
    if (window_.batches.empty() && ++empty == kEmptyWindows) {
      return Fail(InvalidInput(fmt::format("no example is as short as schedule.time = {} tokens",
                                           recipe_.schedule.time))
                      .At(options_.recipe)
                      .Mend("Raise schedule.time or the vocabulary's size."));
    }
  }
  return ToTensors(window_.batches[place_.batch++]);
}

Status Pretraining::Step(double rate, PretrainProgress& progress) {
  TRY(const TensorBatch batch, NextBatch());
  const at::Tensor loss = Loss(*model_, batch) / std::max(1.0, batch.weight);
  torch::autograd::backward({loss}, {});
  const double norm = optimizer_->Step(rate);
  not_finite_ = std::isfinite(norm) ? 0 : not_finite_ + 1;
  if (not_finite_ >= kPatience) {
    return Fail(
        InvalidInput(fmt::format("the gradient was not finite for {} steps in a row", kPatience))
            .Mend("lower optimizer.lr and optimizer.muon_lr; the last checkpoint is sound"));
  }
  const at::NoGradGuard no_grad;
  for (const Parameter& parameter : optimizer_->parameters()) {
    if (parameter.name.ends_with("ssm_a")) at::Tensor(parameter.value).clamp_max_(-kLeastDecay);
  }
  ++place_.step;
  place_.tokens += static_cast<uint64_t>(batch.tokens);
  progress.step = static_cast<int64_t>(place_.step);
  progress.tokens = static_cast<int64_t>(place_.tokens);
  progress.loss = loss.item<double>();
  progress.rate = rate;
  return {};
}

std::string Pretraining::Evaluate() {
  std::string line;
  for (const auto& [family, sequences] : held_out_) {
    size_t right = 0;
    for (size_t begin = 0; begin < sequences.size(); begin += kEvaluationRows) {
      const size_t count = std::min(kEvaluationRows, sequences.size() - begin);
      const auto written =
          Judge(*model_, SideBySide(std::span(sequences).subspan(begin, count), 0)).would_write;
      right += static_cast<size_t>(std::ranges::count(written, true));
    }
    line += fmt::format("{}{} {}/{}", line.empty() ? "" : ", ", family, right, sequences.size());
  }
  return line;
}

bool Pretraining::Cooling(double minutes) const {
  if (options_.minutes > 0) return minutes >= CoolFrom();
  const double total = static_cast<double>(recipe_.schedule.tokens);
  return static_cast<double>(place_.tokens) >= total * (1 - recipe_.schedule.cool_down);
}

bool Pretraining::Finished(double minutes) const {
  if (options_.minutes > 0) return minutes >= options_.minutes;
  return place_.tokens >= static_cast<uint64_t>(recipe_.schedule.tokens);
}

double Pretraining::Rate(double minutes) const {
  const double warm =
      std::min(1.0, static_cast<double>(place_.step + 1) /
                        static_cast<double>(std::max<int64_t>(1, recipe_.schedule.warm_up)));
  if (!Cooling(minutes)) return warm;
  double left =
      1 - static_cast<double>(place_.tokens) / static_cast<double>(recipe_.schedule.tokens);
  if (options_.minutes > 0) left = 1 - minutes / options_.minutes;
  return warm * std::clamp(left / recipe_.schedule.cool_down, 0.0, 1.0);
}

Status Pretraining::Save(std::string_view suffix, bool with_optimizer, TensorType matrices) {
  GgufWriter writer;
  WriteModelConfig(recipe_.model, writer);
  writer.Set("general.type", "model");
  writer.Set("general.name", recipe_.name);
  writer.Set("general.license", recipe_.licence);
  WriteVocabulary(*vocabulary_, writer);
  writer.Set("tokenizer.chat_template", kChatTemplate);
  const auto place = [&](std::string_view key, uint64_t value) {
    writer.Set(fmt::format("understudy.pretrain.{}", key), value);
  };
  place("step", place_.step);
  place("window", place_.window);
  place("batch", place_.batch);
  place("tokens", place_.tokens);
  TRY(const ModelTensors tensors, ModelTensors::Encode(optimizer_->parameters(), matrices));
  tensors.AddTo(writer);
  std::vector<at::Tensor> borrowed;
  if (with_optimizer) borrowed = optimizer_->Save(writer);
  return writer.Write(File(suffix));
}

Status Pretraining::Run(const std::function<void(const PretrainProgress&)>& report,
                        const std::function<bool()>& stop) {
  const auto begin = Clock::now();
  const PretrainLog log(options_.out, recipe_.name);
  const uint64_t tokens_before = place_.tokens;
  auto saved = Clock::now();
  bool cooled = false;
  PretrainProgress progress;
  while (!stop() && !Finished(progress.minutes)) {
    if (!cooled && Cooling(progress.minutes)) {
      TRY_VOID(Save(".checkpoint.gguf", true, TensorType::kF32));
      cooled = true;
    }
    TRY_VOID(Step(Rate(progress.minutes), progress));
    progress.minutes = MinutesSince(begin);
    progress.tokens_per_s =
        static_cast<double>(place_.tokens - tokens_before) / (progress.minutes * 60);
    const bool evaluates =
        place_.step % static_cast<uint64_t>(recipe_.schedule.evaluate_steps) == 0;
    progress.held_out = evaluates ? Evaluate() : "";
    if (evaluates || place_.step % kReportEvery == 0) {
      log.Append(progress);
      report(progress);
    }
    if (!cooled && MinutesSince(saved) >= recipe_.schedule.checkpoint_minutes) {
      TRY_VOID(Save(".checkpoint.gguf", true, TensorType::kF32));
      saved = Clock::now();
    }
  }
  if (!cooled) TRY_VOID(Save(".checkpoint.gguf", true, TensorType::kF32));
  progress.held_out = Evaluate();
  log.Append(progress);
  report(progress);
  TRY_VOID(log.Draw());
  return Save(".gguf", false, TensorType::kBF16);
}

}  // namespace

Status Pretrain(const PretrainOptions& options,
                const std::function<void(const PretrainProgress&)>& report,
                const std::function<bool()>& stop) {
  TRY(Recipe recipe, ReadRecipe(options.recipe));
  if (options.minutes <= 0 && recipe.schedule.tokens <= 0) {
    return Fail(InvalidInput("neither schedule.tokens nor --minutes says when to end"));
  }
  TRY(BaseData data, BaseData::Open(recipe, options.data));
  Pretraining training(options, std::move(recipe), std::move(data));
  TRY_VOID(training.Prepare());
  return training.Run(report, stop);
}

}  // namespace understudy::nn
