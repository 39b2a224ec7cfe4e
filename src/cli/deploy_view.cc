#include "cli/deploy_view.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/clock.h"
#include "cli/table.h"
#include "cli/text.h"

namespace understudy {
namespace {

std::string StageOf(const DeployStanding& one) {
  std::string text(Name(one.stage));
  if (one.moved_to) return fmt::format("{} -> {}", text, Name(*one.moved_to));
  if (one.stage == DeploymentStage::kCanary) text += fmt::format(" {:g} %", one.share * 100);
  return text;
}

std::string OneOf(const ErrorCounts& counts) {
  return counts.rows == 0
             ? "-"
             : fmt::format("{} of {}", HumanCount(counts.errors), HumanCount(counts.rows));
}

std::string Note(const DeployStanding& one) {
  if (one.moved_to || one.why.empty()) return one.why;
  return "waits for " + one.why;
}

json::array StepList(const DeployBook& book) {
  json::array steps;
  for (const DeployStep& step : book.steps()) steps.push_back(ToJson(step));
  return steps;
}

}  // namespace

std::string StandingsText(const std::vector<DeployStanding>& standings) {
  if (standings.empty()) return "Nothing is deployed.\n";
  Table table({{"ID"},
               {"TASK"},
               {"MODEL"},
               {"ADAPTER"},
               {"STAGE"},
               {"SINCE"},
               {"DIFFER", Table::Align::kRight},
               {"FAILED", Table::Align::kRight},
               {"NOTE"}});
  for (const DeployStanding& one : standings) {
    table.Add({one.id, one.task, one.model, one.adapter.empty() ? "-" : one.adapter, StageOf(one),
               FormatWallMs(one.since_ms).substr(0, 16), OneOf(one.paired), OneOf(one.served),
               Note(one)});
  }
  return table.Render();
}

std::string DeploymentsText(const DeployBook& book, const std::vector<DeployStanding>& standings) {
  std::string text = StandingsText(standings);
  const auto retired = std::ranges::count(book.deployments().deployments, DeploymentStage::kRetired,
                                          &Deployment::stage);
  if (retired > 0) text += fmt::format("\nRetired: {}\n", retired);
  return text;
}

json::object DeploymentsJson(const DeployBook& book, const std::vector<DeployStanding>& standings) {
  json::array list;
  for (const DeployStanding& one : standings) list.push_back(ToJson(one));
  for (const Deployment& one : book.deployments().deployments) {
    if (one.stage != DeploymentStage::kRetired) continue;
    list.push_back({{"id", one.id},
                    {"task", one.task},
                    {"model", one.model},
                    {"adapter", one.adapter},
                    {"stage", Name(one.stage)},
                    {"since", one.since_ms}});
  }
  return {{"policy", book.deployments().policy},
          {"tasks", book.deployments().tasks},
          {"router", book.deployments().router},
          {"deployments", std::move(list)}};
}

json::object StepJson(const DeployBook& book, const std::vector<DeployStanding>& standings) {
  json::array list;
  for (const DeployStanding& one : standings) list.push_back(ToJson(one));
  return {{"deployments", std::move(list)}, {"steps", StepList(book)}};
}

std::string StepsOut(const DeployBook& book, bool as_json) {
  if (as_json) return json::serialize(json::object{{"steps", StepList(book)}}) + '\n';
  std::string lines;
  for (const DeployStep& step : book.steps()) {
    lines += fmt::format("{} (task {}): {} -> {}: {}\n", step.id, step.task, step.from, step.to,
                         Printable(step.reason.why));
  }
  return lines;
}

}  // namespace understudy
