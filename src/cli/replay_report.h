// What a replay found, summed up.
#pragma once

#include <map>

#include "cli/latency.h"
#include "cli/replay_run.h"

namespace understudy {

struct ReplayReport {
  int64_t items = 0;  // asked for
  int64_t sent = 0;
  int64_t answered = 0;
  int64_t comparable = 0;  // answered, and with a recorded answer
  int64_t equal = 0;
  double seconds = 0;
  Latencies total, first;  // of the answered ones
  Usage usage;             // summed
  std::map<std::string, int64_t> statuses, outcomes, models;
  std::vector<std::string> different;                       // ids, the first few
  std::vector<std::pair<std::string, std::string>> errors;  // id and what went wrong, first few
  bool all_answered() const { return answered == items; }
  bool all_equal() const { return equal == items; }
};

ReplayReport SumUp(const std::vector<ReplayItem>& items, const std::vector<ReplayResult>& results,
                   double seconds);

std::string ReportText(const ReplayReport& report);
json::object ReportJson(const ReplayReport& report);

}  // namespace understudy
