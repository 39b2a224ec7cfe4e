#include "flywheel/report/report.h"

#include <set>

#include "flywheel/report/tally.h"
#include "models/model_info.h"

namespace understudy {
namespace {

struct Models {
  std::set<std::string, std::less<>> small;
  std::string reference;
  Price price;  // of the reference
};

Models ModelsOf(const Options& options) {
  Models models;
  for (const ModelOptions& each : options.models) {
    const ModelInfo info = MakeModelInfo(each);
    if (info.is_small) models.small.insert(info.name);
    const bool named = info.name == options.routing.reference;
    if (named ||
        (!info.is_small && models.reference.empty() && options.routing.reference.empty())) {
      models.reference = info.name;
      models.price = info.price;
    }
  }
  return models;
}

// A small model that is no longer configured is known by the kind of its answer.
bool SmallServed(const Exchange& exchange, const Models& models) {
  for (const AnswerRecord& answer : exchange.answers) {
    if (!answer.served) continue;
    return models.small.contains(answer.model) ||
           (answer.kind != AnswerKind::kReference && answer.kind != AnswerKind::kShadow);
  }
  return false;
}

using Tallies = std::map<std::string, Tally>;

std::map<std::string, ReportRow> Close(const Tallies& tallies, const ReferencePace& overall) {
  std::map<std::string, ReportRow> rows;
  for (const auto& [name, tally] : tallies) rows.emplace(name, tally.Row(overall));
  return rows;
}

}  // namespace

Result<Report> MakeReport(UsageStore& store, const Options& options, const ReportOptions& wanted) {
  const Models models = ModelsOf(options);
  Tally all(models.price);
  Tallies tasks, agents;
  Report report;
  TRY_VOID(store.Scan(wanted.filter, [&](Exchange&& exchange) {
    const bool small = SmallServed(exchange, models);
    const std::string task = exchange.decision ? exchange.decision->task : "";
    all.Add(exchange, small);
    tasks.try_emplace(task, models.price).first->second.Add(exchange, small);
    agents.try_emplace(exchange.agent, models.price).first->second.Add(exchange, small);
    report.first_ms =
        report.first_ms == 0 ? exchange.at_ms : std::min(report.first_ms, exchange.at_ms);
    report.last_ms = std::max(report.last_ms, exchange.at_ms);
    return true;
  }));
  report.reference = models.reference;
  report.priced = models.price.input_usd > 0 || models.price.output_usd > 0;
  report.all = all.Row(all.pace());
  report.tasks = Close(tasks, all.pace());
  report.agents = Close(agents, all.pace());
  report.task_names = wanted.task_names;
  report.stages = wanted.stages;
  // The parts' estimates are finer than the whole's; the whole is their sum.
  report.all.cost_before_usd = 0;
  for (const auto& [task, row] : report.tasks) report.all.cost_before_usd += row.cost_before_usd;
  return report;
}

}  // namespace understudy
