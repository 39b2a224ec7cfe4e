// What the wheel has brought: of the recorded exchanges, how many a small model answered, how good
// that was against the reference, how fast, and what it cost beside what the reference would have
// cost; in all, by task and by agent.
//
// "Before" is an estimate, and is called so: every call at the reference's price, its tokens
// counted by the reference where it answered, and elsewhere taken from the calls of the same task
// that it did answer (tokens per byte of request, and tokens an answer; of all calls where the task
// has none). "After" is what was charged, escalations included: a rejected answer of a small model
// costs as well. Where the reference has no price in the config, both are zero and the report says
// so.
//
// Agreement with the reference is known only where both answered: shadow answers, compared as
// dataset/score.h does, with an exact 95 % interval (Clopper and Pearson 1934).
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/options.h"
#include "base/result.h"
#include "models/model.h"
#include "store/usage_store.h"

namespace understudy {

// Exact percentiles of a few thousand to a few million latencies, in milliseconds; 0: none.
struct LatencySummary {
  int64_t calls = 0;
  double p50_ms = 0, p95_ms = 0;
};

struct ReportRow {
  int64_t calls = 0;
  int64_t by_small = 0;      // answered by a small model, verified
  int64_t escalated = 0;     // by the reference, after a small model's answer was rejected
  int64_t by_reference = 0;  // by the reference at once
  int64_t fell_back = 0;     // by another model than the one chosen, as that was down, slow or full
  int64_t failed = 0;        // with an error
  int64_t compared = 0;      // both answered: shadow
  int64_t equal = 0;         // and agreed
  double cost_before_usd = 0, cost_after_usd = 0;
  LatencySummary small, reference;

  double small_share() const {
    return calls == 0 ? 0 : static_cast<double>(by_small) / static_cast<double>(calls);
  }
};

struct Report {
  int64_t first_ms = 0, last_ms = 0;  // arrival of the first and the last call; 0: none
  std::string reference;              // the reference model's name; empty: none configured
  bool priced = false;                // it has a price
  ReportRow all;
  std::map<std::string, ReportRow> tasks;         // by id; "" for calls of no known task
  std::map<std::string, ReportRow> agents;        // by name; "" where none was sent
  std::map<std::string, std::string> task_names;  // by id, where known
};

struct ReportOptions {
  ExchangeFilter filter;
  std::map<std::string, std::string> task_names;
};

// Reads every exchange that passes the filter, once. Fails as the store fails.
Result<Report> MakeReport(UsageStore& store, const Options& options, const ReportOptions& wanted);

json::object ToJson(const Report& report);
// A page that needs nothing from elsewhere: no script, no font, no picture. Texts are escaped.
std::string ToHtml(const Report& report);

}  // namespace understudy
