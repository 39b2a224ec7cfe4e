#include "models/openai_stream.h"

#include <utility>

#include <fmt/format.h>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "models/upstream_error.h"

namespace understudy {
namespace {

constexpr size_t kMaxAnswerBytes = size_t{64} << 20;
constexpr size_t kPieceBytes = 64;
constexpr std::chrono::milliseconds kTailTime{100};

}  // namespace

OpenAiStream::OpenAiStream(Upstream& upstream, Cancellation& cancellation,
                           std::atomic<uint64_t>& failures)
    : upstream_(upstream), call_(cancellation), failures_(failures) {}

void OpenAiStream::Hold(ConcurrencyLimit::Place place, Breaker::Permit permit) {
  place_ = std::move(place);
  permit_.emplace(std::move(permit));
  permit_->Alive();
}

Task<Status> OpenAiStream::Open(const Upstream::Call& call) {
  const Cancellation::Scope link(call_, [this] { own_->Cancel(call_.reason()); });
  CO_TRY(reply_, co_await upstream_.Post(call, *own_));
  const std::string_view type = reply_->headers.Get("content-type");
  const bool whole = type.starts_with("application/json") || LooksLikeHtml(type, {});
  if (whole) CO_TRY_VOID(co_await ReadWhole());
  auto first = co_await ReadChunk();
  if (!first) {
    // Nothing has come of the answer: a stream that broke off here may be tried again.
    Error error = std::move(first).error();
    if (error.kind == ErrorKind::kProtocol && !whole) error.retryable = true;
    co_return Fail(std::move(error));
  }
  if (!*first) {
    co_return Fail(ProtocolError(fmt::format("model \"{}\" ended its stream before it began",
                                             upstream_.model()))
                       .At(upstream_.model())
                       .Retryable());
  }
  first_ = *std::move(first);
  co_return Status();
}

// An upstream that cannot stream, or a page of a proxy.
Task<Status> OpenAiStream::ReadWhole() {
  const std::string type(reply_->headers.Get("content-type"));
  auto body = co_await reply_->ReadAll(kMaxAnswerBytes);
  if (!body) co_return Fail(upstream_.Named(std::move(body).error()));
  if (!LooksLikeJson(*body)) {
    co_return Fail(NotAnAnswer(upstream_.model(), reply_->status, type, *body));
  }
  CO_TRY(const ChatAnswer answer, ParseUpstreamAnswer(upstream_.model(), *std::move(body)));
  const auto payloads = ChunksOf(answer, kPieceBytes, answer.usage.known, Clock::System().WallMs());
  ready_.assign(payloads.begin(), payloads.end());
  reply_.reset();
  co_return Status();
}

Task<Result<std::optional<ChatChunk>>> OpenAiStream::Next() {
  if (first_) co_return std::exchange(first_, std::nullopt);
  if (failed_) co_return Fail(*failed_);
  if (ended_) co_return std::nullopt;
  const Cancellation::Scope link(call_, [this] { own_->Cancel(call_.reason()); });
  auto chunk = co_await ReadChunk();
  if (!chunk) {
    failed_ = chunk.error();
    reply_.reset();
    Settle(&*failed_);
  } else if (!*chunk) {
    ended_ = true;
    Settle(nullptr);
  }
  co_return chunk;
}

void OpenAiStream::Settle(const Error* error) {
  if (error && !call_.cancelled()) ModelCounters::Add(failures_);
  if (permit_ && !call_.cancelled()) permit_->Settle(error);
  permit_.reset();
  place_ = {};
}

Task<Result<std::optional<ChatChunk>>> OpenAiStream::ReadChunk() {
  if (call_.cancelled()) co_return Fail(call_.ToError());
  if (!ready_.empty()) {
    std::string data = std::move(ready_.front());
    ready_.pop_front();
    co_return Parse(std::move(data));
  }
  if (!reply_) co_return std::nullopt;
  while (true) {
    CO_TRY(std::optional<SseEvent> event, events_.Next());
    if (event && event->data == "[DONE]") {
      co_await Drain();
      co_return std::nullopt;
    }
    if (event) co_return Parse(std::move(event->data));
    const auto piece = co_await reply_->ReadSome();
    if (call_.cancelled()) co_return Fail(call_.ToError());
    // Servers that end by closing the connection may close it roughly.
    if (!piece && AllFinished() && piece.error().kind == ErrorKind::kProtocol) {
      co_return std::nullopt;
    }
    if (!piece) co_return Fail(upstream_.Named(piece.error()));
    if (piece->empty()) co_return co_await AtEnd();
    events_.Feed(*piece);
  }
}

Task<Result<std::optional<ChatChunk>>> OpenAiStream::AtEnd() {
  reply_.reset();
  if (AllFinished()) co_return std::nullopt;
  const std::string_view how =
      finished_.empty() ? "ended without an answer" : "broke off before its end";
  co_return Fail(ProtocolError(fmt::format("the stream of model \"{}\" {}", upstream_.model(), how))
                     .At(upstream_.model()));
}

Result<std::optional<ChatChunk>> OpenAiStream::Parse(std::string data) {
  const bool may_be_error = MayBeErrorObject(data);
  std::string copy = may_be_error ? data : std::string();
  auto chunk = ParseChatChunk(std::move(data));
  if (chunk) {
    Follow(*chunk);
    return *std::move(chunk);
  }
  if (may_be_error && chunk.error().kind == ErrorKind::kUpstream) {
    return Fail(UpstreamStreamError(upstream_.model(), std::move(copy)));
  }
  return Fail(std::move(chunk).error().At(upstream_.model()));
}

void OpenAiStream::Follow(const ChatChunk& chunk) {
  for (const auto& delta : chunk.deltas) {
    const auto [choice, is_new] = finished_.try_emplace(delta.index, false);
    unfinished_ += is_new;
    if (delta.finish == FinishReason::kNone || choice->second) continue;
    choice->second = true;
    --unfinished_;
  }
}

// After [DONE] only the end of the body is due. With it the connection can serve again; without it
// soon, the connection is closed rather than let the client wait.
Task<void> OpenAiStream::Drain() {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor, kTailTime);
  timer.async_wait([own = std::weak_ptr(own_)](boost::system::error_code failed) {
    const auto alive = failed ? nullptr : own.lock();
    if (alive) alive->Cancel(CancelReason::kDeadline);
  });
  while (true) {
    const auto piece = co_await reply_->ReadSome();
    if (!piece || piece->empty()) break;
  }
  reply_.reset();
}

}  // namespace understudy
