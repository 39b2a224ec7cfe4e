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
// Shadow answers on trial cost as well; that is told apart.
//
// Agreement with the reference is known only where both answered: shadow answers, compared as
// dataset/score.h does, with an exact 95 % interval (Clopper and Pearson 1934). Of all of them, and
// of those that would have been served: the router would have asked, and verification passed. The
// second is what the answers that clients got are like.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/binomial.h"
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

// A share with its exact 95 % interval; from 0 to 1 where nothing was counted.
struct ReportShare {
  int64_t of = 0, count = 0;
  void Add(bool counts) {
    ++of;
    count += counts;
  }
  BinomialBounds bounds() const { return BinomialInterval(count, of, 0.95); }
};

struct ReportRow {
  int64_t calls = 0;
  int64_t by_small = 0;      // answered by a small model
  int64_t unverified = 0;    // of these: its answer failed verification, and nothing else could
  int64_t escalated = 0;     // by the reference, after a small model's answer was rejected
  int64_t by_reference = 0;  // by the reference at once
  int64_t fell_back = 0;     // by another model than the one chosen, as that was down, slow or full
  int64_t failed = 0;        // with an error
  ReportShare passed;        // of the answers that small models gave clients' calls: verified
  ReportShare agreed;        // of shadow answers: as the reference's
  ReportShare would_serve;   // of these: would have been served
  ReportShare served_well;   // of those that would have been: as the reference's
  double cost_before_usd = 0, cost_after_usd = 0;
  double cost_shadow_usd = 0;  // of shadow answers, not in cost_after_usd
  // Of whole calls, as clients waited for them: by who answered, the reference at once or after a
  // small model's rejected answer; and of all that were answered.
  LatencySummary small, reference, after_escalation, all;

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
  std::map<std::string, std::string> stages;      // of their deployments, by task: "live, shadow"
};

struct ReportOptions {
  ExchangeFilter filter;
  // By task: names, and the stages of what is deployed. May be empty.
  std::map<std::string, std::string> task_names = {}, stages = {};
};

// Reads every exchange that passes the filter, once. Fails as the store fails.
Result<Report> MakeReport(UsageStore& store, const Options& options, const ReportOptions& wanted);

json::object ToJson(const Report& report);
// A page that needs nothing from elsewhere: no script, no font, no picture. Texts are escaped.
std::string ToHtml(const Report& report);

}  // namespace understudy
