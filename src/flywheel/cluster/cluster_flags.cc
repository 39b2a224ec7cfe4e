#include "flywheel/cluster/cluster_flags.h"

#include <cstdlib>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include "flywheel/stage_program.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;

bool IsWhole(const std::string& text, size_t digits) {
  return !text.empty() && text.size() <= digits &&
         text.find_first_not_of("0123456789") == std::string::npos;
}

std::string CheckCount(const std::string& text) {
  return IsWhole(text, 9) && std::stoi(text) >= 2 ? "" : "it is a whole number, 2 or more";
}

std::string CheckShare(const std::string& text) {
  char* end = nullptr;
  const double share = std::strtod(text.c_str(), &end);
  const bool fits = !text.empty() && *end == '\0' && share >= 0 && share <= 0.5;
  return fits ? "" : "it is a share from 0 to 0.5";
}

// Whole and not negative: CLI11 reads -1 as the greatest number.
std::string CheckSeed(const std::string& text) {
  return IsWhole(text, 18) ? "" : "a seed is a whole number of at most 18 digits";
}

bool Exists(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

}  // namespace

void AddClusterFlags(CLI::App& app, ClusterFlags& flags) {
  app.add_option("--in", flags.inputs, "what curate wrote, or exchange JSONL files (.gz too)")
      ->option_text("DIR|FILE...")
      ->required();
  app.add_option("--out", flags.out,
                 "where the tasks go (default: runs/cluster/<hash> in the workspace)")
      ->option_text("DIR");
  app.add_option("-w,--workspace", flags.workspace, "folder of config.toml")->option_text("DIR");
  app.add_option("--previous", flags.previous, "an earlier run, whose tasks keep their ids")
      ->option_text("DIR");
  app.add_option("--least", flags.fit.least_rows, "fewest rows of a task (default 20)")
      ->option_text("N")
      ->check(CheckCount);
  app.add_option("--share", flags.fit.least_share,
                 "least part of a prompt's rows that is a task of its own (default 0.02)")
      ->option_text("X")
      ->check(CheckShare);
  app.add_option("--samples", flags.fit.min_samples,
                 "neighbours that make a place dense; more: more rows of no task (default 10)")
      ->option_text("N")
      ->check(CheckCount);
  app.add_option("--seed", flags.fit.seed, "of the directions' search (default 0)")
      ->option_text("N")
      ->check(CheckSeed);
  app.add_flag("--force", flags.force, "do it again although nothing has changed");
  app.add_flag("--json", flags.json, "print JSON lines");
}

Result<ClusterInput> InputOf(const ClusterFlags& flags) {
  ClusterInput input;
  for (const std::string& name : flags.inputs) {
    if (!Exists(name)) return Fail(NotFound("there is no file or folder " + name));
    input.inputs.emplace_back(name);
  }
  if (!flags.previous.empty() && !Exists(flags.previous)) {
    return Fail(NotFound("there is no folder " + flags.previous));
  }
  input.previous = flags.previous;
  input.fit = flags.fit;
  return input;
}

StagePlace PlaceOf(const ClusterFlags& flags) {
  return {.workspace = flags.workspace, .out = flags.out, .force = flags.force};
}

std::vector<std::string> ClusterArguments(const ClusterFlags& flags) {
  std::vector<std::string> words{"--in"};
  words.insert(words.end(), flags.inputs.begin(), flags.inputs.end());
  const auto add = [&words](std::string_view name, const std::string& value) {
    if (!value.empty()) words.push_back(fmt::format("--{}={}", name, value));
  };
  add("out", flags.out);
  add("workspace", flags.workspace);
  add("previous", flags.previous);
  add("least", fmt::format("{}", flags.fit.least_rows));
  add("share", fmt::format("{}", flags.fit.least_share));
  add("samples", fmt::format("{}", flags.fit.min_samples));
  add("seed", fmt::format("{}", flags.fit.seed));
  if (flags.force) words.emplace_back("--force");
  if (flags.json) words.emplace_back("--json");
  return words;
}

json::object ResultJson(const Clustered& clustered) {
  return {{"report", ToJson(clustered.report)},
          {"folder", clustered.stage.folder.string()},
          {"unchanged", clustered.stage.unchanged},
          {"meta", clustered.stage.meta}};
}

Result<Clustered> ClusterByProgram(const fs::path& program, ClusterFlags flags,
                                   const StageHooks& hooks) {
  flags.json = true;
  std::vector<std::string> arguments = ClusterArguments(flags);
  arguments.insert(arguments.begin(), program.string());
  json::value result;
  const auto line = [&](const json::object& said) {
    if (said.contains("report")) result = said;
    const json::value* progress = said.if_contains("progress");
    if (progress && hooks.progress) {
      hooks.progress(StringOr(*progress, "what"), IntOr(*progress, "done", 0),
                     IntOr(*progress, "total", 0));
    }
  };
  TRY_VOID(RunStageProgram(arguments, line, hooks.stop));
  const json::value* report = Find(result, "report");
  const json::value* meta = Find(result, "meta");
  if (!report || !meta || !meta->is_object()) {
    return Fail(InternalError("understudy-cluster ended without a result").At(program.string()));
  }
  Clustered clustered;
  TRY(clustered.report, ClusterReportFrom(*report));
  clustered.stage.folder = std::string(StringOr(result, "folder"));
  clustered.stage.meta = meta->get_object();
  clustered.stage.unchanged = BoolOr(result, "unchanged", false);
  return clustered;
}

}  // namespace understudy
