// What went, and why: counts and places, never a text.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "dataset/report.h"
#include "flywheel/curate/groups.h"
#include "privacy/masker.h"

namespace understudy {

struct Dropped {
  static constexpr size_t kShown = 5;
  int64_t rows = 0;
  std::vector<std::string> places;  // "calls.jsonl:12", the first kShown
};

struct CurateReport {
  int64_t rows = 0;  // lines that are not blank
  int64_t kept = 0;
  bool masking = false;
  int64_t masked_rows = 0;
  MaskCounts masked;  // places, in rows that were read
  std::array<Dropped, kSkipReasonCount> dropped;
  int64_t contradictory_requests = 0;  // with more than one answer
  double near = 0;
  int64_t near_groups = 0, near_rows = 0;  // of two rows or more, and the rows in them
  int64_t groups = 0, largest_group = 0;   // that the split keeps together; rows of the largest
  struct PartCount {
    int64_t rows = 0, groups = 0;
  };
  std::array<PartCount, kPartCount> parts;  // by Part

  void Drop(SkipReason reason, std::string place);
  int64_t dropped_rows() const;
};

json::object ToJson(const CurateReport& report);
// The inverse, for a report that was read from its file; what is missing counts as 0.
CurateReport CurateReportFrom(const json::value& value);

}  // namespace understudy
