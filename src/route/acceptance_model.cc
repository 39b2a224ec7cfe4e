#include "route/acceptance_model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <unordered_set>

#include <fmt/format.h>

#include "base/ids.h"

namespace understudy {
namespace {

constexpr double kLogisticPart = 0.02;
constexpr size_t kMaxDims = 1 << 16;
constexpr std::string_view kMend = "Fit the router again: understudy router fit";

constexpr std::array<std::string_view, kSignalInputs> kSignalNames = {
    "probability before generation",
    "least token probability",
    "mean token probability",
    "least margin over the second choice",
    "share of the answer that the request holds",
    "length of the answer"};

double Logistic(double score) {
  return 1 / (1 + std::exp(-score));
}

Error Wrong(std::string_view where, std::string what) {
  return InvalidInput(std::move(what)).At(where).Mend(kMend);
}

bool AllFinite(const std::vector<double>& numbers) {
  return std::ranges::all_of(numbers, [](double x) { return std::isfinite(x); });
}

// Decisions add these up as floats: what is greater than any fit's is refused before it is
// infinite.
bool AllUsable(const std::vector<double>& numbers) {
  constexpr double kMost = 1e12;
  return std::ranges::all_of(numbers, [](double x) { return std::abs(x) <= kMost; });
}

Status CheckScore(const LinearScore& score, size_t inputs, std::string_view where) {
  if (score.weights.size() != inputs || score.means.size() != inputs) {
    return Fail(Wrong(where, fmt::format("{} weights and {} means where {} are due",
                                         score.weights.size(), score.means.size(), inputs)));
  }
  if (AllUsable({score.bias}) && AllUsable(score.weights) && AllUsable(score.means)) return {};
  return Fail(Wrong(where, "a weight is not finite, or beyond 1e12"));
}

Status CheckTable(const CalibrationTable& table, std::string_view where) {
  if (table.scores.size() != table.probabilities.size()) {
    return Fail(Wrong(where, fmt::format("{} scores and {} probabilities", table.scores.size(),
                                         table.probabilities.size())));
  }
  if (!AllFinite(table.scores) || !AllFinite(table.probabilities)) {
    return Fail(Wrong(where, "a number is not finite"));
  }
  const bool strict =
      std::ranges::adjacent_find(table.scores, std::greater_equal<>()) == table.scores.end();
  if (!strict || !std::ranges::is_sorted(table.probabilities)) {
    return Fail(Wrong(where, "scores and probabilities must ascend"));
  }
  if (table.probabilities.empty() ||
      (table.probabilities.front() >= 0 && table.probabilities.back() <= 1)) {
    return {};
  }
  return Fail(Wrong(where, "a probability lies from 0 to 1"));
}

Status CheckTasks(const std::vector<TaskThresholds>& tasks) {
  std::unordered_set<std::string_view> seen;
  for (size_t i = 0; i < tasks.size(); ++i) {
    const std::string where = fmt::format("tasks[{}]", i);
    if (tasks[i].id.empty()) return Fail(Wrong(where, "a task has no id"));
    if (!seen.insert(tasks[i].id).second) {
      return Fail(Wrong(where, fmt::format("the task {} stands there twice", tasks[i].id)));
    }
    for (const double threshold : {tasks[i].before, tasks[i].after}) {
      if (!(threshold >= 0 && threshold <= kNeverServed)) {
        return Fail(Wrong(where, "a threshold lies from 0 to 2"));
      }
    }
  }
  return {};
}

// Reading: a member that is missing or of another type is an error, never a default.
class Reader {
 public:
  explicit Reader(const json::value& root) : root_(root) {}

  Result<const json::value*> Member(std::string_view key, const json::value* in = nullptr) const {
    const json::value* member = Find(in ? *in : root_, key);
    if (!member) return Fail(Wrong(key, "a member is missing"));
    return member;
  }
  Result<double> Number(std::string_view key, const json::value* in = nullptr) const {
    TRY(const json::value* member, Member(key, in));
    if (!member->is_number()) return Fail(Wrong(key, "a number is due"));
    return member->to_number<double>();
  }
  Result<std::string> Text(std::string_view key, const json::value* in = nullptr) const {
    TRY(const json::value* member, Member(key, in));
    if (!member->is_string()) return Fail(Wrong(key, "a string is due"));
    return std::string(member->get_string());
  }
  Result<std::vector<double>> Numbers(std::string_view key, const json::value* in) const {
    TRY(const json::value* member, Member(key, in));
    if (!member->is_array()) return Fail(Wrong(key, "a list of numbers is due"));
    std::vector<double> numbers;
    numbers.reserve(member->get_array().size());
    for (const json::value& item : member->get_array()) {
      if (!item.is_number()) return Fail(Wrong(key, "a list of numbers is due"));
      numbers.push_back(item.to_number<double>());
    }
    return numbers;
  }
  Result<LinearScore> Score(std::string_view key) const {
    TRY(const json::value* object, Member(key));
    LinearScore score;
    TRY(score.bias, Number("bias", object));
    TRY(score.weights, Numbers("weights", object));
    TRY(score.means, Numbers("means", object));
    return score;
  }
  Result<CalibrationTable> Table(std::string_view key) const {
    TRY(const json::value* object, Member(key));
    CalibrationTable table;
    TRY(table.scores, Numbers("scores", object));
    TRY(table.probabilities, Numbers("probabilities", object));
    return table;
  }
  Result<std::vector<TaskThresholds>> Tasks() const {
    TRY(const json::value* list, Member("tasks"));
    if (!list->is_array()) return Fail(Wrong("tasks", "a list is due"));
    std::vector<TaskThresholds> tasks;
    for (const json::value& item : list->get_array()) {
      TaskThresholds task;
      TRY(task.id, Text("id", &item));
      TRY(task.before, Number("before", &item));
      TRY(task.after, Number("after", &item));
      task.name = StringOr(item, "name", task.id);
      task.why = StringOr(item, "why");
      tasks.push_back(std::move(task));
    }
    return tasks;
  }
  Status Promise(AcceptanceModel& model) const {
    TRY(const json::value* promise, Member("promise"));
    TRY(model.worse, Number("worse", promise));
    TRY(model.sure, Number("sure", promise));
    model.held = BoolOr(*promise, "held", false);
    const bool shares = model.worse > 0 && model.worse < 1 && model.sure > 0 && model.sure < 1;
    return shares ? Status() : Fail(Wrong("promise", "worse and sure lie between 0 and 1"));
  }

 private:
  const json::value& root_;
};

json::array ToJson(const std::vector<double>& numbers) {
  json::array list(numbers.begin(), numbers.end());
  return list;
}

json::object ToJson(const LinearScore& score) {
  return {{"bias", score.bias}, {"weights", ToJson(score.weights)}, {"means", ToJson(score.means)}};
}

json::object ToJson(const CalibrationTable& table) {
  return {{"scores", ToJson(table.scores)}, {"probabilities", ToJson(table.probabilities)}};
}

}  // namespace

double CalibrationTable::At(double score) const {
  // Held where the logistic function still has a next value.
  score = std::clamp(score, -30.0, 30.0);
  const double logistic = Logistic(score);
  if (scores.empty()) return logistic;
  double level = 0;
  const auto above = std::ranges::upper_bound(scores, score);
  if (above == scores.begin()) {
    level = probabilities.front();
  } else if (above == scores.end()) {
    level = probabilities.back();
  } else {
    const auto i = static_cast<size_t>(above - scores.begin());
    const double share = (score - scores[i - 1]) / (scores[i] - scores[i - 1]);
    level = probabilities[i - 1] + share * (probabilities[i] - probabilities[i - 1]);
  }
  return (1 - kLogisticPart) * level + kLogisticPart * logistic;
}

std::string_view SignalInputName(size_t index) {
  return index < kSignalNames.size() ? kSignalNames[index] : std::string_view("unknown");
}

Status CheckAcceptanceModel(const AcceptanceModel& model) {
  if (model.dims > kMaxDims) return Fail(Wrong("dims", "an embedding has at most 65,536 floats"));
  TRY_VOID(CheckTasks(model.tasks));
  TRY_VOID(CheckScore(model.before, model.before_inputs(), "before"));
  TRY_VOID(CheckScore(model.after, kSignalInputs, "after"));
  TRY_VOID(CheckTable(model.before_table, "before_table"));
  return CheckTable(model.after_table, "after_table");
}

std::string PolicyName(const AcceptanceModel& model) {
  AcceptanceModel numbers = model;
  numbers.policy.clear();
  return fmt::format("router/{:08x}", FastHash(json::serialize(ToJson(numbers))) & 0xffffffff);
}

json::object ToJson(const AcceptanceModel& model) {
  json::array tasks;
  for (const TaskThresholds& task : model.tasks) {
    json::object item{{"id", task.id}, {"name", task.name}};
    item["before"] = task.before;
    item["after"] = task.after;
    if (!task.why.empty()) item["why"] = task.why;
    tasks.push_back(std::move(item));
  }
  return {{"v", 1},
          {"policy", model.policy},
          {"promise", {{"worse", model.worse}, {"sure", model.sure}, {"held", model.held}}},
          {"dims", model.dims},
          {"tasks", std::move(tasks)},
          {"before", ToJson(model.before)},
          {"before_table", ToJson(model.before_table)},
          {"after", ToJson(model.after)},
          {"after_table", ToJson(model.after_table)}};
}

Result<AcceptanceModel> ParseAcceptanceModel(std::string_view text) {
  TRY(const json::value root, ParseJson(text));
  if (!root.is_object()) return Fail(Wrong("", "a router's file is one JSON object"));
  if (const int64_t version = IntOr(root, "v", 0); version != 1) {
    return Fail(Wrong("v", fmt::format("this program reads version 1, not {}", version)));
  }
  const Reader reader(root);
  AcceptanceModel model;
  TRY(model.policy, reader.Text("policy"));
  TRY_VOID(reader.Promise(model));
  TRY(const double dims, reader.Number("dims"));
  if (!(dims >= 0 && dims <= kMaxDims) || dims != std::floor(dims)) {
    return Fail(Wrong("dims", "a whole number from 0 to 65,536 is due"));
  }
  model.dims = static_cast<size_t>(dims);
  TRY(model.tasks, reader.Tasks());
  TRY(model.before, reader.Score("before"));
  TRY(model.before_table, reader.Table("before_table"));
  TRY(model.after, reader.Score("after"));
  TRY(model.after_table, reader.Table("after_table"));
  TRY_VOID(CheckAcceptanceModel(model));
  return model;
}

}  // namespace understudy
