#include <fmt/chrono.h>

#include "base/markup.h"
#include "flywheel/report/report.h"

namespace understudy {
namespace {

constexpr std::string_view kHead = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Understudy: what the small models do</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root { color-scheme: light dark; --ink: #1d2733; --soft: #66788a; --line: #d8dfe6; --ground: #fff;
        --small: #1f7a5c; --other: #c3ccd5; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e4e9ee; --soft: #93a1af; --line: #333f4b; --ground: #12181e; --small: #43b58c;
          --other: #46525e; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground);
       max-width: 76rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin: 0 } h2 { font-size: 1.1rem; margin: 2.2rem 0 .4rem }
.when, .note { color: var(--soft) }
.figures { display: flex; flex-wrap: wrap; gap: 2.5rem; margin: 1.6rem 0 }
.figures b { display: block; font-size: 2rem; line-height: 1.2 }
.figures span { color: var(--soft) }
.scroll { overflow-x: auto }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums }
th { text-align: left; font-weight: 600; color: var(--soft); font-size: .85rem }
th, td { padding: .35rem .8rem .35rem 0; border-bottom: 1px solid var(--line); white-space: nowrap }
td.n, th.n { text-align: right }
.bar { display: flex; width: 10rem; height: .7rem; background: var(--other); border-radius: .2rem;
       overflow: hidden }
.bar i { background: var(--small) }
</style></head><body>
)";

std::string Day(int64_t unix_ms) {
  return fmt::format("{:%Y-%m-%d %H:%M} UTC",
                     fmt::gmtime(static_cast<std::time_t>(unix_ms / 1000)));
}

std::string Percent(double share) {
  return fmt::format("{:.1f} %", share * 100);
}

std::string Dollars(double usd) {
  return usd != 0 && usd < 1 ? fmt::format("${:.4f}", usd) : fmt::format("${:.2f}", usd);
}

std::string Milliseconds(const LatencySummary& latency) {
  if (latency.calls == 0) return "&ndash;";
  return fmt::format("{:.0f} / {:.0f}", latency.p50_ms, latency.p95_ms);
}

std::string Counted(const ReportShare& share) {
  if (share.of == 0) return "&ndash;";
  const BinomialBounds bounds = share.bounds();
  return fmt::format("{} of {} ({} to {})", share.count, share.of, Percent(bounds.low),
                     Percent(bounds.high));
}

std::string Line(std::string_view name, std::string_view stages, const ReportRow& row,
                 bool priced) {
  std::string line = fmt::format(
      "<tr><td>{}{}</td><td class=n>{}</td><td><div class=bar title=\"{}\"><i "
      "style=\"width:{:.1f}%\"></i></div></td><td class=n>{}</td><td class=n>{}</td><td "
      "class=n>{}</td><td class=n>{}</td><td class=n>{}</td><td class=n>{}</td><td "
      "class=n>{}</td><td "
      "class=n>{}</td><td class=n>{}</td>",
      EscapeMarkup(name),
      stages.empty() ? "" : fmt::format(" <span class=note>{}</span>", EscapeMarkup(stages)),
      row.calls, Percent(row.small_share()), row.small_share() * 100, Percent(row.small_share()),
      row.escalated, row.failed, Counted(row.passed), Counted(row.agreed), Counted(row.served_well),
      Milliseconds(row.small), Milliseconds(row.reference), Milliseconds(row.all));
  if (priced) {
    line += fmt::format("<td class=n>{}</td><td class=n>{}</td>", Dollars(row.cost_before_usd),
                        Dollars(row.cost_after_usd));
  }
  return line + "</tr>\n";
}

std::string Table(std::string_view what, const std::map<std::string, ReportRow>& rows,
                  const std::map<std::string, std::string>& names,
                  const std::map<std::string, std::string>& stages, std::string_view unknown,
                  bool priced) {
  std::string out = fmt::format(
      "<div class=scroll><table><tr><th>{}</th><th class=n>calls</th><th colspan=2>by small "
      "models</th><th class=n>escalated</th><th class=n>failed</th><th class=n>verified</th><th "
      "class=n>as the reference</th><th class=n>of those served</th><th class=n>small p50 / p95 "
      "ms</th><th class=n>reference p50 / p95 ms</th><th class=n>all p50 / p95 ms</th>{}</tr>\n",
      what, priced ? "<th class=n>before</th><th class=n>after</th>" : "");
  for (const auto& [id, row] : rows) {
    const auto name = names.find(id);
    const auto stage = stages.find(id);
    out += Line(id.empty()            ? unknown
                : name == names.end() ? std::string_view(id)
                                      : name->second,
                stage == stages.end() ? std::string_view() : stage->second, row, priced);
  }
  return out + "</table></div>\n";
}

std::string Figures(const Report& report) {
  const ReportRow& all = report.all;
  std::string out = fmt::format(
      "<div class=figures><div><b>{}</b><span>of {} calls answered by small models</span></div>"
      "<div><b>{}</b><span>escalated to the reference</span></div>",
      Percent(all.small_share()), all.calls, all.escalated);
  if (report.priced) {
    out += fmt::format(
        "<div><b>{} &rarr; {}</b><span>what the reference would have cost, and what was "
        "charged</span></div>",
        Dollars(all.cost_before_usd), Dollars(all.cost_after_usd));
  }
  if (all.small.calls > 0 && all.reference.calls > 0) {
    out += fmt::format(
        "<div><b>{:.0f} &rarr; {:.0f} ms</b><span>median of the reference, of small "
        "models</span></div>",
        all.reference.p50_ms, all.small.p50_ms);
  }
  if (all.served_well.of > 0) {
    const BinomialBounds bounds = all.served_well.bounds();
    out += fmt::format(
        "<div><b>{}</b><span>of {} answers that would be served are the reference's, {} to "
        "{}</span></div>",
        Percent(static_cast<double>(all.served_well.count) /
                static_cast<double>(all.served_well.of)),
        all.served_well.of, Percent(bounds.low), Percent(bounds.high));
  }
  return out + "</div>\n";
}

std::string Notes(const Report& report) {
  std::string notes =
      "<p class=note>Verified: of the answers that small models gave to clients' calls, those that "
      "passed. As the reference: of shadow answers, where both answered, those that agree; of "
      "those served: only of the ones that the router and verification would have let through. "
      "Intervals are exact, 95 %. Latency is that of whole calls, \"reference\" without what was "
      "escalated. ";
  notes +=
      report.priced
          ? "\"Before\" is an estimate: every call at the reference's price, tokens counted "
            "where it answered and taken from its calls of the same task elsewhere. \"After\" "
            "is what was charged, rejected answers included" +
                (report.all.cost_shadow_usd > 0 ? fmt::format("; shadow answers took {} more.",
                                                              Dollars(report.all.cost_shadow_usd))
                                                : std::string("."))
          : "The reference has no price in the config, so no cost is shown.";
  return notes + "</p>\n";
}

}  // namespace

std::string ToHtml(const Report& report) {
  std::string out(kHead);
  out += "<h1>What the small models do</h1>\n";
  out +=
      report.all.calls == 0
          ? "<p class=when>Nothing was recorded yet.</p>\n"
          : fmt::format(
                "<p class=when>{} to {}{}</p>\n", Day(report.first_ms), Day(report.last_ms),
                report.reference.empty() ? "" : "; reference: " + EscapeMarkup(report.reference));
  if (report.all.calls > 0) {
    out += Figures(report);
    out += "<h2>By task</h2>\n" + Table("task", report.tasks, report.task_names, report.stages,
                                        "(no task)", report.priced);
    out +=
        "<h2>By agent</h2>\n" + Table("agent", report.agents, {}, {}, "(unnamed)", report.priced);
    out += Notes(report);
  }
  return out + "</body></html>\n";
}

}  // namespace understudy
