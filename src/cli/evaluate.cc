// `understudy evaluate`: how good, how fast and how large is a candidate on held-out examples?
#include "flywheel/evaluate/evaluate.h"

#include "base/config.h"
#include "cli/definitions.h"
#include "cli/flags.h"
#include "cli/stage_watch.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/workspace.h"

namespace understudy {
namespace {

struct EvaluateFlags {
  EvaluateOptions options;
  std::vector<std::string> files;
  std::string base, adapter, parts, out, workspace;
  double overlap = 0;
  bool force = false, json = false;
};

std::vector<std::string> PartsOf(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(',', at), text.size());
    parts.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

std::string CheckParts(const std::string& text) {
  for (const std::string& part : PartsOf(text)) {
    if (part != "train" && part != "valid" && part != "calib" && part != "test") {
      return "parts are train, valid, calib and test, with commas between";
    }
  }
  return "";
}

// llama-server as the workspace's config names it, and the prices of its model of that file; an
// evaluation needs no workspace.
Status TakeFromWorkspace(const EvaluateFlags& flags, EvaluateOptions& options) {
  const bool needed = flags.out.empty() || !flags.workspace.empty();
  const auto folder = LocateWorkspace(flags.workspace);
  if (!folder && needed) return Fail(folder.error());
  if (!folder) {
    const char* home = std::getenv("HOME");
    options.home = std::filesystem::path(home ? home : "/tmp") / ".local/share/understudy";
    return {};
  }
  TRY(const Options config, OpenWorkspace(flags.workspace));
  options.home = *folder;
  options.runtime = config.runtime;
  std::error_code missing;
  for (const ModelOptions& model : config.models) {
    const auto file = *folder / model.gguf;
    if (model.kind == "local" && std::filesystem::equivalent(file, options.base, missing)) {
      options.prices = {model.input_usd, model.output_usd};
    }
  }
  return {};
}

Result<EvaluateOptions> OptionsOf(const EvaluateFlags& flags) {
  EvaluateOptions options = flags.options;
  options.base = flags.base;
  options.adapter = flags.adapter;
  options.inputs.assign(flags.files.begin(), flags.files.end());
  options.parts = PartsOf(flags.parts);
  if (flags.overlap > 0) options.overlap = flags.overlap;
  TRY_VOID(TakeFromWorkspace(flags, options));
  return options;
}

std::string Percent(double share) {
  return fmt::format("{:.1f} %", 100 * share);
}

std::string Interval(const ShareRow& row) {
  const BinomialBounds bounds = row.bounds();
  return fmt::format("{:.1f} to {:.1f} %", 100 * bounds.low, 100 * bounds.high);
}

Table ScoreTable(const CandidateCard& card) {
  constexpr auto right = Table::Align::kRight;
  Table table({{"part"},
               {"examples", right},
               {"right", right},
               {"share", right},
               {"95 %", right},
               {"accepted", right},
               {"worse by at most", right}});
  for (const auto& [name, part] : card.parts) {
    table.Add({name, HumanCount(part.all.total), HumanCount(part.all.right),
               Percent(part.all.share()), Interval(part.all), HumanCount(part.accepted),
               Percent(part.all.worse_at_most())});
  }
  return table;
}

Table KindTable(const CandidateCard& card) {
  constexpr auto right = Table::Align::kRight;
  Table table({{"kind"},
               {"examples", right},
               {"right", right},
               {"share", right},
               {"95 %", right},
               {"note"}});
  for (size_t i = 0; i < kTargetKindCount; ++i) {
    const auto kind = static_cast<TargetKind>(i);
    const ShareRow& row = card.kinds[i];
    if (row.total == 0) continue;
    table.Add({std::string(Name(kind)), HumanCount(row.total), HumanCount(row.right),
               Percent(row.share()), Interval(row),
               card.replaceable(kind) ? "" : "not counted as replaceable: text without a judge"});
  }
  return table;
}

Table DifferenceTable(const CandidateCard& card) {
  constexpr size_t kShown = 12;
  Table table({{"times", Table::Align::kRight}, {"difference"}, {"tool"}, {"argument"}});
  std::vector<std::pair<Difference, int64_t>> sorted(card.differences.begin(),
                                                     card.differences.end());
  std::ranges::stable_sort(sorted, std::greater(), &std::pair<Difference, int64_t>::second);
  if (sorted.size() > kShown) sorted.resize(kShown);
  for (const auto& [one, count] : sorted) {
    table.Add({HumanCount(count), std::string(Name(one.kind)), one.tool, one.argument});
  }
  return table;
}

void Print(const Evaluated& evaluated, Console& console) {
  const CandidateCard& card = evaluated.card;
  console.Out(fmt::format("{}{}, {} parameters\n\n", card.base_name,
                          card.adapter ? " with " + card.adapter->file : "",
                          HumanCount(static_cast<int64_t>(card.parameters))));
  ScoreTable(card).Print(console);
  console.Out("\n");
  KindTable(card).Print(console);
  if (!card.differences.empty()) {
    console.Out("\n");
    DifferenceTable(card).Print(console);
  }
  console.Out(fmt::format(
      "\nlatency {:.0f} ms (median), {:.0f} ms (90 %), first token {:.0f} ms; {:.0f} tokens/s; {} "
      "at once; memory {}; {} per 1,000 calls\n",
      card.p50_ms, card.p90_ms, card.first_p50_ms, card.tokens_per_s, card.at_once,
      card.memory_bytes > 0 ? HumanBytes(card.memory_bytes) : "unknown",
      HumanUsd(card.usd_per_1000)));
  if (const int64_t left_out = evaluated.rows.skipped_rows(); left_out > 0) {
    console.Out(fmt::format("{} left out: no examples\n", Counted(left_out, "row")));
  }
}

Result<ExitCode> RunEvaluate(const EvaluateFlags& flags, Console& console) {
  TRY(const EvaluateOptions options, OptionsOf(flags));
  StagePlace place{options.home, flags.out, flags.force};
  Result<Evaluated> evaluated;
  {
    StageWatch watch(console);
    evaluated = Evaluate(options, place, watch.Hooks());
  }
  if (!evaluated) return Fail(std::move(evaluated).error());
  const StageResult& stage = evaluated->stage;
  if (flags.json) {
    const json::object out{{"scorecard", ToJson(evaluated->card)},
                           {"folder", stage.folder.string()},
                           {"unchanged", stage.unchanged},
                           {"meta", stage.meta}};
    console.Out(json::serialize(out) + '\n');
    return ExitCode::kOk;
  }
  Print(*evaluated, console);
  console.Out(
      fmt::format("\n{}{}\n", stage.folder.string(),
                  stage.unchanged ? ": unchanged, nothing was done again (--force does it)" : ""));
  return ExitCode::kOk;
}

}  // namespace

Action DefineEvaluate(CLI::App& app) {
  const auto flags = std::make_shared<EvaluateFlags>();
  EvaluateOptions& options = flags->options;
  AddValue(app, "--base", flags->base, "FILE", "base model, GGUF")->required();
  AddValue(app, "--adapter", flags->adapter, "FILE", "LoRA adapter on it, GGUF");
  AddValue(app, "--in", flags->files, "PATH...",
           "folders of curate or cluster, or exchange JSONL files")
      ->required();
  AddValue(app, "--parts", flags->parts, "LIST",
           "of folders: valid,calib,test (default: those with rows in them)")
      ->check(CheckParts);
  AddValue(app, "--limit", options.limit, "N", "examples of each part at most (default: all)")
      ->check(CLI::PositiveNumber);
  AddValue(app, "--out", flags->out, "DIR",
           "where the files go (default: runs/evaluate/<hash> in the workspace)");
  AddWorkspaceFlag(app, flags->workspace);
  AddValue(app, "--task", options.task, "NAME", "stands in the scorecard");
  AddValue(app, "--slots", options.slots, "N", "asked at once (default 4)")
      ->check(CLI::Range(1, 256));
  AddValue(app, "--context", options.context, "TOKENS", "of each slot (default 4096)")
      ->check(CLI::PositiveNumber);
  AddValue(app, "--threads", options.threads, "N", "of llama-server (default: one a core)")
      ->check(CLI::NonNegativeNumber);
  AddValue(app, "--max-tokens", options.most_tokens, "N",
           "of an answer; then it counts as cut off (default 1024)")
      ->check(CLI::PositiveNumber);
  AddValue(app, "--overlap", flags->overlap, "F1",
           "free text is right from this word F1 on (default: the same words only)")
      ->check(CLI::Range(0.01, 1.0));
  app.add_flag("--force", flags->force, "do it again although nothing has changed");
  AddJsonFlag(app, flags->json);
  app.footer(
      "  understudy evaluate --base weights/understudy-base.gguf --adapter adapter.gguf \\\n"
      "    --in data --parts valid,calib --limit 200 --out score");
  return [flags](Console& console) { return RunEvaluate(*flags, console); };
}

}  // namespace understudy
