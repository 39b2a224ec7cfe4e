#include "store/exchange_writer.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>

#include "chat/feedback.h"
#include "store/parts.h"
#include "store/schema.h"
#include "store/varint.h"

namespace understudy {
namespace {

// What gathers in 5 ms at 6,400 exchanges a second.
constexpr size_t kManyAtOnce = 32;

constexpr const char* kInsertExchange =
    "INSERT OR IGNORE INTO exchange(uid, at_ms, session, agent, origin, endpoint, model, task,"
    " outcome, flags, v, total_us, body_bytes, stored_bytes, policy, chosen, route, reason,"
    " propensity, took_ns, candidates, detail)"
    " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";

constexpr const char* kInsertAnswer =
    "INSERT INTO answer(id, kind, model, deployment, flags, prompt_tokens, completion_tokens,"
    " cached_tokens, cost_usd, retries, queue_us, first_token_us, total_us, verdict, verdict_us)"
    " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";

// Parameters of kInsertExchange.
enum Column {
  kUid = 1,
  kAtMs,
  kSession,
  kAgent,
  kOrigin,
  kEndpoint,
  kModel,
  kTask,
  kOutcome,
  kFlags,
  kV,
  kTotalUs,
  kBodyBytes,
  kStoredBytes,
  kPolicy,
  kChosen,
  kRoute,
  kReason,
  kPropensity,
  kTookNs,
  kCandidates,
  kDetail
};

const std::string& ServedModel(const Exchange& exchange) {
  static const std::string none;
  const auto served = std::ranges::find_if(exchange.answers, &AnswerRecord::served);
  return served == exchange.answers.end() ? none : served->model;
}

int64_t Flags(const Exchange& exchange) {
  int64_t flags = 0;
  if (exchange.streamed) flags |= kFlagStreamed;
  if (exchange.decision) flags |= kFlagDecided;
  if (exchange.decision && exchange.decision->explored) flags |= kFlagExplored;
  return flags;
}

int64_t Flags(const AnswerRecord& answer) {
  return (answer.served ? kFlagServed : 0) | (answer.usage.known ? kFlagUsageKnown : 0);
}

void AppendReal(std::string& out, double value) {
  const auto bits = std::bit_cast<uint64_t>(value);
  for (int shift = 0; shift < 64; shift += 8) out.push_back(static_cast<char>(bits >> shift));
}

bool AllEmpty(const std::vector<std::string_view>& parts) {
  return std::ranges::all_of(parts, &std::string_view::empty);
}

Status Check(const Exchange& exchange) {
  if (exchange.id.empty()) return Fail(InvalidInput("an exchange without an id"));
  if (exchange.answers.size() <= kMaxAnswers) return {};
  return Fail(InvalidInput(fmt::format("an exchange with {} answers, more than the {} that the "
                                       "store takes",
                                       exchange.answers.size(), kMaxAnswers))
                  .At(exchange.id));
}

}  // namespace

Result<std::unique_ptr<ExchangeWriter>> ExchangeWriter::Open(StoreFile& file) {
  std::unique_ptr<ExchangeWriter> writer(new ExchangeWriter(file));
  TRY(writer->insert_exchange_, file.database->Prepare(kInsertExchange));
  TRY(writer->insert_answer_, file.database->Prepare(kInsertAnswer));
  TRY(writer->insert_body_, file.database->Prepare("INSERT INTO body(id, data) VALUES (?, ?)"));
  TRY(writer->replace_body_,
      file.database->Prepare("INSERT OR REPLACE INTO body(id, data) VALUES (?, ?)"));
  TRY(writer->find_row_, file.database->Prepare("SELECT id FROM exchange WHERE uid = ?"));
  TRY(writer->update_exchange_,
      file.database->Prepare(
          "UPDATE exchange SET detail = ?, body_bytes = ?, stored_bytes = ? WHERE id = ?"));
  TRY(writer->reader_, ExchangeReader::Open(file));
  return writer;
}

Status ExchangeWriter::Sync(bool durable) {
  if (durable == durable_) return {};
  TRY_VOID(file_.database->Execute(durable ? "PRAGMA synchronous = FULL"
                                           : "PRAGMA synchronous = NORMAL"));
  durable_ = durable;
  return {};
}

Result<size_t> ExchangeWriter::Append(const std::vector<Exchange>& batch, bool durable) {
  TRY_VOID(Sync(durable));
  file_.dictionaries->Refresh();
  effort_ = batch.size() >= kManyAtOnce && !durable ? Effort::kHaste : Effort::kFull;
  auto added = AppendAll(batch);
  if (!added) file_.Forget();  // rolled back, with the numbers that it gave
  file_.checkpointer->AfterCommit();
  return added;
}

Result<size_t> ExchangeWriter::AppendAll(const std::vector<Exchange>& batch) {
  TRY(Transaction transaction, Transaction::Begin(*file_.database));
  TRY_VOID(file_.Settle());
  TRY_VOID(CheckRoom());
  size_t added = 0;
  for (const auto& exchange : batch) {
    TRY(const bool is_new, AppendOne(exchange));
    added += is_new;
  }
  TRY_VOID(transaction.Commit());
  return added;
}

// Not an error of any one exchange: the batch is tried again until there is room.
Status ExchangeWriter::CheckRoom() {
  const int64_t most = file_.options.max_bytes;
  if (most <= 0) return {};
  TRY(const int64_t used, file_.UsedBytes());
  if (used < most) return {};
  Error full =
      IoError(fmt::format("the store is full: it holds {} bytes, and store.max_bytes is "
                          "{}; calls are served and not recorded",
                          used, most));
  return Fail(std::move(full)
                  .At(file_.database->name())
                  .Mend("understudy store purge makes room, or raise store.max_bytes")
                  .Retryable());
}

Result<bool> ExchangeWriter::AppendOne(const Exchange& exchange) {
  TRY_VOID(Check(exchange));
  if (exchange.is_supplement) return Supplement(exchange);
  TRY_VOID(EncodeDetail(exchange));
  if (detail_.empty()) {
    insert_exchange_.BindNull(kDetail);
  } else {
    insert_exchange_.BindBlob(kDetail, detail_);
  }
  TRY_VOID(EncodeBody(exchange));  // leaves the plain body in plain_
  TRY_VOID(BindNames(exchange));
  TRY_VOID(BindDecision(exchange));
  insert_exchange_.BindText(kUid, exchange.id)
      .Bind(kAtMs, exchange.at_ms)
      .Bind(kOutcome, static_cast<int64_t>(exchange.outcome))
      .Bind(kFlags, Flags(exchange))
      .Bind(kV, exchange.v)
      .Bind(kTotalUs, exchange.total_us)
      .Bind(kBodyBytes, static_cast<int64_t>(plain_.size()))
      .Bind(kStoredBytes, static_cast<int64_t>(body_.size()));
  TRY_VOID(insert_exchange_.Run());
  if (file_.database->Changes() == 0) return false;
  const int64_t row = file_.database->LastRow();
  if (!body_.empty()) TRY_VOID(insert_body_.Bind(1, row).BindBlob(2, body_).Run());
  TRY_VOID(InsertAnswers(row, exchange.answers));
  // What haste makes larger says nothing about the dictionary.
  if (effort_ == Effort::kFull || file_.dictionaries->codec().dictionary() == 0) {
    TRY(const int64_t origin, file_.names.Intern(exchange.origin));
    file_.dictionaries->Offer(plain_, body_.size(), origin);
  }
  return true;
}

// Of each deployment only the first shadow answer, so that the same one twice adds nothing.
// Feedback is added as often as it is given.
Result<bool> ExchangeWriter::Supplement(const Exchange& later) {
  find_row_.BindText(1, later.id);
  TRY(const bool there, find_row_.Step());
  const int64_t row = there ? find_row_.Number(0) : 0;
  find_row_.Reset();
  if (!there) return false;  // it went unrecorded, so nothing can be learned from its shadow
  TRY(Exchange whole, reader_->Get(later.id));
  const size_t before = whole.answers.size();
  for (const AnswerRecord& answer : later.answers) {
    const bool known = std::ranges::any_of(whole.answers, [&](const AnswerRecord& old) {
      return old.kind == AnswerKind::kShadow && old.model == answer.model &&
             old.deployment == answer.deployment;
    });
    if (answer.kind == AnswerKind::kShadow && !known) whole.answers.push_back(answer);
  }
  const bool more_answers = whole.answers.size() > before;
  if (whole.answers.size() > kMaxAnswers) return false;
  if (!later.extra.empty()) {  // feedback
    auto extra = AddFeedback(whole.extra, later.extra);
    if (!extra || extra->size() > kMaxExchangeFeedback + kMaxFeedbackBytes) return false;
    whole.extra = *std::move(extra);
  } else if (!more_answers) {
    return false;
  }
  TRY_VOID(Replace(row, whole, before));
  return true;
}

Status ExchangeWriter::Rewrite(int64_t row, const Exchange& whole) {
  return Replace(row, whole, whole.answers.size());
}

Status ExchangeWriter::Replace(int64_t row, const Exchange& whole, size_t answers_before) {
  TRY_VOID(EncodeDetail(whole));
  TRY_VOID(EncodeBody(whole));
  if (detail_.empty()) {
    update_exchange_.BindNull(1);
  } else {
    update_exchange_.BindBlob(1, detail_);
  }
  update_exchange_.Bind(2, static_cast<int64_t>(plain_.size()))
      .Bind(3, static_cast<int64_t>(body_.size()))
      .Bind(4, row);
  TRY_VOID(update_exchange_.Run());
  if (!body_.empty()) TRY_VOID(replace_body_.Bind(1, row).BindBlob(2, body_).Run());
  for (size_t i = answers_before; i < whole.answers.size(); ++i) {
    TRY_VOID(InsertAnswer((row << kAnswerBits) + static_cast<int64_t>(i), whole.answers[i]));
  }
  return {};
}

Status ExchangeWriter::EncodeBody(const Exchange& exchange) {
  parts_.assign({exchange.request, exchange.response});
  for (const auto& answer : exchange.answers) parts_.push_back(answer.body);
  plain_.clear();
  body_.clear();
  if (AllEmpty(parts_)) return {};
  PackParts(parts_, plain_);
  return Seal(exchange, BodyColumn::kBody, effort_, body_);
}

// What is in plain_.
Status ExchangeWriter::Seal(const Exchange& exchange, BodyColumn column, Effort effort,
                            std::string& out) {
  TRY(const int64_t origin, file_.names.Intern(exchange.origin));
  TRY(const DataKey* key, file_.keys->ForBody(origin, exchange.at_ms));
  return file_.sealing->Encode(file_.dictionaries->codec(), *key, plain_, PlaceOf(exchange, column),
                               out, effort);
}

Status ExchangeWriter::EncodeDetail(const Exchange& exchange) {
  parts_.assign({exchange.extra});
  for (const auto& answer : exchange.answers) {
    parts_.push_back(answer.error);
    parts_.push_back(answer.verdict.detail);
  }
  detail_.clear();
  if (AllEmpty(parts_)) return {};
  PackParts(parts_, plain_);
  return Seal(exchange, BodyColumn::kDetail, Effort::kFull, detail_);
}

Status ExchangeWriter::BindNames(const Exchange& exchange) {
  TRY(const int64_t session, file_.sessions.Intern(exchange.session));
  TRY(const int64_t agent, file_.names.Intern(exchange.agent));
  TRY(const int64_t origin, file_.names.Intern(exchange.origin));
  TRY(const int64_t endpoint, file_.names.Intern(exchange.endpoint));
  TRY(const int64_t model, file_.names.Intern(ServedModel(exchange)));
  TRY(const int64_t task,
      file_.names.Intern(exchange.decision ? std::string_view(exchange.decision->task) : ""));
  insert_exchange_.Bind(kSession, session).Bind(kAgent, agent).Bind(kOrigin, origin);
  insert_exchange_.Bind(kEndpoint, endpoint).Bind(kModel, model).Bind(kTask, task);
  return {};
}

Status ExchangeWriter::BindDecision(const Exchange& exchange) {
  if (!exchange.decision) {
    for (int column = kPolicy; column <= kCandidates; ++column) insert_exchange_.BindNull(column);
    return {};
  }
  const Decision& decision = *exchange.decision;
  TRY(const int64_t policy, file_.names.Intern(decision.policy));
  TRY(const int64_t chosen, file_.names.Intern(decision.chosen));
  TRY(const int64_t reason, file_.names.Intern(decision.reason));
  TRY_VOID(PackCandidates(decision.candidates));
  insert_exchange_.Bind(kPolicy, policy).Bind(kChosen, chosen).Bind(kReason, reason);
  insert_exchange_.Bind(kRoute, static_cast<int64_t>(decision.route))
      .BindReal(kPropensity, decision.propensity)
      .Bind(kTookNs, decision.took_ns)
      .BindBlob(kCandidates, candidates_);
  return {};
}

Status ExchangeWriter::PackCandidates(const std::vector<Candidate>& candidates) {
  candidates_.clear();
  for (const auto& candidate : candidates) {
    TRY(const int64_t model, file_.names.Intern(candidate.model));
    TRY(const int64_t deployment, file_.names.Intern(candidate.deployment));
    AppendVarint(candidates_, static_cast<uint64_t>(model));
    AppendVarint(candidates_, static_cast<uint64_t>(deployment));
    AppendReal(candidates_, candidate.probability);
    AppendReal(candidates_, candidate.threshold);
  }
  return {};
}

Status ExchangeWriter::InsertAnswers(int64_t row, const std::vector<AnswerRecord>& answers) {
  int64_t id = row << kAnswerBits;
  for (const auto& answer : answers) TRY_VOID(InsertAnswer(id++, answer));
  return {};
}

Status ExchangeWriter::InsertAnswer(int64_t id, const AnswerRecord& answer) {
  TRY(const int64_t model, file_.names.Intern(answer.model));
  TRY(const int64_t deployment, file_.names.Intern(answer.deployment));
  return insert_answer_.Bind(1, id)
      .Bind(2, static_cast<int64_t>(answer.kind))
      .Bind(3, model)
      .Bind(4, deployment)
      .Bind(5, Flags(answer))
      .Bind(6, answer.usage.prompt_tokens)
      .Bind(7, answer.usage.completion_tokens)
      .Bind(8, answer.usage.cached_tokens)
      .BindReal(9, answer.cost_usd)
      .Bind(10, answer.retries)
      .Bind(11, answer.timings.queue_us)
      .Bind(12, answer.timings.first_token_us)
      .Bind(13, answer.timings.total_us)
      .Bind(14, static_cast<int64_t>(answer.verdict.kind))
      .Bind(15, answer.verdict.took_us)
      .Run();
}

}  // namespace understudy
