#include "train/tune_options.h"

#include <algorithm>
#include <cmath>

#include "train/flag_list.h"

namespace understudy {
namespace {

constexpr const char* kDevices[] = {"auto", "cpu", "cuda"};
constexpr const char* kPrecisions[] = {"auto", "f32", "bf16"};
constexpr const char* kTargets[] = {"all", "attention", "mlp", "ssm"};

Error Wrong(std::string_view flag, std::string_view what) {
  return InvalidInput(fmt::format("--{} {}", flag, what)).Param(flag);
}

Status CheckRange(std::string_view flag, double value, double least, double most) {
  if (value >= least && value <= most) return {};
  return Fail(Wrong(flag, fmt::format("is {}; it must be from {} to {}", value, least, most)));
}

Status CheckWord(std::string_view flag, const std::string& word,
                 std::span<const char* const> known) {
  if (std::ranges::find(known, std::string_view(word)) != known.end()) return {};
  return Fail(Wrong(flag, fmt::format("is \"{}\"; known are {}", word, fmt::join(known, ", "))));
}

Status CheckGiven(std::string_view flag, const std::string& value) {
  if (!value.empty()) return {};
  return Fail(Wrong(flag, "is required"));
}

template <class Check>
void CheckAfterParsing(CLI::App& app, Check check) {
  app.callback([check] {
    if (const Status checked = check(); !checked) {
      throw CLI::ValidationError(checked.error().ToString());
    }
  });
}

}  // namespace

template <class Options, class Visit>
  requires std::same_as<std::remove_const_t<Options>, TuneOptions>
void VisitFlags(Options& o, Visit&& visit) {
  visit("base", o.base, "FILE", "GGUF file of the base model (required)");
  visit("data", o.data, "FILE", "exchange JSONL to learn from (required)");
  visit("valid", o.valid, "FILE",
        "exchange JSONL to measure on (default: 5 % of the data's sessions)");
  visit("out", o.out, "DIR", "folder for the adapter");
  visit("workspace", o.workspace, "DIR", "without --out: where the task's new version goes");
  visit("task", o.task, "NAME", "the task that the adapter is for");
  visit("rank", o.rank, "N", "rank of the adapter (16)");
  visit("alpha", o.alpha, "X", "the change counts alpha / rank times (32)");
  visit("dropout", o.dropout, "P", "dropout before the adapter (0)");
  visit("targets", o.targets, "LIST", "matrices to adapt: all, or of attention,mlp,ssm (all)");
  visit("lr", o.lr, "X", "highest learning rate (0.002)");
  visit("epochs", o.epochs, "N", "times over the data (3)");
  visit("minutes", o.minutes, "N", "end after so many minutes, if not earlier");
  visit("batch-tokens", o.batch_tokens, "N", "tokens a step (8192)");
  visit("max-length", o.max_length, "N",
        "leave out longer conversations (the base's context, at most 4096)");
  visit("replay", o.replay, "FILE", "exchange JSONL to mix in, so that it is not forgotten");
  visit("replay-share", o.replay_share, "P", "its share of all tokens (0.2)");
  visit("seed", o.seed, "N", "another seed, another order and start (1)");
  visit("threads", o.threads, "N", "threads (one a core)");
  visit("device", o.device, "DEVICE", "auto, cpu or cuda (auto: cuda where there is one)");
  visit("precision", o.precision, "TYPE", "of matrix products: auto, f32 or bf16 (auto: measured)");
  visit("resume", o.resume, "", "go on from the last checkpoint");
  visit("dry-run", o.dry_run, "", "read and check the data, say what would be trained, and end");
  visit("json", o.json, "", "print JSON");
}

template <class Options, class Visit>
  requires std::same_as<std::remove_const_t<Options>, PretrainOptions>
void VisitFlags(Options& o, Visit&& visit) {
  visit("recipe", o.recipe, "FILE", "TOML file that says everything about the model (required)");
  visit("out", o.out, "DIR", "folder for the model and its checkpoints (required)");
  visit("data", o.data, "DIR", "folder of public texts to mix in");
  visit("minutes", o.minutes, "N", "end after so many minutes, if not earlier");
  visit("threads", o.threads, "N", "threads (one a core)");
  visit("device", o.device, "DEVICE", "auto, cpu or cuda (auto: cuda where there is one)");
  visit("precision", o.precision, "TYPE", "of matrix products: auto, f32 or bf16 (auto: measured)");
  visit("from", o.from, "FILE", "begin with the weights of this model");
  visit("resume", o.resume, "", "go on from the last checkpoint");
  visit("json", o.json, "", "print JSON");
}

Status CheckTuneOptions(const TuneOptions& o) {
  TRY_VOID(CheckGiven("base", o.base));
  TRY_VOID(CheckGiven("data", o.data));
  if (!o.dry_run && o.out.empty() && o.task.empty()) {
    return Fail(InvalidInput("nothing says where the adapter goes")
                    .Mend("Give --out DIR, or --task NAME for a new version in the workspace."));
  }
  TRY_VOID(CheckRange("rank", static_cast<double>(o.rank), 1, 1024));
  TRY_VOID(CheckRange("alpha", o.alpha, 1e-3, 1e5));
  TRY_VOID(CheckRange("dropout", o.dropout, 0, 0.95));
  TRY_VOID(CheckRange("lr", o.lr, 1e-8, 1));
  TRY_VOID(CheckRange("epochs", o.epochs, 1e-3, 1e5));
  TRY_VOID(CheckRange("minutes", o.minutes, 0, 1e6));
  TRY_VOID(CheckRange("batch-tokens", static_cast<double>(o.batch_tokens), 16, 1 << 24));
  TRY_VOID(CheckRange("max-length", static_cast<double>(o.max_length), 0, 1 << 24));
  TRY_VOID(CheckRange("replay-share", o.replay_share, 0, 0.95));
  TRY_VOID(CheckRange("threads", static_cast<double>(o.threads), 0, 1024));
  for (const std::string& target : o.targets) TRY_VOID(CheckWord("targets", target, kTargets));
  TRY_VOID(CheckWord("device", o.device, kDevices));
  return CheckWord("precision", o.precision, kPrecisions);
}

Status CheckPretrainOptions(const PretrainOptions& o) {
  TRY_VOID(CheckGiven("recipe", o.recipe));
  TRY_VOID(CheckGiven("out", o.out));
  TRY_VOID(CheckRange("minutes", o.minutes, 0, 1e6));
  TRY_VOID(CheckRange("threads", static_cast<double>(o.threads), 0, 1024));
  TRY_VOID(CheckWord("device", o.device, kDevices));
  return CheckWord("precision", o.precision, kPrecisions);
}

void AddTuneFlags(CLI::App& app, TuneOptions& options) {
  AddFlags(app, options);
  app.get_option("--device")->check(CLI::IsMember({"auto", "cpu", "cuda"}));
  app.get_option("--precision")->check(CLI::IsMember({"auto", "f32", "bf16"}));
  CheckAfterParsing(app, [&options] { return CheckTuneOptions(options); });
}

void AddPretrainFlags(CLI::App& app, PretrainOptions& options) {
  AddFlags(app, options);
  app.get_option("--device")->check(CLI::IsMember({"auto", "cpu", "cuda"}));
  app.get_option("--precision")->check(CLI::IsMember({"auto", "f32", "bf16"}));
  CheckAfterParsing(app, [&options] { return CheckPretrainOptions(options); });
}

std::vector<std::string> TuneArguments(const TuneOptions& options) {
  return ArgumentsOf(options);
}

std::vector<std::string> PretrainArguments(const PretrainOptions& options) {
  return ArgumentsOf(options);
}

json::object TuneSettings(const TuneOptions& options) {
  return SettingsOf(options);
}

json::object PretrainSettings(const PretrainOptions& options) {
  return SettingsOf(options);
}

}  // namespace understudy
