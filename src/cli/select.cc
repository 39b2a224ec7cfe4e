// `understudy select`: which of the measured candidates shall serve, and why.
#include "flywheel/select/select.h"

#include "cli/definitions.h"
#include "cli/flags.h"
#include "cli/stage_watch.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/workspace.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;

struct SelectFlags {
  SelectOptions options;
  std::vector<std::string> scorecards;
  std::string catalogue, out, workspace;
  bool force = false, json = false;
};

// The catalogue that comes with the program: beside it, in the source tree that it was built in, or
// installed. Empty where there is none.
fs::path ShippedCatalogue() {
  std::error_code failed;
  const fs::path folder = fs::read_symlink("/proc/self/exe", failed).parent_path();
  for (const char* place : {"weights", "../../weights", "../share/understudy"}) {
    const fs::path file = (folder / place / "catalogue.toml").lexically_normal();
    if (fs::exists(file, failed)) return file;
  }
  return {};
}

Result<SelectOptions> OptionsOf(const SelectFlags& flags) {
  SelectOptions options = flags.options;
  options.scorecards.assign(flags.scorecards.begin(), flags.scorecards.end());
  options.catalogue = flags.catalogue.empty() ? ShippedCatalogue() : fs::path(flags.catalogue);
  if (!flags.catalogue.empty() && !Exists(flags.catalogue)) {
    return Fail(NotFound("there is no catalogue " + flags.catalogue));
  }
  return options;
}

Table CandidateTable(const Selection& selection) {
  constexpr auto right = Table::Align::kRight;
  Table table({{""},
               {"candidate"},
               {"right", right},
               {"share", right},
               {"95 %", right},
               {"median", right},
               {"memory", right},
               {"1,000 calls", right},
               {"front"}});
  for (size_t i = 0; i < selection.candidates.size(); ++i) {
    const MeasuredCandidate& one = selection.candidates[i];
    const BinomialBounds bounds = one.quality.bounds();
    table.Add({i == selection.chosen ? "*" : "", one.name(),
               fmt::format("{} of {}", one.quality.right, one.quality.total),
               fmt::format("{:.1f} %", 100 * one.quality.share()),
               fmt::format("{:.1f} to {:.1f} %", 100 * bounds.low, 100 * bounds.high),
               fmt::format("{:.0f} ms", one.card.p50_ms), HumanBytes(one.card.memory_bytes),
               HumanUsd(one.card.usd_per_1000),
               !one.fits ? "does not fit" : (one.on_front ? "yes" : "")});
  }
  return table;
}

Table CatalogueTable(const Selection& selection) {
  constexpr auto right = Table::Align::kRight;
  Table table({{"catalogue"},
               {"family"},
               {"parameters", right},
               {"context", right},
               {"memory", right},
               {"fits"},
               {"here"},
               {"licence"}});
  for (const ListedModel& one : selection.catalogue) {
    table.Add({one.model.name, std::string(one.model.family()),
               HumanCount(static_cast<int64_t>(one.model.parameters)),
               HumanCount(one.model.context), HumanBytes(one.memory_bytes), one.fits ? "yes" : "no",
               one.measured ? "measured" : (one.here ? "yes" : "no"), one.model.licence});
  }
  return table;
}

void Print(const Selection& selection, Console& console) {
  const MachineFacts& machine = selection.machine;
  console.Out(fmt::format("by the part {}, on {} cores with {}\n\n", selection.part, machine.cores,
                          HumanBytes(machine.memory_bytes)));
  CandidateTable(selection).Print(console);
  console.Out(fmt::format("\n{}\n", selection.why));
  for (const std::string& note : selection.notes) console.Out(fmt::format("note: {}\n", note));
  if (selection.catalogue.empty()) return;
  console.Out("\n");
  CatalogueTable(selection).Print(console);
}

Result<ExitCode> RunSelect(const SelectFlags& flags, Console& console) {
  TRY(const SelectOptions options, OptionsOf(flags));
  StagePlace place;
  place.out = flags.out;
  place.force = flags.force;
  if (flags.out.empty()) {
    TRY(place.workspace, LocateWorkspace(flags.workspace));
  }
  Result<Selected> selected;
  {
    StageWatch watch(console);
    selected = Select(options, place, watch.Hooks());
  }
  if (!selected) return Fail(std::move(selected).error());
  const StageResult& stage = selected->stage;
  if (flags.json) {
    const json::object out{{"choice", ToJson(selected->selection)},
                           {"folder", stage.folder.string()},
                           {"unchanged", stage.unchanged},
                           {"meta", stage.meta}};
    console.Out(json::serialize(out) + '\n');
    return ExitCode::kOk;
  }
  Print(selected->selection, console);
  console.Out(fmt::format("\n{}{}\n", stage.folder.string(),
                          stage.unchanged ? ": unchanged, nothing was written again" : ""));
  return ExitCode::kOk;
}

}  // namespace

Action DefineSelect(CLI::App& app) {
  const auto flags = std::make_shared<SelectFlags>();
  SelectOptions& options = flags->options;
  AddValue(app, "--scorecards", flags->scorecards, "DIR...", "folders that evaluate wrote")
      ->required();
  AddValue(app, "--catalogue", flags->catalogue, "FILE",
           "models to begin from (default: the one that comes with the program)");
  AddValue(app, "--part", options.part, "PART",
           "to choose by (default: valid, else the first that all have)");
  AddValue(app, "--context", options.context, "TOKENS",
           "of a slot, for the catalogue's memory (default 4096)")
      ->check(CLI::PositiveNumber);
  AddValue(app, "--slots", options.slots, "N", "served at once (default 4)")
      ->check(CLI::Range(1, 256));
  AddValue(app, "--out", flags->out, "DIR",
           "where choice.json goes (default: runs/select/<hash> in the workspace)");
  AddWorkspaceFlag(app, flags->workspace);
  app.add_flag("--force", flags->force, "write it again although nothing has changed");
  AddJsonFlag(app, flags->json);
  app.footer("  understudy select --scorecards scores/base scores/tuned --out choice");
  return [flags](Console& console) { return RunSelect(*flags, console); };
}

}  // namespace understudy
