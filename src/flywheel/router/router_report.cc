#include "flywheel/router/fit_router.h"

namespace understudy {
namespace {

const json::value& Member(const json::value& object, std::string_view key) {
  static const json::value kNone;
  const json::value* member = Find(object, key);
  return member ? *member : kNone;
}

json::object ToJson(const ProbabilityQuality& quality) {
  return {{"auc", quality.auc},
          {"brier", quality.brier},
          {"mean", quality.mean},
          {"share", quality.share}};
}

ProbabilityQuality QualityFrom(const json::value& value) {
  return {.auc = NumberOr(value, "auc", 0.5),
          .brier = NumberOr(value, "brier", 0),
          .mean = NumberOr(value, "mean", 0),
          .share = NumberOr(value, "share", 0)};
}

json::object ToJson(const RouterReport::Task& task) {
  json::object out{
      {"id", task.id},       {"name", task.name},           {"before", task.before},
      {"after", task.after}, {"fitted", task.fitted},       {"rows", task.rows},
      {"right", task.right}, {"tried", task.tried},         {"served", task.served},
      {"wrong", task.wrong}, {"error_low", task.error.low}, {"error_high", task.error.high}};
  if (!task.why.empty()) out["why"] = task.why;
  return out;
}

RouterReport::Task TaskFrom(const json::value& value) {
  RouterReport::Task task;
  task.id = StringOr(value, "id");
  task.name = StringOr(value, "name");
  task.why = StringOr(value, "why");
  task.before = NumberOr(value, "before", kNeverServed);
  task.after = NumberOr(value, "after", kNeverServed);
  task.fitted = IntOr(value, "fitted", 0);
  task.rows = IntOr(value, "rows", 0);
  task.right = IntOr(value, "right", 0);
  task.tried = IntOr(value, "tried", 0);
  task.served = IntOr(value, "served", 0);
  task.wrong = IntOr(value, "wrong", 0);
  task.error = {NumberOr(value, "error_low", 0), NumberOr(value, "error_high", 1)};
  return task;
}

json::array CurveJson(const RouterReport& report) {
  json::array curve;
  for (const auto& [policy, test] : report.curve) {
    curve.push_back({{"before", policy.before},
                     {"after", policy.after},
                     {"served", test.served},
                     {"wrong", test.wrong},
                     {"p_value", test.p_value},
                     {"passed", test.passed}});
  }
  return curve;
}

}  // namespace

json::object ToJson(const RouterReport& report) {
  json::array tasks;
  for (const RouterReport::Task& task : report.tasks) tasks.push_back(ToJson(task));
  json::object out{{"promise",
                    {{"worse", report.promise.worse},
                     {"sure", report.promise.sure},
                     {"held", report.held},
                     {"loss_at_most", report.loss_at_most},
                     {"p_value", report.p_value},
                     {"p_value_by_group", report.p_value_by_group},
                     {"by_group", report.by_group}}},
                   {"rows",
                    {{"fitted", report.fitted},
                     {"tested", report.rows},
                     {"groups", report.groups},
                     {"left_out", report.left_out},
                     {"strayed", report.strayed}}},
                   {"tried", report.tried},
                   {"served", report.served},
                   {"wrong", report.wrong},
                   {"before", ToJson(report.before)},
                   {"after", ToJson(report.after)},
                   {"penalties", {{"before", report.before_l2}, {"after", report.after_l2}}},
                   {"tasks", std::move(tasks)},
                   {"curve", CurveJson(report)}};
  if (report.held) return out;
  json::object needed{{"if_right", report.needed_if_right}, {"as_seen", nullptr}};
  if (report.needed_as_seen) needed["as_seen"] = *report.needed_as_seen;
  out["why"] = report.why;
  out["needed"] = std::move(needed);
  return out;
}

RouterReport RouterReportFrom(const json::value& value) {
  RouterReport report;
  const json::value& promise = Member(value, "promise");
  report.promise = {NumberOr(promise, "worse", 0), NumberOr(promise, "sure", 0)};
  report.held = BoolOr(promise, "held", false);
  report.by_group = BoolOr(promise, "by_group", false);
  report.loss_at_most = NumberOr(promise, "loss_at_most", 1);
  report.p_value = NumberOr(promise, "p_value", 1);
  report.p_value_by_group = NumberOr(promise, "p_value_by_group", 1);
  const json::value& rows = Member(value, "rows");
  report.fitted = IntOr(rows, "fitted", 0);
  report.rows = IntOr(rows, "tested", 0);
  report.groups = IntOr(rows, "groups", 0);
  report.left_out = IntOr(rows, "left_out", 0);
  report.strayed = IntOr(rows, "strayed", 0);
  report.tried = IntOr(value, "tried", 0);
  report.served = IntOr(value, "served", 0);
  report.wrong = IntOr(value, "wrong", 0);
  report.before = QualityFrom(Member(value, "before"));
  report.after = QualityFrom(Member(value, "after"));
  report.before_l2 = NumberOr(Member(value, "penalties"), "before", 0);
  report.after_l2 = NumberOr(Member(value, "penalties"), "after", 0);
  report.why = StringOr(value, "why");
  const json::value& needed = Member(value, "needed");
  report.needed_if_right = IntOr(needed, "if_right", 0);
  if (const int64_t seen = IntOr(needed, "as_seen", -1); seen >= 0) report.needed_as_seen = seen;
  if (const auto* tasks = Member(value, "tasks").if_array()) {
    for (const json::value& task : *tasks) report.tasks.push_back(TaskFrom(task));
  }
  if (const auto* curve = Member(value, "curve").if_array()) {
    for (const json::value& point : *curve) {
      report.curve.push_back({{NumberOr(point, "before", 0), NumberOr(point, "after", 0)},
                              {IntOr(point, "served", 0), IntOr(point, "wrong", 0),
                               NumberOr(point, "p_value", 1), BoolOr(point, "passed", false)}});
    }
  }
  return report;
}

}  // namespace understudy
