#include "base/binomial.h"
#include "flywheel/report/report.h"

namespace understudy {
namespace {

json::object ToJson(const LatencySummary& latency) {
  return {{"calls", latency.calls}, {"p50_ms", latency.p50_ms}, {"p95_ms", latency.p95_ms}};
}

json::object ToJson(const ReportRow& row) {
  json::object out{
      {"calls", row.calls},
      {"by_small", row.by_small},
      {"small_share", row.small_share()},
      {"escalated", row.escalated},
      {"by_reference", row.by_reference},
      {"fell_back", row.fell_back},
      {"failed", row.failed},
      {"cost_before_usd", row.cost_before_usd},
      {"cost_after_usd", row.cost_after_usd},
      {"latency", {{"small", ToJson(row.small)}, {"reference", ToJson(row.reference)}}}};
  json::object agreement{{"compared", row.compared}, {"equal", row.equal}};
  if (row.compared > 0) {
    const BinomialBounds bounds = BinomialInterval(row.equal, row.compared, 0.95);
    agreement["low"] = bounds.low;
    agreement["high"] = bounds.high;
  }
  out["agreement"] = std::move(agreement);
  return out;
}

json::array ToJson(const std::map<std::string, ReportRow>& rows, std::string_view key,
                   const std::map<std::string, std::string>& names) {
  json::array out;
  for (const auto& [id, row] : rows) {
    json::object each{{key, id}};
    if (const auto name = names.find(id); name != names.end()) each["name"] = name->second;
    for (auto& [member, value] : ToJson(row)) each[member] = std::move(value);
    out.push_back(std::move(each));
  }
  return out;
}

}  // namespace

json::object ToJson(const Report& report) {
  return {{"v", 1},
          {"first_ms", report.first_ms},
          {"last_ms", report.last_ms},
          {"reference", report.reference},
          {"priced", report.priced},
          {"all", ToJson(report.all)},
          {"tasks", ToJson(report.tasks, "task", report.task_names)},
          {"agents", ToJson(report.agents, "agent", {})}};
}

}  // namespace understudy
