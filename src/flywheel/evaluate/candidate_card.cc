#include "flywheel/evaluate/candidate_card.h"

#include <algorithm>

#include <fmt/format.h>

namespace understudy {
namespace {

constexpr int64_t kVersion = 1;

json::object ShareJson(const ShareRow& row) {
  const BinomialBounds bounds = row.bounds();
  return {{"total", row.total}, {"right", row.right},  {"share", row.share()},
          {"low", bounds.low},  {"high", bounds.high}, {"worse_at_most", row.worse_at_most()}};
}

ShareRow ShareFrom(const json::value* value) {
  if (!value) return {};
  return {IntOr(*value, "total", 0), IntOr(*value, "right", 0)};
}

// The value below which `share` of the sorted ones are (nearest rank).
double Quantile(const std::vector<double>& sorted, double share) {
  if (sorted.empty()) return 0;
  const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::clamp<size_t>(rank, 1, sorted.size()) - 1];
}

std::string ToolOf(const GradedAnswer& graded) {
  for (const Difference& one : graded.differences) {
    if (!one.tool.empty()) return one.tool;
  }
  const json::value* calls = Find(graded.answer, "tool_calls");
  const auto* list = calls ? calls->if_array() : nullptr;
  const json::value* function = list && !list->empty() ? Find(list->front(), "function") : nullptr;
  return function ? std::string(StringOr(*function, "name")) : std::string();
}

json::object PartJson(const PartScore& part) {
  json::object out = ShareJson(part.all);
  out["accepted"] = part.accepted;
  out["against_reference"] = ShareJson(part.against_reference);
  out["replaceable"] = ShareJson(part.replaceable);
  return out;
}

json::object KindsJson(const CandidateCard& card) {
  json::object kinds;
  for (size_t i = 0; i < kTargetKindCount; ++i) {
    const auto kind = static_cast<TargetKind>(i);
    if (card.kinds[i].total == 0) continue;
    json::object row = ShareJson(card.kinds[i]);
    row["replaceable"] = card.replaceable(kind);
    if (!card.replaceable(kind)) {
      row["why"] = "free text without a judge: only the same words count as right";
    }
    kinds[Name(kind)] = std::move(row);
  }
  return kinds;
}

json::array DifferencesJson(const CandidateCard& card) {
  std::vector<std::pair<Difference, int64_t>> sorted(card.differences.begin(),
                                                     card.differences.end());
  std::ranges::stable_sort(sorted, std::greater(), &std::pair<Difference, int64_t>::second);
  json::array list;
  for (const auto& [one, count] : sorted) {
    list.push_back({{"kind", Name(one.kind)},
                    {"tool", one.tool},
                    {"argument", one.argument},
                    {"count", count}});
  }
  return list;
}

json::value FileJson(const CandidateCard::File& file) {
  return {{"file", file.file}, {"sha256", file.sha256}};
}

void ReadParts(const json::value& value, CandidateCard& card) {
  const json::value* parts = Find(value, "parts");
  const auto* list = parts ? parts->if_object() : nullptr;
  if (!list) return;
  for (const auto& [name, part] : *list) {
    PartScore& score = card.parts[name];
    score.all = ShareFrom(&part);
    score.accepted = IntOr(part, "accepted", 0);
    score.against_reference = ShareFrom(Find(part, "against_reference"));
    score.replaceable = ShareFrom(Find(part, "replaceable"));
  }
}

void ReadCounts(const json::value& value, CandidateCard& card) {
  const json::value* kinds = Find(value, "by_kind");
  for (size_t i = 0; kinds && i < kTargetKindCount; ++i) {
    card.kinds[i] = ShareFrom(Find(*kinds, Name(static_cast<TargetKind>(i))));
  }
  const json::value* tools = Find(value, "tools");
  for (const json::value& tool : tools && tools->is_array() ? tools->get_array() : json::array()) {
    card.tools[std::string(StringOr(tool, "tool"))] = ShareFrom(&tool);
  }
  const json::value* found = Find(value, "differences");
  for (const json::value& one : found && found->is_array() ? found->get_array() : json::array()) {
    const auto kind = ParseDifferenceKind(StringOr(one, "kind"));
    if (!kind) continue;
    card.differences[{*kind, std::string(StringOr(one, "tool")),
                      std::string(StringOr(one, "argument"))}] = IntOr(one, "count", 0);
  }
  const json::value* verdicts = Find(value, "verdicts");
  if (!verdicts || !verdicts->is_object()) return;
  for (const auto& [name, count] : verdicts->get_object()) {
    if (count.is_int64()) card.verdicts[name] = count.get_int64();
  }
}

}  // namespace

double ShareRow::share() const {
  return total == 0 ? 0 : static_cast<double>(right) / static_cast<double>(total);
}

BinomialBounds ShareRow::bounds() const {
  return BinomialInterval(right, total, CandidateCard::kConfidence);
}

double ShareRow::worse_at_most() const {
  return BinomialUpper(total - right, total, CandidateCard::kConfidence);
}

void CountAnswers(std::span<const GradedAnswer> answers, const CardPrices& prices,
                  CandidateCard& card) {
  std::vector<double> ms, first_ms;
  double usd = 0, decoded = 0, decoding_ms = 0;
  for (const GradedAnswer& one : answers) {
    PartScore& part = card.parts[one.part];
    part.all.Add(one.right);
    if (one.of_reference) part.against_reference.Add(one.right);
    if (card.replaceable(one.kind)) part.replaceable.Add(one.right);
    part.accepted += one.verdict == VerdictKind::kPass;
    card.kinds[static_cast<size_t>(one.kind)].Add(one.right);
    if (one.kind == TargetKind::kToolCall) card.tools[ToolOf(one)].Add(one.right);
    for (const Difference& difference : one.differences) ++card.differences[difference];
    ++card.verdicts[std::string(Name(one.verdict))];
    usd += static_cast<double>(one.prompt_tokens) * prices.input_usd +
           static_cast<double>(one.answer_tokens) * prices.output_usd;
    if (one.verdict == VerdictKind::kError) continue;  // no time to speak of
    ms.push_back(one.ms);
    if (one.first_ms == 0) continue;
    first_ms.push_back(one.first_ms);
    decoded += static_cast<double>(std::max<int64_t>(one.answer_tokens - 1, 0));
    decoding_ms += one.ms - one.first_ms;
  }
  std::ranges::sort(ms);
  std::ranges::sort(first_ms);
  card.p50_ms = Quantile(ms, 0.5);
  card.p90_ms = Quantile(ms, 0.9);
  card.first_p50_ms = Quantile(first_ms, 0.5);
  card.first_p90_ms = Quantile(first_ms, 0.9);
  card.tokens_per_s = decoding_ms > 0 ? 1000 * decoded / decoding_ms : 0;
  if (!answers.empty()) card.usd_per_1000 = usd / 1000 / static_cast<double>(answers.size());
}

json::object ToJson(const CandidateCard& card) {
  json::object parts;
  for (const auto& [name, part] : card.parts) parts[name] = PartJson(part);
  json::array tools;
  for (const auto& [name, row] : card.tools) {
    tools.push_back({{"tool", name}, {"total", row.total}, {"right", row.right}});
  }
  json::object verdicts;
  for (const auto& [name, count] : card.verdicts) verdicts[name] = count;
  return {{"v", kVersion},
          {"task", card.task},
          {"base",
           {{"name", card.base_name},
            {"file", card.base.file},
            {"sha256", card.base.sha256},
            {"bytes", card.base_bytes},
            {"parameters", card.parameters},
            {"architecture", card.architecture}}},
          {"adapter", card.adapter ? FileJson(*card.adapter) : json::value(nullptr)},
          {"parts", std::move(parts)},
          {"by_kind", KindsJson(card)},
          {"tools", std::move(tools)},
          {"differences", DifferencesJson(card)},
          {"verdicts", std::move(verdicts)},
          {"latency_ms", {{"p50", card.p50_ms}, {"p90", card.p90_ms}}},
          {"first_token_ms", {{"p50", card.first_p50_ms}, {"p90", card.first_p90_ms}}},
          {"tokens_per_s", card.tokens_per_s},
          {"at_once", card.at_once},
          {"context", card.context},
          {"memory_bytes", card.memory_bytes},
          {"cost_usd_per_1000", card.usd_per_1000},
          {"overlap", card.overlap ? json::value(*card.overlap) : json::value(nullptr)}};
}

Result<CandidateCard> CandidateCardFrom(const json::value& value) {
  const json::value* base = Find(value, "base");
  const int64_t version = IntOr(value, "v", 0);
  if (!base || !Find(value, "parts")) return Fail(InvalidInput("this is no scorecard"));
  if (version != kVersion) {
    return Fail(InvalidInput(fmt::format("a scorecard of version {}, not {}", version, kVersion)));
  }
  CandidateCard card;
  card.task = StringOr(value, "task");
  card.base_name = StringOr(*base, "name");
  card.architecture = StringOr(*base, "architecture");
  card.base = {std::string(StringOr(*base, "file")), std::string(StringOr(*base, "sha256"))};
  card.base_bytes = static_cast<uint64_t>(IntOr(*base, "bytes", 0));
  card.parameters = static_cast<uint64_t>(IntOr(*base, "parameters", 0));
  if (const json::value* adapter = Find(value, "adapter"); adapter && adapter->is_object()) {
    card.adapter = CandidateCard::File{std::string(StringOr(*adapter, "file")),
                                       std::string(StringOr(*adapter, "sha256"))};
  }
  ReadParts(value, card);
  ReadCounts(value, card);
  const json::value none = nullptr;
  const json::value* latency = Find(value, "latency_ms");
  const json::value* first = Find(value, "first_token_ms");
  card.p50_ms = NumberOr(latency ? *latency : none, "p50", 0);
  card.p90_ms = NumberOr(latency ? *latency : none, "p90", 0);
  card.first_p50_ms = NumberOr(first ? *first : none, "p50", 0);
  card.first_p90_ms = NumberOr(first ? *first : none, "p90", 0);
  card.tokens_per_s = NumberOr(value, "tokens_per_s", 0);
  card.at_once = IntOr(value, "at_once", 0);
  card.context = IntOr(value, "context", 0);
  card.memory_bytes = IntOr(value, "memory_bytes", 0);
  card.usd_per_1000 = NumberOr(value, "cost_usd_per_1000", 0);
  if (const double overlap = NumberOr(value, "overlap", -1); overlap >= 0) card.overlap = overlap;
  return card;
}

}  // namespace understudy
