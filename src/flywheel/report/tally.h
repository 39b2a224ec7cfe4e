// The books of a report: exchanges go in one by one, rows come out.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "chat/exchange.h"
#include "flywheel/report/report.h"

namespace understudy {

// What the reference's calls were like, to estimate what it would have taken for the others.
struct ReferencePace {
  int64_t calls = 0, request_bytes = 0, prompt_tokens = 0, answer_tokens = 0;

  void Add(const ReferencePace& other);
  // Of a call that the reference did not answer. Without any calls: four bytes a token, and the
  // answer as long as the one that was given.
  Usage Estimate(int64_t request_bytes, const Usage& given) const;
};

class Tally {
 public:
  explicit Tally(Price reference) : price_(reference) {}

  void Add(const Exchange& exchange, bool small_served);
  // Closes the books: costs before, where they are estimates, with `overall` for want of own calls.
  ReportRow Row(const ReferencePace& overall) const;
  const ReferencePace& pace() const { return pace_; }

 private:
  struct Unanswered {  // by the reference
    int64_t request_bytes;
    Usage given;
  };
  void AddShadow(const Exchange& exchange);
  void AddLatency(const Exchange& exchange, bool small_served);

  Price price_;
  ReportRow row_;
  ReferencePace pace_;
  std::vector<Unanswered> unanswered_;
  std::vector<int64_t> small_us_, reference_us_, escalated_us_, all_us_;
};

}  // namespace understudy
