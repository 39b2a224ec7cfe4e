// `understudy doctor`: everything that must hold before the gateway serves well, and how to mend
// what does not.
#include "cli/doctor.h"

#include "base/config.h"
#include "base/json.h"
#include "cli/definitions.h"
#include "cli/flags.h"
#include "cli/text.h"

namespace understudy {
namespace {

struct DoctorFlags {
  std::string workspace;
  bool online = false, selftest = false, json = false;
};

void Append(Findings& all, Findings more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

Findings Examine(const DoctorFlags& flags) {
  const std::string workspace = FindWorkspace(flags.workspace).string();
  std::optional<Options> options;
  Findings all = CheckMachine(workspace);
  Append(all, CheckWorkspace(workspace, options));
  Append(all, CheckDependencies(workspace, options ? &*options : nullptr, flags.selftest));
  if (options) {
    Append(all, CheckModels(*options, flags.online));
    Append(all, CheckNetwork(*options));
  }
  return all;
}

Colour ColourOf(Health health) {
  return health == Health::kOk     ? Colour::kGreen
         : health == Health::kWarn ? Colour::kYellow
                                   : Colour::kRed;
}

void PrintText(const Findings& findings, Console& console) {
  std::string subject;
  for (const Finding& finding : findings) {
    if (finding.subject != subject) console.Out(finding.subject + '\n');
    subject = finding.subject;
    const std::string mark =
        console.PaintOut(ColourOf(finding.health), fmt::format("{:<4}", Name(finding.health)));
    console.Out(fmt::format("  {}  {:<22}  {}\n", mark, Printable(finding.name),
                            Printable(finding.detail)));
    if (!finding.mend.empty() && finding.health != Health::kOk) {
      console.Out(fmt::format("        -> {}\n", Printable(finding.mend)));
    }
  }
}

void PrintJson(const Findings& findings, bool healthy, Console& console) {
  json::array rows;
  for (const Finding& finding : findings) {
    rows.push_back(json::object{{"subject", finding.subject},
                                {"name", finding.name},
                                {"status", Name(finding.health)},
                                {"detail", finding.detail},
                                {"mend", finding.mend}});
  }
  const json::object report{{"ok", healthy}, {"findings", std::move(rows)}};
  console.Out(json::serialize(report) + '\n');
}

}  // namespace

ExitCode ReportFindings(const Findings& findings, bool as_json, Console& console) {
  const bool healthy =
      std::ranges::find(findings, Health::kFail, &Finding::health) == findings.end();
  if (as_json) {
    PrintJson(findings, healthy, console);
  } else {
    PrintText(findings, console);
  }
  return healthy ? ExitCode::kOk : ExitCode::kFailed;
}

Action DefineDoctor(CLI::App& app) {
  const auto flags = std::make_shared<DoctorFlags>();
  AddWorkspaceFlag(app, flags->workspace);
  app.add_flag("--online", flags->online, "also ask every upstream whether it answers");
  app.add_flag("--selftest", flags->selftest,
               "run llama-server's self-test again, although this version has passed it");
  AddJsonFlag(app, flags->json);
  app.footer("  understudy doctor --online");
  return [flags](Console& console) -> Result<ExitCode> {
    return ReportFindings(Examine(*flags), flags->json, console);
  };
}

}  // namespace understudy
