// The numbers of a fitted router, and the file that carries them: router.json, written by
// flywheel/router, read by the gateway. Format, version 1:
//
//   {"v":1, "policy":"router/1f0c22ab",
//    "promise":{"worse":0.05,"sure":0.95,"held":true},
//    "dims":64,                                   // floats of an embedding
//    "tasks":[{"id","name","before":0.41,"after":0.93,"why":""}],
//    "before":{"bias","weights":[..],"means":[..]},   // 64 + 1 + 15 + one a task, in that order
//    "before_table":{"scores":[..],"probabilities":[..]},
//    "after":{...}, "after_table":{...}}              // kSignalInputs
//
// A threshold above 1 is never reached: the reference answers. Numbers may gain members; members
// that are not named here are not read.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "route/request_features.h"

namespace understudy {

inline constexpr double kNeverServed = 2;  // a threshold that no probability reaches

// Score = bias + sum of weight * (input - mean): a log-odds.
struct LinearScore {
  double bias = 0;
  std::vector<double> weights, means;  // of equal length; the means explain, and stand in for gaps

  size_t size() const { return weights.size(); }
};

// A score's probability, as rows that the score was not fitted on had it: linear between the points
// of isotonic regression, flat beyond them, and then for one part in fifty the logistic function of
// the score itself, so that no two scores have the same probability and thresholds can fall between
// them. Both lists ascend and are of equal length; empty: the logistic function alone.
struct CalibrationTable {
  std::vector<double> scores, probabilities;

  double At(double score) const;  // strictly ascending; between 0 and 1, both excluded
};

struct TaskThresholds {
  std::string id, name;
  double before = kNeverServed;  // an SLM is asked where P before generation reaches this
  double after = kNeverServed;   // and its answer served where P after generation reaches this
  std::string why;               // where nothing is served: the reason, for people
};

// What After looks at, in this order.
inline constexpr size_t kSignalInputs = 6;
std::string_view SignalInputName(size_t index);

struct AcceptanceModel {
  std::string policy;
  double worse = 0, sure = 0;  // the promise asked for: shares
  bool held = false;           // something is served under it
  size_t dims = 0;
  std::vector<TaskThresholds> tasks;
  LinearScore before;
  CalibrationTable before_table;
  LinearScore after;
  CalibrationTable after_table;

  size_t before_inputs() const { return dims + 1 + kRequestFeatureCount + tasks.size(); }
};

// Sizes that belong together, finite numbers (weights within 1e12), ascending tables, thresholds
// from 0 to 2, ids that are there and differ. kInvalidInput, `where` the member.
Status CheckAcceptanceModel(const AcceptanceModel& model);

// "router/" and eight hex digits of all the numbers.
std::string PolicyName(const AcceptanceModel& model);

json::object ToJson(const AcceptanceModel& model);
// Reads and checks; bounded in memory by the text. kInvalidInput names the member.
Result<AcceptanceModel> ParseAcceptanceModel(std::string_view text);

}  // namespace understudy
