// `understudy audit`: who read bodies, exported, and changed keys and deployments; and the proof
// that nothing of it was changed since.
#include "access/audit_verify.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/definitions.h"
#include "cli/flags.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/workspace.h"

namespace understudy {
namespace {

constexpr uint64_t kMaxHeadsBytes = 1 << 20;

struct AuditFlags {
  std::string workspace, heads;
  int64_t limit = 50;
  bool json = false;
};

Result<ExitCode> List(const AuditFlags& flags, Console& console) {
  TRY(const auto folder, LocateWorkspace(flags.workspace));
  TRY(const auto entries, ReadAudit(folder, static_cast<size_t>(flags.limit)));
  Table table({{"AT"}, {"WHO"}, {"ROLE"}, {"DID"}, {"TO"}, {"BY"}, {"DETAIL"}});
  json::array list;
  for (const AuditEntry& entry : entries) {
    list.push_back(ToJson(entry));
    table.Add({FormatWallMs(entry.at_ms), entry.actor, entry.role, entry.action, entry.object,
               entry.writer, entry.detail});
  }
  if (flags.json) {
    console.Out(json::serialize(list) + '\n');
  } else if (entries.empty()) {
    console.Err("nothing was logged yet\n");
  } else {
    table.Print(console);
  }
  return ExitCode::kOk;
}

Result<std::vector<AuditHead>> HeadsOf(const AuditFlags& flags,
                                       const std::filesystem::path& folder) {
  if (flags.heads.empty()) return std::vector<AuditHead>();
  TRY(const std::string text, ReadFile(flags.heads, kMaxHeadsBytes));
  TRY(const std::string key, LoadAuditKey(folder));
  auto heads = ParseHeads(text, key);
  if (heads) return heads;
  return Fail(Error(heads.error()).At(flags.heads));
}

json::object ReportJson(const AuditReport& report) {
  json::array findings, heads;
  for (const AuditFinding& finding : report.findings) {
    findings.push_back(json::object{{"fault", Name(finding.fault)},
                                    {"writer", finding.writer},
                                    {"line", finding.line},
                                    {"what", finding.what}});
  }
  for (const AuditHead& head : report.heads) {
    heads.push_back(json::object{{"writer", head.writer}, {"n", head.number}});
  }
  return {{"sound", report.findings.empty()},
          {"entries", report.entries},
          {"findings", std::move(findings)},
          {"heads", std::move(heads)}};
}

std::string ReportText(const AuditReport& report, bool against_heads) {
  std::string text;
  for (const AuditFinding& finding : report.findings) {
    text += fmt::format("{}: {}, line {}: {}\n", finding.writer, Name(finding.fault), finding.line,
                        Printable(finding.what));
  }
  if (!text.empty()) return text;
  return fmt::format("sound: {}{}\n", Counted(report.entries, "line"),
                     against_heads ? ", and all that the exported heads knew of" : "");
}

Result<ExitCode> Verify(const AuditFlags& flags, Console& console) {
  TRY(const auto folder, LocateWorkspace(flags.workspace));
  TRY(const auto heads, HeadsOf(flags, folder));
  TRY(const AuditReport report, VerifyAudit(folder, heads));
  console.Out(flags.json ? json::serialize(ReportJson(report)) + '\n'
                         : ReportText(report, !flags.heads.empty()));
  return report.findings.empty() ? ExitCode::kOk : ExitCode::kFailed;
}

Result<ExitCode> Heads(const AuditFlags& flags, Console& console) {
  TRY(const auto folder, LocateWorkspace(flags.workspace));
  TRY(const AuditReport report, VerifyAudit(folder));
  if (!report.findings.empty()) {
    console.Err(ReportText(report, false));
    return Fail(InvalidInput("the audit log is not sound, so no heads of it are made")
                    .At(AuditFolder(folder).string())
                    .Mend("understudy audit verify --heads FILE, with the last good heads, says "
                          "how far it can be trusted."));
  }
  TRY(const std::string key, LoadAuditKey(folder));
  console.Out(FormatHeads(report.heads, key, Clock::System().WallMs()));
  return ExitCode::kOk;
}

}  // namespace

Action DefineAuditList(CLI::App& app) {
  const auto flags = std::make_shared<AuditFlags>();
  AddValue(app, "-n,--limit", flags->limit, "N", "the newest N (default: 50)")
      ->check(CLI::Range(int64_t{1}, int64_t{1} << 30));
  AddWorkspaceFlag(app, flags->workspace);
  AddJsonFlag(app, flags->json);
  app.footer("  understudy audit list --limit 100");
  return [flags](Console& console) { return List(*flags, console); };
}

Action DefineAuditVerify(CLI::App& app) {
  const auto flags = std::make_shared<AuditFlags>();
  AddValue(app, "--heads", flags->heads, "FILE",
           "also against heads that were exported earlier: shows lines cut off the end");
  AddWorkspaceFlag(app, flags->workspace);
  AddJsonFlag(app, flags->json);
  app.footer("  understudy audit verify --heads heads.json");
  return [flags](Console& console) { return Verify(*flags, console); };
}

Action DefineAuditHeads(CLI::App& app) {
  const auto flags = std::make_shared<AuditFlags>();
  AddWorkspaceFlag(app, flags->workspace);
  app.footer("  understudy audit heads > heads.json");
  return [flags](Console& console) { return Heads(*flags, console); };
}

}  // namespace understudy
