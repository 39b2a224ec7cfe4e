#include "store/exchange_reader.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "store/exchange_query.h"
#include "store/parts.h"
#include "store/schema.h"
#include "store/varint.h"

namespace understudy {
namespace {

constexpr const char* kSelectExchange =
    "SELECT uid, at_ms, session, agent, origin, endpoint, outcome, flags, v, total_us, policy,"
    " chosen, route, reason, propensity, took_ns, task, candidates, detail"
    " FROM exchange WHERE id = ?";
enum ExchangeColumn {
  kUid,
  kAtMs,
  kSession,
  kAgent,
  kOrigin,
  kEndpoint,
  kOutcome,
  kFlags,
  kV,
  kTotalUs,
  kPolicy,
  kChosen,
  kRoute,
  kReason,
  kPropensity,
  kTookNs,
  kTask,
  kCandidates,
  kDetail
};

constexpr const char* kSelectAnswers =
    "SELECT kind, model, deployment, flags, prompt_tokens, completion_tokens, cached_tokens,"
    " cost_usd, retries, queue_us, first_token_us, total_us, verdict, verdict_us"
    " FROM answer WHERE id BETWEEN ? AND ? ORDER BY id";
enum AnswerColumn {
  kKind,
  kModel,
  kDeployment,
  kAnswerFlags,
  kPromptTokens,
  kCompletionTokens,
  kCachedTokens,
  kCostUsd,
  kRetries,
  kQueueUs,
  kFirstTokenUs,
  kAnswerTotalUs,
  kVerdict,
  kVerdictUs
};

std::unexpected<Error> Damaged(std::string_view what, std::string_view id) {
  return Fail(IoError(fmt::format("the store is damaged: {}", what))
                  .At(id)
                  .Mend("restore the store from a copy"));
}

// A stored number as the enumerator it stands for, if it does.
template <class Enum>
bool ToEnum(int64_t number, Enum last, Enum& out) {
  if (number < 0 || number > static_cast<int64_t>(last)) return false;
  out = static_cast<Enum>(number);
  return true;
}

std::optional<double> TakeReal(std::string_view& bytes) {
  if (bytes.size() < 8) return std::nullopt;
  uint64_t bits = 0;
  for (int i = 7; i >= 0; --i)
    bits = bits << 8 | static_cast<uint8_t>(bytes[static_cast<size_t>(i)]);
  bytes.remove_prefix(8);
  return std::bit_cast<double>(bits);
}

}  // namespace

Result<std::unique_ptr<ExchangeReader>> ExchangeReader::Open(StoreFile& file) {
  std::unique_ptr<ExchangeReader> reader(new ExchangeReader(file));
  Database& database = *file.database;
  TRY(reader->find_, database.Prepare("SELECT id FROM exchange WHERE uid = ?"));
  TRY(reader->exchange_, database.Prepare(kSelectExchange));
  TRY(reader->answers_, database.Prepare(kSelectAnswers));
  TRY(reader->body_, database.Prepare("SELECT data FROM body WHERE id = ?"));
  return reader;
}

Result<std::optional<Statement>> ExchangeReader::Select(std::string_view what,
                                                        const ExchangeFilter& filter) {
  TRY(const auto query, ExchangeQuery::From(filter, file_.names, file_.sessions));
  if (!query) return std::nullopt;
  TRY(Statement statement, file_.database->Prepare(query->Sql(what)));
  for (size_t i = 0; i < query->values.size(); ++i) {
    statement.Bind(static_cast<int>(i) + 1, query->values[i]);
  }
  return statement;
}

// Another process may have taken a new master key, or destroyed keys.
Status ExchangeReader::Settle() {
  return file_.keys->unlocked() ? file_.Settle() : Status();
}

Status ExchangeReader::Scan(const ExchangeFilter& filter,
                            const std::function<bool(Exchange&&)>& each) {
  TRY_VOID(Settle());
  TRY(auto rows, Select("id", filter));
  while (rows) {
    TRY(const bool row, rows->Step());
    if (!row) break;
    TRY(Exchange exchange, Load(rows->Number(0), filter.with_bodies));
    if (!each(std::move(exchange))) break;
  }
  return {};
}

Result<int64_t> ExchangeReader::Count(const ExchangeFilter& filter) {
  TRY(auto rows, Select("id", filter));
  if (!rows) return 0;
  int64_t count = 0;
  for (;; ++count) {
    TRY(const bool row, rows->Step());
    if (!row) return count;
  }
}

Result<Exchange> ExchangeReader::Get(std::string_view id) {
  TRY_VOID(Settle());
  find_.BindText(1, id);
  TRY(const bool row, find_.Step());
  const int64_t number = row ? find_.Number(0) : 0;
  find_.Reset();  // on every way out: it will be bound again
  if (!row) return Fail(NotFound(fmt::format("the store has no exchange \"{}\"", id)));
  return Load(number, true);
}

Result<StoreStats> ExchangeReader::Stats() {
  TRY(Statement sums, file_.database->Prepare("SELECT count(*), coalesce(sum(body_bytes), 0),"
                                              " coalesce(sum(stored_bytes), 0) FROM exchange"));
  TRY([[maybe_unused]] const bool row, sums.Step());
  StoreStats stats{.exchanges = sums.Number(0),
                   .body_bytes = sums.Number(1),
                   .stored_body_bytes = sums.Number(2)};
  for (const char* suffix : {"", "-wal"}) {
    std::error_code absent;  // the log comes and goes
    const auto bytes = std::filesystem::file_size(file_.database->name() + suffix, absent);
    if (!absent) stats.bytes_on_disk += static_cast<int64_t>(bytes);
  }
  return stats;
}

Result<Exchange> ExchangeReader::Load(int64_t row, bool with_bodies) {
  auto exchange = LoadExchange(row);
  exchange_.Reset();  // on every way out: an open statement would hold the log
  if (!exchange) return exchange;
  auto answers = LoadAnswers(row, *exchange);
  answers_.Reset();
  if (!answers) return Fail(std::move(answers).error());
  TRY_VOID(LoadDetail(*exchange));
  if (with_bodies) TRY_VOID(LoadBody(row, *exchange));
  return exchange;
}

Result<Exchange> ExchangeReader::LoadExchange(int64_t row) {
  exchange_.Bind(1, row);
  TRY(const bool there, exchange_.Step());
  if (!there) return Damaged("an exchange has gone", fmt::format("row {}", row));
  Exchange exchange;
  exchange.id = exchange_.Text(kUid);
  exchange.v = static_cast<int>(exchange_.Number(kV));
  exchange.at_ms = exchange_.Number(kAtMs);
  exchange.total_us = exchange_.Number(kTotalUs);
  exchange.streamed = (exchange_.Number(kFlags) & kFlagStreamed) != 0;
  detail_.assign(exchange_.Blob(kDetail));
  if (!ToEnum(exchange_.Number(kOutcome), Outcome::kInternalError, exchange.outcome)) {
    return Damaged("an unknown outcome", exchange.id);
  }
  TRY_VOID(LoadNames(exchange));
  if ((exchange_.Number(kFlags) & kFlagDecided) != 0) TRY_VOID(LoadDecision(exchange));
  return exchange;
}

Status ExchangeReader::LoadNames(Exchange& exchange) {
  TRY(exchange.session, file_.sessions.Text(exchange_.Number(kSession)));
  TRY(exchange.agent, file_.names.Text(exchange_.Number(kAgent)));
  TRY(exchange.origin, file_.names.Text(exchange_.Number(kOrigin)));
  TRY(exchange.endpoint, file_.names.Text(exchange_.Number(kEndpoint)));
  return {};
}

Status ExchangeReader::LoadDecision(Exchange& exchange) {
  Decision& decision = exchange.decision.emplace();
  TRY(decision.policy, file_.names.Text(exchange_.Number(kPolicy)));
  TRY(decision.task, file_.names.Text(exchange_.Number(kTask)));
  TRY(decision.chosen, file_.names.Text(exchange_.Number(kChosen)));
  TRY(decision.reason, file_.names.Text(exchange_.Number(kReason)));
  decision.propensity = exchange_.Real(kPropensity);
  decision.explored = (exchange_.Number(kFlags) & kFlagExplored) != 0;
  decision.took_ns = exchange_.Number(kTookNs);
  if (!ToEnum(exchange_.Number(kRoute), Route::kNamed, decision.route)) {
    return Damaged("an unknown route", exchange.id);
  }
  if (LoadCandidates(exchange_.Blob(kCandidates), decision)) return {};
  return Damaged("a decision's candidates", exchange.id);
}

Status ExchangeReader::LoadCandidates(std::string_view packed, Decision& decision) {
  while (!packed.empty()) {
    const auto model = TakeVarint(packed);
    const auto deployment = TakeVarint(packed);
    const auto probability = TakeReal(packed);
    const auto threshold = TakeReal(packed);
    if (!model || !deployment || !probability || !threshold) return Fail(IoError("cut short"));
    Candidate candidate{.probability = *probability, .threshold = *threshold};
    TRY(candidate.model, file_.names.Text(static_cast<int64_t>(*model)));
    TRY(candidate.deployment, file_.names.Text(static_cast<int64_t>(*deployment)));
    decision.candidates.push_back(std::move(candidate));
  }
  return {};
}

Status ExchangeReader::LoadAnswers(int64_t row, Exchange& exchange) {
  const int64_t first = row << kAnswerBits;
  answers_.Bind(1, first).Bind(2, first + static_cast<int64_t>(kMaxAnswers) - 1);
  for (;;) {
    TRY(const bool there, answers_.Step());
    if (!there) return {};
    TRY(AnswerRecord answer, LoadAnswer());
    exchange.answers.push_back(std::move(answer));
  }
}

Result<AnswerRecord> ExchangeReader::LoadAnswer() {
  AnswerRecord answer;
  TRY(answer.model, file_.names.Text(answers_.Number(kModel)));
  TRY(answer.deployment, file_.names.Text(answers_.Number(kDeployment)));
  const int64_t flags = answers_.Number(kAnswerFlags);
  answer.served = (flags & kFlagServed) != 0;
  answer.usage = {.prompt_tokens = answers_.Number(kPromptTokens),
                  .completion_tokens = answers_.Number(kCompletionTokens),
                  .cached_tokens = answers_.Number(kCachedTokens),
                  .known = (flags & kFlagUsageKnown) != 0};
  answer.cost_usd = answers_.Real(kCostUsd);
  answer.retries = static_cast<int>(answers_.Number(kRetries));
  answer.timings = {.queue_us = answers_.Number(kQueueUs),
                    .first_token_us = answers_.Number(kFirstTokenUs),
                    .total_us = answers_.Number(kAnswerTotalUs)};
  answer.verdict.took_us = answers_.Number(kVerdictUs);
  if (!ToEnum(answers_.Number(kKind), AnswerKind::kShadow, answer.kind) ||
      !ToEnum(answers_.Number(kVerdict), VerdictKind::kDiffers, answer.verdict.kind)) {
    return Damaged("an unknown kind of answer or verdict", {});
  }
  return answer;
}

Status ExchangeReader::LoadDetail(Exchange& exchange) {
  if (detail_.empty()) return {};
  TRY_VOID(file_.sealing->Decode(file_.dictionaries->codec(), detail_,
                                 PlaceOf(exchange, BodyColumn::kDetail), plain_));
  TRY(const auto parts, UnpackParts(plain_));
  if (parts.size() != 1 + 2 * exchange.answers.size()) {
    return Damaged("an exchange's detail does not fit its answers", exchange.id);
  }
  exchange.extra = parts[0];
  for (size_t i = 0; i < exchange.answers.size(); ++i) {
    exchange.answers[i].error = parts[1 + 2 * i];
    exchange.answers[i].verdict.detail = parts[2 + 2 * i];
  }
  return {};
}

Status ExchangeReader::LoadBody(int64_t row, Exchange& exchange) {
  body_.Bind(1, row);
  TRY(const bool there, body_.Step());
  if (!there) return {};  // it had none
  auto decoded = file_.sealing->Decode(file_.dictionaries->codec(), body_.Blob(0),
                                       PlaceOf(exchange, BodyColumn::kBody), plain_);
  body_.Reset();
  TRY_VOID(std::move(decoded));
  TRY(const auto parts, UnpackParts(plain_));
  if (parts.size() != 2 + exchange.answers.size()) {
    return Damaged("an exchange's body does not fit its answers", exchange.id);
  }
  exchange.request = parts[0];
  exchange.response = parts[1];
  for (size_t i = 0; i < exchange.answers.size(); ++i) exchange.answers[i].body = parts[2 + i];
  return {};
}

}  // namespace understudy
