#include "models/openai_model.h"

#include <utility>

#include <fmt/format.h>

#include "base/ids.h"
#include "base/log.h"
#include "models/embed_body.h"
#include "models/model_info.h"
#include "models/openai_stream.h"
#include "models/pause.h"
#include "models/upstream_error.h"

namespace understudy {
namespace {

using std::chrono::milliseconds;

constexpr size_t kMaxAnswerBytes = size_t{64} << 20;

RetryPolicy PolicyOf(const ModelOptions& options, milliseconds time_limit) {
  RetryPolicy policy;
  policy.retries = options.retries;
  policy.time_limit = time_limit;
  return policy;
}

// The request's own bytes where nothing in them must change. The request must outlive it.
class UpstreamBody {
 public:
  UpstreamBody(const ChatRequest& chat, std::string_view model, UpstreamWants wants) {
    auto edits = EditsForUpstream(chat, model, wants);
    if (!edits.empty()) edited_ = SpliceBody(chat.body, std::move(edits));
    view_ = edited_.empty() ? std::string_view(chat.body) : std::string_view(edited_);
  }
  UpstreamBody(const UpstreamBody&) = delete;
  UpstreamBody& operator=(const UpstreamBody&) = delete;
  std::string_view view() const { return view_; }

 private:
  std::string edited_;
  std::string_view view_;
};

}  // namespace

Result<std::shared_ptr<Model>> OpenAiModel::Make(const ModelOptions& options, Runtime& runtime,
                                                 milliseconds time_limit) {
  TRY(auto upstream, Upstream::Make(options, runtime));
  return std::shared_ptr<Model>(new OpenAiModel(options, std::move(upstream), time_limit));
}

OpenAiModel::OpenAiModel(const ModelOptions& options, std::unique_ptr<Upstream> upstream,
                         milliseconds time_limit)
    : info_(MakeModelInfo(options)),
      stream_usage_(options.stream_usage),
      reasoning_(options.reasoning),
      breaker_failures_(options.breaker_failures),
      policy_(PolicyOf(options, time_limit)),
      seed_(FastHash(RandomBytes(8))),
      upstream_(std::move(upstream)),
      breaker_(options.breaker_failures, milliseconds(options.breaker_open_ms)),
      limit_(options.max_concurrent) {}

ModelHealth OpenAiModel::health() const {
  if (breaker_.state() != Breaker::State::kOpen) return {};
  return {ModelState::kDown,
          fmt::format("its circuit is open after {} failures in a row; next trial in {} ms",
                      breaker_failures_, breaker_.time_left().count())};
}

ModelCounts OpenAiModel::counts() const {
  ModelCounts counts = counters_.Snapshot();
  counts.circuit_opened = breaker_.times_opened();
  counts.running = limit_.running();
  return counts;
}

Error OpenAiModel::CircuitOpen() const {
  Error error = Unavailable(fmt::format("model \"{}\" is not asked: it failed {} times in a row",
                                        info_.name, breaker_failures_))
                    .At(info_.name)
                    .Mend("It is tried again in a moment; see whether its server is up")
                    .Code("model_unavailable");
  error.retry_after = breaker_.time_left();
  return error;
}

Result<ConcurrencyLimit::Place> OpenAiModel::TakePlace() {
  ModelCounters::Add(counters_.requests);
  auto place = limit_.Take(info_.name);
  if (!place) ModelCounters::Add(counters_.refused_full);
  return place;
}

// Tries until an attempt succeeds or no further one is allowed; the last error is the answer.
template <class Attempt>
Task<Status> OpenAiModel::Try(Attempt attempt, Cancellation& cancellation, int& retries) {
  const uint64_t nth = counters_.requests.load(std::memory_order_relaxed);
  Retry retry(policy_, budget_, seed_ + nth);
  while (true) {
    auto permit = breaker_.Ask();
    if (!permit) {
      ModelCounters::Add(counters_.refused_open);
      co_return Fail(CircuitOpen());
    }
    Status done = co_await attempt(*permit);
    if (!done && cancellation.cancelled()) co_return Fail(cancellation.ToError());
    permit->Settle(done ? nullptr : &done.error());
    if (done) co_return done;
    const bool open = breaker_.state() == Breaker::State::kOpen;
    const auto wait = open ? std::nullopt : retry.Next(done.error());
    if (!wait) {
      ModelCounters::Add(counters_.failures);
      co_return done;
    }
    LOG_DEBUG("model {}: {}; trying again in {} ms", info_.name, Name(done.error().kind),
              wait->count());
    ModelCounters::Add(counters_.retries);
    retries = retry.count();
    CO_TRY_VOID(co_await Pause(*wait, cancellation));
  }
}

Task<Status> OpenAiModel::PostOnce(const Upstream::Call& call, Cancellation& cancellation,
                                   std::string& body) {
  CO_TRY(const auto reply, co_await upstream_->Post(call, cancellation));
  auto whole = co_await reply->ReadAll(kMaxAnswerBytes);
  if (!whole) {
    Error error = upstream_->Named(std::move(whole).error());
    // It broke off on its way, and none of it went to the client.
    if (error.kind == ErrorKind::kProtocol) error.retryable = true;
    co_return Fail(std::move(error));
  }
  body = *std::move(whole);
  if (LooksLikeJson(body)) co_return Status();
  const std::string_view type = reply->headers.Get("content-type");
  co_return Fail(NotAnAnswer(info_.name, reply->status, type, body));
}

Task<Status> OpenAiModel::CompleteOnce(const Upstream::Call& call, Cancellation& cancellation,
                                       ChatAnswer& answer) {
  std::string body;
  CO_TRY_VOID(co_await PostOnce(call, cancellation, body));
  CO_TRY(answer, ParseUpstreamAnswer(info_.name, std::move(body)));
  co_return Status();
}

Task<Status> OpenAiModel::StreamOnce(const Upstream::Call& call, Cancellation& cancellation,
                                     Place& place, Breaker::Permit& permit,
                                     std::unique_ptr<AnswerStream>& stream) {
  auto opened = std::make_unique<OpenAiStream>(*upstream_, cancellation, counters_.failures);
  CO_TRY_VOID(co_await opened->Open(call));
  opened->Hold(std::move(place), std::move(permit));
  stream = std::move(opened);
  co_return Status();
}

Task<Result<ChatAnswer>> OpenAiModel::Complete(ModelRequest& request) {
  CO_TRY(const Place place, TakePlace());
  const UpstreamBody body(request.chat, info_.upstream_model, {.reasoning = reasoning_});
  const Upstream::Call call{"/chat/completions", body.view(), request.authorization, false,
                            request.passed_on};
  ChatAnswer answer;
  const auto once = [&](Breaker::Permit&) {
    return CompleteOnce(call, request.cancellation, answer);
  };
  CO_TRY_VOID(co_await Try(once, request.cancellation, request.retries));
  co_return answer;
}

Task<Result<std::unique_ptr<AnswerStream>>> OpenAiModel::Stream(ModelRequest& request) {
  CO_TRY(Place place, TakePlace());
  const UpstreamBody body(request.chat, info_.upstream_model,
                          {.stream = true, .count_usage = stream_usage_, .reasoning = reasoning_});
  const Upstream::Call call{"/chat/completions", body.view(), request.authorization, true,
                            request.passed_on};
  std::unique_ptr<AnswerStream> stream;
  const auto once = [&](Breaker::Permit& permit) {
    return StreamOnce(call, request.cancellation, place, permit, stream);
  };
  CO_TRY_VOID(co_await Try(once, request.cancellation, request.retries));
  co_return stream;
}

Task<Result<std::string>> OpenAiModel::Embed(std::string_view body, std::string_view authorization,
                                             Cancellation& cancellation) {
  CO_TRY(const Place place, TakePlace());
  std::string sent(body);
  if (!info_.upstream_model.empty()) {
    CO_TRY(sent, WithModelName(body, info_.upstream_model, info_.name));
  }
  const Upstream::Call call{"/embeddings", sent, authorization, false};
  std::string answer;
  int retries = 0;
  const auto once = [&](Breaker::Permit&) { return PostOnce(call, cancellation, answer); };
  CO_TRY_VOID(co_await Try(once, cancellation, retries));
  co_return answer;
}

}  // namespace understudy
