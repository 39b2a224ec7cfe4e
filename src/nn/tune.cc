#include "nn/tune.h"

#include <sys/resource.h>
#include <torch/csrc/autograd/autograd.h>

#include <fmt/format.h>

#include <chrono>
#include <cmath>

#include "adapter/adapter_registry.h"
#include "base/file.h"
#include "dataset/share_trunks.h"
#include "nn/batch.h"
#include "nn/lora.h"
#include "nn/machine.h"
#include "nn/tune_checkpoint.h"
#include "nn/tune_data.h"

namespace understudy::nn {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kPatience = 6;        // validations without a better one
constexpr int kMostNotFinite = 20;  // steps in a row
constexpr uint64_t kDropoutDraws = 0x64726f70;
constexpr double kValidations = 12;  // of a run, about
constexpr double kValidatingShare = 0.2;
constexpr double kWarmUp = 0.03;     // share of the run
constexpr double kLeastRate = 0.05;  // of the peak, at the end of the cosine
constexpr double kCheckpointMinutes = 2;
constexpr int64_t kRowsWithoutRecomputing = 1 << 16;  // tokens x layers that are remembered at most

double Minutes(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count() / 60;
}

int64_t PeakMemory() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss * 1024;
}

// The same losses from fewer tokens. The kernels for other devices know no trunks.
void ShareBeginnings(TuneData& data, const TuneOptions& options) {
  const auto tokens = [&] {
    size_t sum = 0;
    for (const auto* list : {&data.train, &data.replay}) {
      for (const Sequence& sequence : *list) sum += sequence.tokens.size();
    }
    return sum;
  };
  const size_t apart = tokens();
  const ShareOptions share{.max_tokens = data.max_tokens,
                           .seed = static_cast<uint64_t>(options.seed)};
  data.train = ShareTrunks(std::move(data.train), share);
  data.replay = ShareTrunks(std::move(data.replay), share);
  data.report += fmt::format("shared    beginnings once: {:.2f} times fewer tokens than {}\n",
                             static_cast<double>(apart) / static_cast<double>(tokens()), apart);
}

class Tuning {
 public:
  Tuning(const TuneOptions& options, const TuneWatcher& watcher)
      : options_(options), watcher_(watcher) {}

  Result<TuneResult> Run();

 private:
  std::filesystem::path WorkFolder() const;
  Status Prepare();
  Status Measure();
  Status Train(TuneResult& result);
  Status Step(TuneProgress& progress);
  void Validate(TuneProgress& progress);
  bool ValidationIsDue(double done, double minutes) const;
  double JudgeAll(const std::function<void(size_t, const Judged&)>& each);
  Scorecard Score();
  Status Write(TuneResult& result);
  double Done(double minutes) const;
  double Rate(double done) const;
  std::string Ended(double minutes) const;
  Status Save(double minutes);
  TensorBatch BatchOf(int64_t step);

  TuneOptions options_;
  const TuneWatcher& watcher_;
  std::optional<GgufFile> base_;
  std::unique_ptr<LanguageModel> model_;
  LoraSettings lora_;
  TuneData data_;
  std::optional<BatchSource> batches_;
  std::optional<Optimizer> optimizer_;
  TunePlan plan_;
  TuneState state_;  // what a checkpoint holds
  json::object before_;
  int not_finite_ = 0;
  double validating_ = 0;  // minutes of this process
};

std::filesystem::path Tuning::WorkFolder() const {
  if (!options_.out.empty()) return options_.out;
  return std::filesystem::path(options_.workspace) / "runs" / "tune" / options_.task;
}

Status Tuning::Prepare() {
  SetThreads(static_cast<int>(options_.threads));
  TRY(const at::Device device, ChooseDevice(options_.device));
  TRY(base_, GgufFile::Open(options_.base));
  TRY(const ModelConfig config, ReadModelConfig(*base_));
  FileSource source(*base_, device);
  TRY(model_, LanguageModel::Make(config, source));
  TRY(data_, ReadTuneData(options_, *base_, config.context));
  if (device.is_cpu()) ShareBeginnings(data_, options_);
  plan_.data_report = data_.report;
  const MatrixPeak peak = MeasureMatrixPeak(device);
  TRY(const at::ScalarType type, ChoosePrecision(options_.precision, peak));
  model_->set_product_type(type);
  plan_.device = device.str();
  plan_.precision = type == at::kBFloat16 ? "bf16" : "f32";
  plan_.peak_gflops = peak.of(type);
  plan_.checkpointing = options_.batch_tokens * config.layers() > kRowsWithoutRecomputing;
  model_->set_checkpointing(plan_.checkpointing);
  lora_ = {.rank = options_.rank,
           .alpha = options_.alpha,
           .dropout = options_.dropout,
           .targets = options_.targets,
           .seed = static_cast<uint64_t>(options_.seed)};
  return {};
}

TensorBatch Tuning::BatchOf(int64_t step) {
  uint64_t epoch = 0;
  auto index = static_cast<size_t>(step);
  while (index >= batches_->batches(epoch)) index -= batches_->batches(epoch++);
  return ToTensors(batches_->Get(epoch, index).rows);
}

// Counts what will be done, and takes one step's time and memory without changing anything.
Status Tuning::Measure() {
  if (!options_.dry_run && !data_.valid.sequences.empty()) before_ = ToJson(Score());
  TRY(std::vector<Parameter> parameters, AddLora(*model_, lora_));
  for (const Parameter& parameter : parameters) plan_.parameters += parameter.value.numel();
  plan_.targets = static_cast<int64_t>(parameters.size()) / 2;
  for (const GgufTensor& tensor : base_->tensors())
    plan_.base_parameters += static_cast<int64_t>(tensor.elements());
  optimizer_.emplace(parameters,
                     OptimizerOptions{.lr = options_.lr, .beta2 = 0.98, .weight_decay = 0});
  batches_.emplace(data_.train, data_.replay,
                   BatchOptions{.pack = {.max_tokens = data_.max_tokens,
                                         .batch_tokens = static_cast<size_t>(options_.batch_tokens),
                                         .seed = static_cast<uint64_t>(options_.seed)},
                                .replay_share = data_.replay.empty() ? 0 : options_.replay_share,
                                .padding_token = data_.padding_token});
  plan_.steps = std::max<int64_t>(
      1, std::llround(options_.epochs * static_cast<double>(batches_->batches(0))));
  for (const Sequence& sequence : data_.train)
    plan_.epoch_tokens += static_cast<int64_t>(sequence.tokens.size());
  const TensorBatch batch = BatchOf(0);
  const auto begin = Clock::now();
  torch::autograd::backward({Loss(*model_, batch)}, {});
  const double seconds = Minutes(begin) * 60;
  for (const Parameter& parameter : parameters)
    at::Tensor(parameter.value).mutable_grad() = at::Tensor();
  plan_.tokens_per_s = static_cast<double>(batch.tokens) / seconds;
  plan_.minutes =
      static_cast<double>(plan_.epoch_tokens) * options_.epochs / plan_.tokens_per_s / 60;
  if (options_.minutes > 0) plan_.minutes = std::min(plan_.minutes, options_.minutes);
  plan_.memory_bytes = PeakMemory();
  return {};
}

// How much of the run is over, in [0, 1]: by steps or by minutes, whichever is further.
double Tuning::Done(double minutes) const {
  const double by_steps = static_cast<double>(state_.step) / static_cast<double>(plan_.steps);
  const double by_minutes = options_.minutes > 0 ? minutes / options_.minutes : 0;
  return std::min(1.0, std::max(by_steps, by_minutes));
}

double Tuning::Rate(double done) const {
  if (done < kWarmUp) return (done + kWarmUp / 8) / (kWarmUp + kWarmUp / 8);
  const double along = (done - kWarmUp) / (1 - kWarmUp);
  return kLeastRate + (1 - kLeastRate) * (1 + std::cos(along * M_PI)) / 2;
}

std::string Tuning::Ended(double minutes) const {
  if (watcher_.stop()) return "stopped";
  if (state_.step >= plan_.steps) return "epochs";
  if (options_.minutes > 0 && minutes >= options_.minutes) return "minutes";
  if (state_.worse >= kPatience) return fmt::format("no better for {} validations", kPatience);
  return "";
}

Status NotFinite() {
  return Fail(InvalidInput("the gradient was not finite, step after step")
                  .At("--lr")
                  .Mend("Lower --lr, or take --precision f32."));
}

Status Tuning::Step(TuneProgress& progress) {
  // Dropout's draws depend on the step alone: a run that was interrupted goes on as it would have.
  at::manual_seed(MixSeed(static_cast<uint64_t>(options_.seed), kDropoutDraws,
                          static_cast<uint64_t>(state_.step)));
  const TensorBatch batch = BatchOf(state_.step);
  const at::Tensor loss = Loss(*model_, batch) / std::max(1.0, batch.weight);
  torch::autograd::backward({loss}, {});
  const double norm = optimizer_->Step(progress.rate);
  progress.loss = loss.item<double>();
  not_finite_ = std::isfinite(norm) && std::isfinite(progress.loss) ? 0 : not_finite_ + 1;
  if (not_finite_ >= kMostNotFinite) return NotFinite();
  ++state_.step;
  state_.tokens += batch.tokens;
  if (not_finite_ == 0)
    state_.train_curve.push_back({static_cast<double>(state_.step), progress.loss});
  return {};
}

// Calls `each` with what the model makes of every group of validation answers, and with the index
// of the group's first.
double Tuning::JudgeAll(const std::function<void(size_t, const Judged&)>& each) {
  double loss = 0, weight = 0;
  for (const auto& [begin, count] : data_.valid.groups) {
    const auto group = std::span(data_.valid.sequences).subspan(begin, count);
    const TensorBatch batch = SideBySide(group, data_.padding_token);
    const Judged judged = Judge(*model_, batch);
    each(begin, judged);
    loss += judged.loss;
    weight += batch.weight;
  }
  return loss / std::max(1.0, weight);
}

void Tuning::Validate(TuneProgress& progress) {
  progress.validated = true;
  progress.valid_total = static_cast<int64_t>(data_.valid.sequences.size());
  progress.valid_loss = JudgeAll([&](size_t, const Judged& judged) {
    progress.valid_right += std::ranges::count(judged.would_write, true);
  });
  if (!std::isfinite(progress.valid_loss)) {
    ++state_.worse;
    return;
  }
  state_.valid_curve.push_back({static_cast<double>(state_.step), progress.valid_loss});
  const bool better =
      progress.valid_right > state_.best_right ||
      (progress.valid_right == state_.best_right && progress.valid_loss < state_.best_loss);
  state_.worse = better ? 0 : state_.worse + 1;
  if (!better) return;
  state_.best_right = progress.valid_right;
  state_.best_loss = progress.valid_loss;
  state_.KeepBest(optimizer_->parameters());
}

Scorecard Tuning::Score() {
  Scorecard card;
  JudgeAll([&](size_t begin, const Judged& judged) {
    for (size_t i = 0; i < judged.would_write.size(); ++i) {
      card.Add(data_.valid.kinds[begin + i], judged.would_write[i]);
    }
  });
  return card;
}

Status Tuning::Save(double minutes) {
  state_.minutes = minutes;
  return SaveCheckpoint(WorkFolder() / kTuneCheckpoint, TuneFingerprint(options_, data_.sources),
                        state_, *optimizer_);
}

// Where minutes are given, not more than a fixed share of them goes into validating.
bool Tuning::ValidationIsDue(double done, double minutes) const {
  if (data_.valid.sequences.empty()) return false;
  if (done >= 1) return true;
  if (options_.minutes > 0 && validating_ > kValidatingShare * minutes) return false;
  return done - state_.validated >= 1 / kValidations;
}

Status Tuning::Train(TuneResult& result) {
  TRY_VOID(MakeFolders(WorkFolder()));
  const auto checkpoint = WorkFolder() / kTuneCheckpoint;
  if (options_.resume && std::filesystem::exists(checkpoint)) {
    TRY_VOID(
        LoadCheckpoint(checkpoint, TuneFingerprint(options_, data_.sources), state_, *optimizer_));
  }
  const double minutes_before = state_.minutes;
  const int64_t tokens_before = state_.tokens;
  const auto begin = Clock::now();
  double saved = minutes_before;
  state_.validated = std::min(state_.validated, Done(minutes_before));
  TuneProgress progress{.step = state_.step, .steps = plan_.steps, .minutes = minutes_before};
  while (result.ended = Ended(progress.minutes), result.ended.empty()) {
    progress = {.steps = plan_.steps, .rate = Rate(Done(progress.minutes))};
    progress.minutes = minutes_before + Minutes(begin);
    TRY_VOID(Step(progress));
    const double here = Minutes(begin);
    progress.step = state_.step;
    progress.minutes = minutes_before + here;
    progress.epoch = static_cast<double>(state_.step) / static_cast<double>(batches_->batches(0));
    progress.tokens_per_s = static_cast<double>(state_.tokens - tokens_before) / (here * 60);
    progress.peak_share = 4.0 * static_cast<double>(plan_.base_parameters) * progress.tokens_per_s /
                          (plan_.peak_gflops * 1e9);
    const double done = Done(progress.minutes);
    progress.minutes_left = progress.minutes * (1 - done) / std::max(done, 1e-9);
    if (ValidationIsDue(done, here)) {
      Validate(progress);
      state_.validated = done;
      validating_ += Minutes(begin) - here;
    }
    watcher_.progress(progress);
    if (progress.minutes - saved >= kCheckpointMinutes) {
      TRY_VOID(Save(progress.minutes));
      saved = progress.minutes;
    }
  }
  result.steps = state_.step;
  result.minutes = progress.minutes;
  result.stopped = result.ended == "stopped";
  if (result.stopped) return Save(progress.minutes);
  return not_finite_ > 0 && state_.best.empty() ? NotFinite() : Status();
}

Status Tuning::Write(TuneResult& result) {
  state_.RestoreBest(optimizer_->parameters());
  if (!data_.valid.sequences.empty()) result.after = ToJson(Score());
  TRY(BaseIdentity identity, IdentifyBase(options_.base));
  TrainingRecord record;
  record.task = options_.task;
  record.created_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                          std::chrono::system_clock::now().time_since_epoch())
                          .count();
  record.minutes = result.minutes;
  record.base = std::move(identity);
  record.data = data_.sources;
  record.settings = TuneSettings(options_);
  record.before = result.before;
  record.after = result.after;
  record.curves = {{"train", state_.train_curve}, {"valid", state_.valid_curve}};
  const LoraAdapter adapter = ExportLora(*model_, lora_, optimizer_->parameters(), options_.task);
  if (options_.out.empty()) {
    TRY(const AdapterVersion version,
        AdapterRegistry(options_.workspace).Publish(adapter, TensorType::kF32, *base_, record));
    result.folder = version.folder.string();
  } else {
    TRY_VOID(WriteAdapterFolder(options_.out, "", adapter, TensorType::kF32, *base_, record));
    result.folder = options_.out;
  }
  std::error_code ignored;
  std::filesystem::remove(WorkFolder() / kTuneCheckpoint, ignored);
  return {};
}

Result<TuneResult> Tuning::Run() {
  TuneResult result;
  TRY_VOID(Prepare());
  TRY_VOID(Measure());
  result.plan = plan_;
  result.before = before_;
  watcher_.planned(plan_);
  if (options_.dry_run) return result;
  TRY_VOID(Train(result));
  if (!result.stopped) TRY_VOID(Write(result));
  return result;
}

}  // namespace

Result<TuneResult> Tune(const TuneOptions& options, const TuneWatcher& watcher) {
  return Tuning(options, watcher).Run();
}

}  // namespace understudy::nn
