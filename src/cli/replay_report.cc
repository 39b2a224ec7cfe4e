#include "cli/replay_report.h"

#include "cli/text.h"

namespace understudy {
namespace {

constexpr size_t kShownIds = 10;

void Count(const ReplayItem& item, const ReplayResult& result, ReplayReport& report) {
  if (!result.sent) return;
  ++report.sent;
  ++report.statuses[result.status == 0 ? "none" : std::to_string(result.status)];
  if (!result.outcome.empty()) ++report.outcomes[result.outcome];
  if (!result.answered()) {
    if (report.errors.size() < kShownIds) report.errors.emplace_back(item.id, result.error);
    return;
  }
  ++report.answered;
  if (!result.model.empty()) ++report.models[result.model];
  report.total.Add(result.total_us);
  report.first.Add(result.first_us);
  report.usage.prompt_tokens += result.usage.prompt_tokens;
  report.usage.completion_tokens += result.usage.completion_tokens;
  if (!result.equal) return;
  ++report.comparable;
  if (*result.equal) {
    ++report.equal;
  } else if (report.different.size() < kShownIds) {
    report.different.push_back(item.id);
  }
}

std::string Row(std::string_view name, std::string_view text) {
  return fmt::format("{:<12}{}\n", name, Printable(text));
}

std::string Counts(const std::map<std::string, int64_t>& counts) {
  std::vector<std::string> parts;
  for (const auto& [name, count] : counts) {
    parts.push_back(fmt::format("{}: {}", name, HumanCount(count)));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

json::object CountsJson(const std::map<std::string, int64_t>& counts) {
  json::object object;
  for (const auto& [name, count] : counts) object[name] = count;
  return object;
}

double PerSecond(int64_t count, double seconds) {
  return seconds > 0 ? static_cast<double>(count) / seconds : 0;
}

std::string EqualText(const ReplayReport& report) {
  const double share =
      100.0 * static_cast<double>(report.equal) / static_cast<double>(report.comparable);
  return fmt::format("{} of {} recorded answers ({:.1f} %)", HumanCount(report.equal),
                     HumanCount(report.comparable), share);
}

}  // namespace

ReplayReport SumUp(const std::vector<ReplayItem>& items, const std::vector<ReplayResult>& results,
                   double seconds) {
  ReplayReport report;
  report.items = std::ssize(items);
  report.seconds = seconds;
  for (size_t i = 0; i < items.size(); ++i) Count(items[i], results[i], report);
  return report;
}

std::string ReportText(const ReplayReport& report) {
  std::string out =
      Row("sent", fmt::format("{} of {} requests in {} ({:.1f}/s)", HumanCount(report.sent),
                              HumanCount(report.items), HumanDuration(report.seconds),
                              PerSecond(report.sent, report.seconds)));
  out += Row("answered",
             fmt::format("{} of {}", HumanCount(report.answered), HumanCount(report.items)));
  if (!report.statuses.empty()) out += Row("status", Counts(report.statuses));
  if (!report.outcomes.empty()) out += Row("outcome", Counts(report.outcomes));
  if (!report.models.empty()) out += Row("model", Counts(report.models));
  out += Row("latency", report.total.Describe());
  out += Row("first byte", report.first.Describe());
  if (report.usage.prompt_tokens > 0) {
    out += Row("tokens", fmt::format("{} in, {} out", HumanCount(report.usage.prompt_tokens),
                                     HumanCount(report.usage.completion_tokens)));
  }
  if (report.comparable > 0) out += Row("equal", EqualText(report));
  if (!report.different.empty()) {
    out += Row(
        "different",
        fmt::format("{}{}", fmt::join(report.different, " "),
                    report.comparable - report.equal > std::ssize(report.different) ? " ..." : ""));
  }
  for (const auto& [id, error] : report.errors) out += Row("failed", id + ": " + error);
  return out;
}

json::object ReportJson(const ReplayReport& report) {
  json::array different(report.different.begin(), report.different.end());
  json::array errors;
  for (const auto& [id, error] : report.errors) {
    errors.push_back(json::object{{"id", id}, {"error", error}});
  }
  return {{"items", report.items},
          {"sent", report.sent},
          {"answered", report.answered},
          {"seconds", report.seconds},
          {"per_second", PerSecond(report.sent, report.seconds)},
          {"statuses", CountsJson(report.statuses)},
          {"outcomes", CountsJson(report.outcomes)},
          {"models", CountsJson(report.models)},
          {"latency", report.total.ToJson()},
          {"first_byte", report.first.ToJson()},
          {"prompt_tokens", report.usage.prompt_tokens},
          {"completion_tokens", report.usage.completion_tokens},
          {"comparable", report.comparable},
          {"equal", report.equal},
          {"first_different", std::move(different)},
          {"first_errors", std::move(errors)}};
}

}  // namespace understudy
