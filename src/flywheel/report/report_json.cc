#include "flywheel/report/report.h"

namespace understudy {
namespace {

json::object ToJson(const LatencySummary& latency) {
  return {{"calls", latency.calls}, {"p50_ms", latency.p50_ms}, {"p95_ms", latency.p95_ms}};
}

json::object ToJson(const ReportShare& share) {
  json::object out{{"of", share.of}, {"count", share.count}};
  if (share.of == 0) return out;
  out["share"] = static_cast<double>(share.count) / static_cast<double>(share.of);
  const BinomialBounds bounds = share.bounds();
  out["low"] = bounds.low;
  out["high"] = bounds.high;
  return out;
}

json::object ToJson(const ReportRow& row) {
  json::object out{{"calls", row.calls},
                   {"by_small", row.by_small},
                   {"unverified", row.unverified},
                   {"small_share", row.small_share()},
                   {"escalated", row.escalated},
                   {"by_reference", row.by_reference},
                   {"fell_back", row.fell_back},
                   {"failed", row.failed},
                   {"cost_before_usd", row.cost_before_usd},
                   {"cost_after_usd", row.cost_after_usd},
                   {"cost_shadow_usd", row.cost_shadow_usd},
                   {"latency",
                    {{"small", ToJson(row.small)},
                     {"reference", ToJson(row.reference)},
                     {"after_escalation", ToJson(row.after_escalation)},
                     {"all", ToJson(row.all)}}},
                   {"passed", ToJson(row.passed)},
                   {"would_serve", ToJson(row.would_serve)},
                   {"served_agreement", ToJson(row.served_well)}};
  json::object agreement{{"compared", row.agreed.of}, {"equal", row.agreed.count}};
  if (row.agreed.of > 0) {
    const BinomialBounds bounds = row.agreed.bounds();
    agreement["low"] = bounds.low;
    agreement["high"] = bounds.high;
  }
  out["agreement"] = std::move(agreement);
  return out;
}

json::array ToJson(const std::map<std::string, ReportRow>& rows, std::string_view key,
                   const std::map<std::string, std::string>& names,
                   const std::map<std::string, std::string>& stages) {
  json::array out;
  for (const auto& [id, row] : rows) {
    json::object each{{key, id}};
    if (const auto name = names.find(id); name != names.end()) each["name"] = name->second;
    if (const auto stage = stages.find(id); stage != stages.end()) each["stages"] = stage->second;
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
          {"tasks", ToJson(report.tasks, "task", report.task_names, report.stages)},
          {"agents", ToJson(report.agents, "agent", {}, {})}};
}

}  // namespace understudy
