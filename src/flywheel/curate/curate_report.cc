#include "flywheel/curate/curate_report.h"

#include <algorithm>

namespace understudy {
namespace {

json::object MaskedJson(const MaskCounts& masked) {
  json::object out;
  for (size_t i = 0; i < kEntityKindCount; ++i) {
    out[Name(static_cast<EntityKind>(i))] = masked.places[i];
  }
  return out;
}

json::object DroppedJson(const CurateReport& report) {
  json::object out;
  for (size_t i = 0; i < kSkipReasonCount; ++i) {
    const Dropped& dropped = report.dropped[i];
    if (dropped.rows == 0) continue;
    json::array places(dropped.places.begin(), dropped.places.end());
    out[Name(static_cast<SkipReason>(i))] = {{"rows", dropped.rows}, {"first", std::move(places)}};
  }
  return out;
}

const json::value& Member(const json::value& object, std::string_view key) {
  static const json::value kNone;
  const json::value* member = Find(object, key);
  return member ? *member : kNone;
}

}  // namespace

void CurateReport::Drop(SkipReason reason, std::string place) {
  Dropped& count = dropped[static_cast<size_t>(reason)];
  ++count.rows;
  if (count.places.size() < Dropped::kShown) count.places.push_back(std::move(place));
}

int64_t CurateReport::dropped_rows() const {
  int64_t sum = 0;
  for (const Dropped& count : dropped) sum += count.rows;
  return sum;
}

json::object ToJson(const CurateReport& report) {
  json::object parts;
  for (size_t i = kPartCount; i-- > 0;) {
    const auto& part = report.parts[i];
    parts[Name(static_cast<Part>(i))] = {{"rows", part.rows}, {"groups", part.groups}};
  }
  json::object out{{"rows", report.rows}, {"kept", report.kept}, {"dropped", DroppedJson(report)}};
  if (report.masking) {
    out["masked"] = {{"rows", report.masked_rows}, {"places", MaskedJson(report.masked)}};
  }
  out["contradictory_requests"] = report.contradictory_requests;
  out["near"] = {
      {"threshold", report.near}, {"groups", report.near_groups}, {"rows", report.near_rows}};
  out["groups"] = {{"count", report.groups}, {"largest", report.largest_group}};
  out["parts"] = std::move(parts);
  return out;
}

CurateReport CurateReportFrom(const json::value& value) {
  CurateReport report;
  report.rows = IntOr(value, "rows", 0);
  report.kept = IntOr(value, "kept", 0);
  const json::value& masked = Member(value, "masked");
  report.masking = masked.is_object();
  report.masked_rows = IntOr(masked, "rows", 0);
  for (size_t i = 0; i < kEntityKindCount; ++i) {
    report.masked.places[i] = IntOr(Member(masked, "places"), Name(static_cast<EntityKind>(i)), 0);
  }
  for (size_t i = 0; i < kSkipReasonCount; ++i) {
    const json::value& dropped = Member(Member(value, "dropped"), Name(static_cast<SkipReason>(i)));
    report.dropped[i].rows = IntOr(dropped, "rows", 0);
    const json::value& first = Member(dropped, "first");
    if (!first.is_array()) continue;
    for (const json::value& place : first.get_array()) {
      if (place.is_string()) report.dropped[i].places.emplace_back(place.get_string());
    }
  }
  report.contradictory_requests = IntOr(value, "contradictory_requests", 0);
  report.near = NumberOr(Member(value, "near"), "threshold", 0);
  report.near_groups = IntOr(Member(value, "near"), "groups", 0);
  report.near_rows = IntOr(Member(value, "near"), "rows", 0);
  report.groups = IntOr(Member(value, "groups"), "count", 0);
  report.largest_group = IntOr(Member(value, "groups"), "largest", 0);
  for (size_t i = 0; i < kPartCount; ++i) {
    const json::value& part = Member(Member(value, "parts"), Name(static_cast<Part>(i)));
    report.parts[i] = {IntOr(part, "rows", 0), IntOr(part, "groups", 0)};
  }
  return report;
}

}  // namespace understudy
