// `understudy curate`: recorded exchanges become data that is fit for training.
#include "flywheel/curate/curate.h"

#include "cli/definitions.h"
#include "cli/flags.h"
#include "cli/mask_key.h"
#include "cli/stage_watch.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/workspace.h"

namespace understudy {
namespace {

struct CurateFlags {
  std::vector<std::string> files;
  std::string out, workspace, key_file, split = "80/8/6/6";
  double near = 0.9;
  uint64_t seed = 0;
  bool no_mask = false, dry_run = false, force = false, json = false;
};

Result<CurateOptions> OptionsOf(const CurateFlags& flags) {
  CurateOptions options;
  for (const std::string& file : flags.files) {
    if (!Exists(file)) return Fail(NotFound("there is no file " + file));
    options.inputs.emplace_back(file);
  }
  TRY(options.shares, ParseShares(flags.split));
  options.near = flags.near;
  options.seed = flags.seed;
  if (!flags.no_mask) {
    TRY(options.mask, ReadMaskKey(flags.key_file, flags.workspace));
  }
  return options;
}

std::string MaskedText(const MaskCounts& masked) {
  std::string out;
  for (size_t i = 0; i < kEntityKindCount; ++i) {
    if (masked.places[i] == 0) continue;
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", Name(static_cast<EntityKind>(i)),
                       HumanCount(masked.places[i]));
  }
  return out.empty() ? "nothing" : out;
}

std::string Joined(const std::vector<std::string>& places) {
  return fmt::format("{}", fmt::join(places, ", "));
}

Table DroppedTable(const CurateReport& report) {
  Table table({{"rows", Table::Align::kRight}, {"left out because"}, {"why"}, {"first at"}});
  for (size_t i = 0; i < kSkipReasonCount; ++i) {
    const Dropped& dropped = report.dropped[i];
    const auto reason = static_cast<SkipReason>(i);
    if (dropped.rows == 0) continue;
    table.Add({HumanCount(dropped.rows), std::string(Name(reason)), std::string(Describe(reason)),
               Joined(dropped.places)});
  }
  return table;
}

Table PartTable(const CurateReport& report) {
  Table table({{"part"},
               {"rows", Table::Align::kRight},
               {"share", Table::Align::kRight},
               {"groups", Table::Align::kRight}});
  for (size_t i = kPartCount; i-- > 0;) {
    const auto& part = report.parts[i];
    const double share = 100.0 * static_cast<double>(part.rows) /
                         static_cast<double>(std::max<int64_t>(1, report.kept));
    table.Add({std::string(Name(static_cast<Part>(i))), HumanCount(part.rows),
               fmt::format("{:.1f} %", share), HumanCount(part.groups)});
  }
  return table;
}

void Print(const CurateReport& report, Console& console) {
  console.Out(fmt::format("{} rows, {} kept, {} left out\n", HumanCount(report.rows),
                          HumanCount(report.kept), HumanCount(report.dropped_rows())));
  if (report.masking) {
    console.Out(fmt::format("masked: {} in {}\n", MaskedText(report.masked),
                            Counted(report.masked_rows, "row")));
  }
  if (report.contradictory_requests > 0) {
    console.Out(fmt::format("requests with several answers: {}\n",
                            HumanCount(report.contradictory_requests)));
  }
  console.Out(fmt::format("near duplicates: {} rows in {}; {} in all, the largest of {}\n\n",
                          HumanCount(report.near_rows), Counted(report.near_groups, "group"),
                          Counted(report.groups, "group"), Counted(report.largest_group, "row")));
  const Table dropped = DroppedTable(report);
  if (dropped.rows() > 0) {
    dropped.Print(console);
    console.Out("\n");
  }
  PartTable(report).Print(console);
}

// A group that is a fifth of everything: the shares cannot hold.
void Warn(const CurateReport& report, Console& console) {
  if (report.largest_group * 5 < report.kept || report.kept < 100) return;
  console.Err(fmt::format(
      "note: one group holds {} of {} rows, and stays in one part; sessions that are too wide or "
      "answers that repeat everywhere make such groups (--near 0 leaves near duplicates out of "
      "it)\n",
      HumanCount(report.largest_group), HumanCount(report.kept)));
}

Result<ExitCode> RunCurate(const CurateFlags& flags, Console& console) {
  TRY(const CurateOptions options, OptionsOf(flags));
  StagePlace place;
  place.out = flags.out;
  place.force = flags.force;
  if (flags.out.empty() && !flags.dry_run) {
    TRY(place.workspace, LocateWorkspace(flags.workspace));
  }
  Result<Curated> curated;
  {
    StageWatch watch(console, "Curating");
    const StageHooks hooks = watch.Hooks();
    curated = flags.dry_run ? CurateDry(options, hooks) : Curate(options, place, hooks);
  }
  if (!curated) return Fail(std::move(curated).error());
  if (flags.json) {
    json::object out{{"report", ToJson(curated->report)}};
    if (curated->stage) {
      out["folder"] = curated->stage->folder.string();
      out["unchanged"] = curated->stage->unchanged;
      out["meta"] = curated->stage->meta;
    }
    console.Out(json::serialize(out) + '\n');
    return ExitCode::kOk;
  }
  Print(curated->report, console);
  Warn(curated->report, console);
  if (!curated->stage) return ExitCode::kOk;
  console.Out(fmt::format(
      "\n{}{}\n", curated->stage->folder.string(),
      curated->stage->unchanged ? ": unchanged, nothing was done again (--force does it)" : ""));
  return ExitCode::kOk;
}

std::string CheckSplit(const std::string& text) {
  const auto shares = ParseShares(text);
  return shares ? "" : shares.error().ToString();
}

std::string CheckNear(const std::string& text) {
  char* end = nullptr;
  const double near = std::strtod(text.c_str(), &end);
  const bool good = end && *end == '\0' && (near == 0 || (near >= 0.5 && near <= 1));
  return good ? "" : "the threshold is 0 (off), or from 0.5 to 1";
}

// Whole and not negative: CLI11 reads -1 as the greatest number.
std::string CheckSeed(const std::string& text) {
  const bool digits = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  return digits && text.size() <= 18 ? "" : "a seed is a whole number of at most 18 digits";
}

}  // namespace

Action DefineCurate(CLI::App& app) {
  const auto flags = std::make_shared<CurateFlags>();
  AddValue(app, "--in", flags->files, "FILE...",
           "exchange JSONL, fine-tuning or batch lines; .gz too")
      ->required();
  AddValue(app, "--out", flags->out, "DIR",
           "where the files go (default: runs/curate/<hash> in the workspace)");
  AddWorkspaceFlag(app, flags->workspace);
  AddValue(app, "--key-file", flags->key_file, "FILE",
           "secret that personal data is masked with (default: the workspace's)");
  app.add_flag("--no-mask", flags->no_mask, "leave personal data as it is");
  AddValue(app, "--split", flags->split, "T/V/C/T",
           "percent of train/valid/calib/test (default 80/8/6/6)")
      ->check(CheckSplit);
  AddValue(app, "--near", flags->near, "J",
           "similarity from which rows are near duplicates; 0: never (default 0.9)")
      ->check(CheckNear);
  AddValue(app, "--seed", flags->seed, "N", "another one, another split (default 0)")
      ->check(CheckSeed);
  app.add_flag("--dry-run", flags->dry_run, "report only, write nothing");
  app.add_flag("--force", flags->force, "do it again although nothing has changed");
  AddJsonFlag(app, flags->json);
  app.footer("  understudy curate --in calls.jsonl --out data --split 80/8/6/6");
  return [flags](Console& console) { return RunCurate(*flags, console); };
}

}  // namespace understudy
