#include "cli/simulate_report.h"

#include "cli/text.h"
#include "dataset/first_message.h"

namespace understudy {
namespace {

constexpr size_t kShownErrors = 10;

using Counts = std::map<std::string, int64_t>;

void Count(Counts& counts, const std::string& name) {
  if (!name.empty()) ++counts[name];
}

std::string CountsText(const Counts& counts) {
  std::vector<std::string> parts;
  for (const auto& [name, count] : counts) {
    parts.push_back(fmt::format("{}: {}", Printable(name), HumanCount(count)));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

json::object CountsJson(const Counts& counts) {
  json::object object;
  for (const auto& [name, count] : counts) object[name] = count;
  return object;
}

double Share(int64_t part, int64_t whole) {
  return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0;
}

std::string Ms(const Latencies& latency, double share) {
  if (latency.empty()) return "-";
  return HumanDuration(static_cast<double>(latency.PercentileUs(share)) / 1e6);
}

std::vector<std::string> Row(const std::string& name, const DeskReport& desk) {
  return {name,
          HumanCount(desk.calls),
          HumanCount(desk.sent),
          HumanCount(desk.errors),
          fmt::format("{:.1f} %", 100 * Share(desk.right, desk.answered())),
          Ms(desk.latency, 0.5),
          Ms(desk.latency, 0.95),
          HumanCount(desk.escalated),
          CountsText(desk.models)};
}

json::object DeskJson(const DeskReport& desk) {
  return {{"calls", desk.calls},
          {"sent", desk.sent},
          {"errors", desk.errors},
          {"answered", desk.answered()},
          {"right", desk.right},
          {"share_right", Share(desk.right, desk.answered())},
          {"escalated", desk.escalated},
          {"p50_ms", static_cast<double>(desk.latency.PercentileUs(0.5)) / 1e3},
          {"p95_ms", static_cast<double>(desk.latency.PercentileUs(0.95)) / 1e3},
          {"models", CountsJson(desk.models)}};
}

DeskReport& ReportOf(SimulateReport& report, std::string_view desk) {
  const auto found = std::ranges::find(
      report.desks, desk, [](const auto& each) { return std::string_view(each.first); });
  return found->second;
}

void Take(const OfficeCall& call, const ReplayResult& result, SimulateReport& report) {
  DeskReport one;
  one.calls = 1;
  if (result.sent) {
    const bool right = result.equal.value_or(false);
    one.sent = 1;
    one.errors = result.answered() ? 0 : 1;
    one.right = right ? 1 : 0;
    one.escalated = result.outcome == "escalated" ? 1 : 0;
    Count(report.outcomes, result.outcome);
    Count(report.verdicts, result.verdict);
    Count(report.tasks, result.task);
    if (result.answered()) {
      one.latency.Add(result.total_us);
      const bool named = !result.model.empty() || !result.answer;
      Count(one.models, named ? result.model : result.answer->model);
      report.kinds.Add(KindOf(call), right);
    } else if (report.errors.size() < kShownErrors) {
      report.errors.emplace_back(call.id, result.error);
    }
  }
  ReportOf(report, call.desk->name).Add(one);
  report.all.Add(one);
}

json::value ExpectedOf(const OfficeCall& call) {
  return AssistantMessage(call.expected, call.call_id);
}

// As much of the request as scoring asks about.
json::value FormatOf(const OfficeCall& call) {
  if (!call.desk->json) return json::object();
  return json::object{{"response_format", {{"type", "json_object"}}}};
}

// Answers by models that are none of `before`'s.
int64_t TakenOver(const json::value& before, const DeskReport& after) {
  const json::value* then = Find(before, "models");
  int64_t taken = 0;
  for (const auto& [model, count] : after.models) {
    if (!then || !Find(*then, model)) taken += count;
  }
  return taken;
}

std::vector<std::string> CompareRow(const std::string& name, const json::value& before,
                                    const DeskReport& after) {
  return {name,
          HumanCount(IntOr(before, "calls", 0)),
          HumanCount(after.calls),
          fmt::format("{:.1f} %", 100 * NumberOr(before, "share_right", 0)),
          fmt::format("{:.1f} %", 100 * Share(after.right, after.answered())),
          HumanDuration(NumberOr(before, "p50_ms", 0) / 1e3),
          Ms(after.latency, 0.5),
          fmt::format("{:.1f} %", 100 * Share(TakenOver(before, after), after.answered())),
          HumanCount(after.escalated)};
}

}  // namespace

void DeskReport::Add(const DeskReport& more) {
  calls += more.calls;
  sent += more.sent;
  errors += more.errors;
  right += more.right;
  escalated += more.escalated;
  latency.Add(more.latency);
  for (const auto& [name, count] : more.models) models[name] += count;
}

TargetKind KindOf(const OfficeCall& call) {
  return KindOf(ExpectedOf(call), FormatOf(call));
}

bool IsRight(const OfficeCall& call, const ChatAnswer& answer) {
  return ExactMatch(ExpectedOf(call), FirstMessage(answer.body), FormatOf(call));
}

SimulateReport SumUp(const std::vector<OfficeCall>& calls, const std::vector<ReplayResult>& results,
                     double seconds) {
  SimulateReport report;
  report.seconds = seconds;
  for (const Desk& desk : Desks()) report.desks.emplace_back(desk.name, DeskReport());
  for (size_t i = 0; i < calls.size(); ++i) Take(calls[i], results[i], report);
  std::erase_if(report.desks, [](const auto& desk) { return desk.second.calls == 0; });
  return report;
}

std::string ReportText(const SimulateReport& report) {
  using enum Table::Align;
  Table table({{"desk"},
               {"calls", kRight},
               {"sent", kRight},
               {"errors", kRight},
               {"right", kRight},
               {"p50", kRight},
               {"p95", kRight},
               {"escalated", kRight},
               {"answered by"}});
  for (const auto& [name, desk] : report.desks) table.Add(Row(name, desk));
  table.Add(Row("all", report.all));
  std::string out = table.Render();
  const double rate =
      report.seconds > 0 ? static_cast<double>(report.all.sent) / report.seconds : 0;
  out += fmt::format("\n{} in {} ({:.1f}/s); {}\n", Counted(report.all.sent, "call"),
                     HumanDuration(report.seconds), rate, ToText(report.kinds));
  if (!report.outcomes.empty()) out += fmt::format("outcomes: {}\n", CountsText(report.outcomes));
  if (!report.verdicts.empty()) out += fmt::format("verdicts: {}\n", CountsText(report.verdicts));
  for (const auto& [id, error] : report.errors) {
    out += fmt::format("failed: {}: {}\n", id, Printable(error));
  }
  return out;
}

std::string CompareText(const json::value& before, const SimulateReport& after) {
  using enum Table::Align;
  Table table({{"desk"},
               {"calls before", kRight},
               {"after", kRight},
               {"right before", kRight},
               {"after", kRight},
               {"p50 before", kRight},
               {"after", kRight},
               {"taken over", kRight},
               {"escalated", kRight}});
  const json::value* desks = Find(before, "desks");
  for (const auto& [name, desk] : after.desks) {
    const json::value* then = desks ? Find(*desks, name) : nullptr;
    table.Add(CompareRow(name, then ? *then : json::value(), desk));
  }
  const json::value* all = Find(before, "all");
  table.Add(CompareRow("all", all ? *all : json::value(), after.all));
  return table.Render();
}

json::object ReportJson(const SimulateReport& report) {
  json::object desks;
  for (const auto& [name, desk] : report.desks) desks[name] = DeskJson(desk);
  json::array errors;
  for (const auto& [id, error] : report.errors) {
    errors.push_back(json::object{{"id", id}, {"error", error}});
  }
  return {{"seconds", report.seconds},
          {"all", DeskJson(report.all)},
          {"desks", std::move(desks)},
          {"kinds", ToJson(report.kinds)},
          {"outcomes", CountsJson(report.outcomes)},
          {"verdicts", CountsJson(report.verdicts)},
          {"tasks", CountsJson(report.tasks)},
          {"first_errors", std::move(errors)}};
}

}  // namespace understudy
