#include "dataset/report.h"

#include <fmt/format.h>

namespace understudy {
namespace {

struct Words {
  std::string_view name, description;
};
constexpr std::array<Words, kSkipReasonCount> kWords{{
    {"malformed", "no exchange line"},
    {"no_answer", "no answer"},
    {"failed_answer", "the call failed, or its answer failed verification"},
    {"truncated_answer", "an answer cut short by a limit or filter"},
    {"empty_answer", "an answer with neither content nor a tool call"},
    {"wrong_roles", "roles that are unknown or in a wrong order"},
    {"non_text", "images, audio or files"},
    {"wrong_tools", "tools that are no list of named functions"},
    {"broken_arguments", "a tool call whose arguments are no JSON object"},
    {"unknown_tool", "a call of a tool that was not offered"},
    {"duplicate", "the same request and answer as before"},
    {"contradiction", "another answer to the same request is more frequent"},
    {"held_out", "its request is in the validation data"},
    {"unrenderable", "the chat template refuses it"},
    {"too_long", "more tokens than the limit"},
    {"refused", "a refusal in place of an answer"},
}};

std::string Ratio(int64_t of, int64_t to) {
  return to > 0 ? fmt::format("{:.2f}", static_cast<double>(of) / static_cast<double>(to)) : "1";
}

std::string SequencesText(const DataReport& report) {
  if (report.sequences == 0) return {};
  std::string out = fmt::format(
      "  sequences {}, tokens {} of which {} are targets\n"
      "  folded    {} of {} targets into longer conversations: {} times fewer tokens than {}\n",
      report.sequences, report.tokens, report.target_tokens, report.folded, report.used,
      Ratio(report.tokens_unfolded, report.tokens), report.tokens_unfolded);
  if (report.not_nesting > 0) {
    out += fmt::format("  the chat template writes {} prefixes differently: not folded\n",
                       report.not_nesting);
  }
  if (report.with_logprobs > 0) {
    out += fmt::format("  recorded alternatives: {} of {} answers align with the tokenizer\n",
                       report.aligned, report.with_logprobs);
  }
  return out;
}

}  // namespace

std::string_view Name(SkipReason reason) {
  return kWords[static_cast<size_t>(reason)].name;
}

std::string_view Describe(SkipReason reason) {
  return kWords[static_cast<size_t>(reason)].description;
}

void DataReport::Skip(SkipReason reason, int64_t line, std::string_view detail) {
  SkipCount& count = skipped[static_cast<size_t>(reason)];
  if (count.rows++ == 0 || line < count.first_line) {
    count.first_line = line;
    count.first_detail = detail;
  }
}

int64_t DataReport::skipped_rows() const {
  int64_t sum = 0;
  for (const SkipCount& count : skipped) sum += count.rows;
  return sum;
}

std::string ToText(const DataReport& report) {
  std::string out = fmt::format("{}: {} rows, {} used, {} left out\n", report.file, report.rows,
                                report.used, report.skipped_rows());
  for (size_t i = 0; i < kSkipReasonCount; ++i) {
    const SkipCount& count = report.skipped[i];
    if (count.rows == 0) continue;
    out += fmt::format("  {:>7}  {}: {} (first: line {}{}{})\n", count.rows, kWords[i].name,
                       kWords[i].description, count.first_line,
                       count.first_detail.empty() ? "" : ", ", count.first_detail);
  }
  if (report.contradictory_requests > 0) {
    out += fmt::format("  {} requests have several answers; the most frequent one is used\n",
                       report.contradictory_requests);
  }
  return out + SequencesText(report);
}

json::object ToJson(const DataReport& report) {
  json::object skipped;
  for (size_t i = 0; i < kSkipReasonCount; ++i) {
    const SkipCount& count = report.skipped[i];
    if (count.rows == 0) continue;
    skipped[kWords[i].name] = json::object{{"rows", count.rows}, {"first_line", count.first_line}};
  }
  return {{"file", report.file},
          {"rows", report.rows},
          {"used", report.used},
          {"skipped", std::move(skipped)},
          {"contradictory_requests", report.contradictory_requests},
          {"sequences", report.sequences},
          {"folded", report.folded},
          {"not_nesting", report.not_nesting},
          {"tokens_unfolded", report.tokens_unfolded},
          {"tokens", report.tokens},
          {"target_tokens", report.target_tokens},
          {"with_logprobs", report.with_logprobs},
          {"aligned", report.aligned}};
}

}  // namespace understudy
