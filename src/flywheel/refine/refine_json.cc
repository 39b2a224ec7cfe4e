#include "flywheel/refine/refine.h"

namespace understudy {

json::object ToJson(const Refined& refined) {
  json::array steps, tasks;
  for (const Refined::Step& step : refined.steps) {
    steps.push_back({{"stage", step.stage},
                     {"task", step.task},
                     {"folder", step.folder.string()},
                     {"seconds", step.seconds},
                     {"unchanged", step.unchanged}});
  }
  const auto share = [](const ShareRow& row) {
    return json::object{{"total", row.total}, {"right", row.right}};
  };
  for (const RefinedTask& task : refined.tasks) {
    tasks.push_back(
        {{"id", task.id},
         {"name", task.name},
         {"kind", task.kind},
         {"train_rows", task.train_rows},
         {"test_rows", task.test_rows},
         {"base", task.base},
         {"adapter", task.adapter},
         {"why", task.why},
         {"test", {{"base", share(task.plain)}, {"tuned", share(task.tuned)}}},
         {"calib", {{"total", task.calibrated}, {"served", task.served}, {"wrong", task.wrong}}}});
  }
  return {{"calls", refined.calls},
          {"examples", refined.examples},
          {"promised", refined.promised},
          {"promise", refined.promise},
          {"served_share", refined.served_share},
          {"deployments", refined.deployments.string()},
          {"tasks", std::move(tasks)},
          {"steps", std::move(steps)}};
}

}  // namespace understudy
