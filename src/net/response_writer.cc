#include "net/response_writer.h"

#include <array>
#include <charconv>
#include <ctime>

#include "base/json.h"
#include "net/fields.h"

namespace understudy {
namespace {

namespace asio = boost::asio;

// RFC 9110 section 6.6.1; formatted once a second and thread.
std::string_view DateNow() {
  thread_local std::time_t at = 0;
  thread_local std::array<char, 40> text{};
  thread_local size_t length = 0;
  const std::time_t now = std::time(nullptr);
  if (now != at) {
    at = now;
    std::tm parts{};
    gmtime_r(&now, &parts);
    length = std::strftime(text.data(), text.size(), "%a, %d %b %Y %H:%M:%S GMT", &parts);
  }
  return {text.data(), length};
}

void AppendNumber(std::string& out, uint64_t value, int base = 10) {
  std::array<char, 24> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value, base).ptr;
  out.append(digits.data(), end);
}

bool IsOurs(std::string_view name) {
  return EqualsIgnoreCase(name, "content-length") || EqualsIgnoreCase(name, "date") ||
         IsHopByHop(name);
}

bool StatusHasBody(int status) {
  return status >= 200 && status != 204 && status != 304;
}

}  // namespace

void WireWriter::Start(Terms terms) {
  terms_ = terms;
  phase_ = Phase::kNothing;
  bytes_sent_ = 0;
  cancellation_.emplace();
}

Status WireWriter::Expect(Phase phase) const {
  if (cancellation_->reason() == CancelReason::kClientGone) return Fail(cancellation_->ToError());
  if (phase_ == phase) return {};
  return Fail(InternalError(phase_ == Phase::kNothing ? "the answer has not begun"
                                                      : "the answer was already begun or ended"));
}

void WireWriter::StartHead(int status, const Headers& headers) {
  if (stopping_) terms_.keep_alive = false;
  head_.assign("HTTP/1.1 ");
  AppendNumber(head_, static_cast<uint64_t>(status));
  head_ += ' ';
  head_ += ReasonPhrase(status);
  head_ += "\r\n";
  for (const auto& [name, value] : headers) {
    if (IsOurs(name) || !IsFieldName(name) || !IsFieldValue(value)) continue;
    AppendField(head_, name, value);
  }
  AppendField(head_, "Date", DateNow());
  if (!terms_.keep_alive) AppendField(head_, "Connection", "close");
  if (terms_.keep_alive && !terms_.http11) AppendField(head_, "Connection", "keep-alive");
  has_body_ = StatusHasBody(status) && !terms_.head;
}

Task<Status> WireWriter::Send(HttpResponse response) {
  CO_TRY_VOID(Expect(Phase::kNothing));
  StartHead(response.status, response.headers);
  if (StatusHasBody(response.status)) {
    head_ += "Content-Length: ";
    AppendNumber(head_, response.body.size());
    head_ += "\r\n";
  }
  head_ += "\r\n";
  if (!has_body_) response.body.clear();
  std::array buffers{asio::buffer(std::as_const(head_)),
                     asio::buffer(std::as_const(response.body))};
  Status sent;
  if (TryFlush(buffers, Phase::kComplete, sent)) co_return sent;
  co_return co_await FlushRest(buffers, Phase::kComplete);
}

Task<Status> WireWriter::Begin(int status, Headers headers) {
  CO_TRY_VOID(Expect(Phase::kNothing));
  if (!terms_.http11) terms_.keep_alive = false;  // the body ends with the connection
  StartHead(status, headers);
  if (terms_.http11 && StatusHasBody(status)) AppendField(head_, "Transfer-Encoding", "chunked");
  head_ += "\r\n";
  std::array buffers{asio::buffer(std::as_const(head_))};
  Status sent;
  if (TryFlush(buffers, Phase::kStream, sent)) co_return sent;
  co_return co_await FlushRest(buffers, Phase::kStream);
}

Task<Status> WireWriter::Write(std::string_view bytes) {
  CO_TRY_VOID(Expect(Phase::kStream));
  if (bytes.empty() || !has_body_) co_return Status();  // an empty chunk would be the end
  head_.clear();
  if (terms_.http11) {
    AppendNumber(head_, bytes.size(), 16);
    head_ += "\r\n";
  }
  std::array buffers{asio::buffer(std::as_const(head_)), asio::buffer(bytes),
                     asio::const_buffer("\r\n", terms_.http11 ? 2 : 0)};
  Status sent;
  if (TryFlush(buffers, Phase::kStream, sent)) co_return sent;
  co_return co_await FlushRest(buffers, Phase::kStream);
}

Task<Status> WireWriter::End() {
  CO_TRY_VOID(Expect(Phase::kStream));
  const bool chunked = has_body_ && terms_.http11;
  std::array buffers{asio::const_buffer("0\r\n\r\n", chunked ? 5 : 0)};
  Status sent;
  if (TryFlush(buffers, Phase::kComplete, sent)) co_return sent;
  co_return co_await FlushRest(buffers, Phase::kComplete);
}

bool WireWriter::TryFlush(std::span<asio::const_buffer> buffers, Phase next, Status& result) {
  flushing_ = asio::buffer_size(buffers);
  phase_ = Phase::kBroken;  // until it went out; a concurrent second call is refused
  WireError error;
  if (!wire_.TryWrite(buffers, error)) return false;
  result = Flushed(error, next);
  return true;
}

Task<Status> WireWriter::FlushRest(std::span<asio::const_buffer> buffers, Phase next) {
  const WireError error = co_await wire_.Write(buffers, write_timeout_);
  co_return Flushed(error, next);
}

Status WireWriter::Flushed(const WireError& error, Phase next) {
  if (error) {
    cancellation_->Cancel(CancelReason::kClientGone);
    return Fail(cancellation_->ToError());
  }
  bytes_sent_ += flushing_;
  phase_ = next;
  return {};
}

HttpResponse PlainError(int status, std::string_view message) {
  HttpResponse response;
  response.status = status;
  response.headers.Add("Content-Type", "application/json");
  response.body = R"({"error":{"message":)" + JsonString(message) + R"(,"type":")" +
                  (status < 500 ? "invalid_request_error" : "server_error") +
                  R"(","param":null,"code":null}})";
  return response;
}

}  // namespace understudy
