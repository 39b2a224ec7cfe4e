#include "nn/tune_checkpoint.h"

#include <fmt/format.h>

#include "base/json.h"
#include "gguf/file.h"
#include "gguf/writer.h"

namespace understudy::nn {
namespace {

constexpr std::string_view kFingerprint = "understudy.tune.fingerprint";
constexpr std::string_view kState = "understudy.tune.state";

json::array PointsOf(const std::vector<CurvePoint>& curve) {
  json::array points;
  for (const CurvePoint& point : curve) points.push_back({point.step, point.loss});
  return points;
}

std::vector<CurvePoint> CurveOf(const json::value* points) {
  std::vector<CurvePoint> curve;
  if (points == nullptr || !points->is_array()) return curve;
  for (const json::value& point : points->as_array()) {
    if (!point.is_array() || point.as_array().size() != 2) continue;
    curve.push_back({point.at(0).to_number<double>(), point.at(1).to_number<double>()});
  }
  return curve;
}

json::object StateJson(const TuneState& state) {
  return {{"step", state.step},
          {"tokens", state.tokens},
          {"minutes", state.minutes},
          {"validated", state.validated},
          {"worse", state.worse},
          {"best_right", state.best_right},
          {"best_loss", state.best_loss},
          {"train", PointsOf(state.train_curve)},
          {"valid", PointsOf(state.valid_curve)}};
}

Status ReadState(std::string_view text, TuneState& state) {
  TRY(const json::value value, ParseJson(text));
  const auto number = [&](std::string_view key) {
    const json::value* found = Find(value, key);
    return found != nullptr && found->is_number() ? found->to_number<double>() : 0.0;
  };
  state.step = static_cast<int64_t>(number("step"));
  state.tokens = static_cast<int64_t>(number("tokens"));
  state.minutes = number("minutes");
  state.validated = number("validated");
  state.worse = static_cast<int64_t>(number("worse"));
  state.best_right = static_cast<int64_t>(number("best_right"));
  state.best_loss = number("best_loss");
  state.train_curve = CurveOf(Find(value, "train"));
  state.valid_curve = CurveOf(Find(value, "valid"));
  return {};
}

// The writer borrows the bytes of what is returned.
at::Tensor AddTensor(GgufWriter& writer, const std::string& name, const at::Tensor& tensor) {
  const at::Tensor values = InMemory(tensor);
  const std::array<uint64_t, 1> shape{static_cast<uint64_t>(values.numel())};
  writer.AddTensor(
      name, shape, TensorType::kF32,
      {static_cast<const char*>(values.data_ptr()), static_cast<size_t>(values.nbytes())});
  return values;
}

Status ReadTensor(const GgufFile& file, const std::string& name, at::Tensor into) {
  const GgufTensor* found = file.FindTensor(name);
  if (found != nullptr && Fill(std::move(into), found->bytes)) return {};
  return Fail(InvalidInput(fmt::format("the checkpoint lacks {}, or it has another size", name)));
}

}  // namespace

void TuneState::KeepBest(const std::vector<Parameter>& parameters) {
  best.clear();
  for (const Parameter& parameter : parameters) best.push_back(parameter.value.detach().clone());
}

void TuneState::RestoreBest(const std::vector<Parameter>& parameters) const {
  const at::NoGradGuard no_grad;
  for (size_t i = 0; i < best.size(); ++i) at::Tensor(parameters[i].value).copy_(best[i]);
}

std::string TuneFingerprint(const TuneOptions& options, const std::vector<DataSource>& sources) {
  TuneOptions deciding = options;
  // These change where a run goes or how long it takes, not what a step does.
  deciding.resume = deciding.dry_run = deciding.json = false;
  deciding.out = deciding.workspace = deciding.task = "";
  deciding.threads = 0;
  deciding.device = TuneOptions().device;
  deciding.minutes = 0;
  std::string text = json::serialize(TuneSettings(deciding));
  for (const DataSource& source : sources) text += source.sha256;
  return text;
}

Status SaveCheckpoint(const std::filesystem::path& path, std::string_view fingerprint,
                      const TuneState& state, const Optimizer& optimizer) {
  GgufWriter writer;
  writer.Set("general.architecture", "understudy-tune-checkpoint");
  writer.Set(kFingerprint, fingerprint);
  const std::string text = json::serialize(StateJson(state));
  writer.Set(kState, text);
  const auto& parameters = optimizer.parameters();
  std::vector<at::Tensor> borrowed = optimizer.Save(writer);
  const auto add = [&](const std::string& name, const at::Tensor& values) {
    borrowed.push_back(AddTensor(writer, name, values));
  };
  for (size_t i = 0; i < parameters.size(); ++i) {
    add(parameters[i].name, parameters[i].value);
    if (!state.best.empty()) add(parameters[i].name + ".best", state.best[i]);
  }
  return writer.Write(path);
}

Status LoadCheckpoint(const std::filesystem::path& path, std::string_view fingerprint,
                      TuneState& state, Optimizer& optimizer) {
  TRY(const GgufFile file, GgufFile::Open(path));
  if (file.Text(kFingerprint) != fingerprint) {
    return Fail(InvalidInput("the checkpoint is of a training with other data or settings")
                    .At(path.string())
                    .Mend("Give the same options as then, or leave out --resume to begin anew."));
  }
  TRY_VOID(ReadState(file.Text(kState).value_or("{}"), state));
  const bool has_best = state.best_right >= 0;
  const at::NoGradGuard no_grad;
  if (has_best) state.KeepBest(optimizer.parameters());
  for (size_t i = 0; i < optimizer.parameters().size(); ++i) {
    const Parameter& parameter = optimizer.parameters()[i];
    TRY_VOID(ReadTensor(file, parameter.name, parameter.value.detach()));
    if (has_best) TRY_VOID(ReadTensor(file, parameter.name + ".best", state.best[i]));
  }
  return optimizer.Load(file);
}

}  // namespace understudy::nn
