// What driving the simulated agent found, desk by desk.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "cli/latency.h"
#include "cli/replay_run.h"
#include "cli/table.h"
#include "dataset/score.h"
#include "simulate/office_agent.h"

namespace understudy {

struct DeskReport {
  int64_t calls = 0;  // asked for
  int64_t sent = 0;   // the others came behind an answer that was wrong, or the run ended
  int64_t errors = 0;
  int64_t right = 0;  // answers that equal the expected one (dataset/score.h)
  int64_t escalated = 0;
  Latencies latency;                      // of answered calls
  std::map<std::string, int64_t> models;  // who answered, as the gateway says
  int64_t answered() const { return sent - errors; }
  void Add(const DeskReport& more);
};

struct SimulateReport {
  std::vector<std::pair<std::string, DeskReport>> desks;  // those with calls, in their order
  DeskReport all;
  Scorecard kinds;
  std::map<std::string, int64_t> outcomes, verdicts, tasks;
  std::vector<std::pair<std::string, std::string>> errors;  // id and what went wrong, first few
  double seconds = 0;
  bool all_right() const { return all.right == all.calls; }
};

// `results[i]` is what came of `calls[i]`; answers were kept.
SimulateReport SumUp(const std::vector<OfficeCall>& calls, const std::vector<ReplayResult>& results,
                     double seconds);

// The expected answer's kind, and whether an answer equals it.
TargetKind KindOf(const OfficeCall& call);
bool IsRight(const OfficeCall& call, const ChatAnswer& answer);

std::string ReportText(const SimulateReport& report);
// One table, desk by desk, of an earlier run (what ReportJson gave) and this one: right answers and
// median latency in both, and the share of answers now given by models that gave none of the desk's
// then.
std::string CompareText(const json::value& before, const SimulateReport& after);
json::object ReportJson(const SimulateReport& report);

}  // namespace understudy
