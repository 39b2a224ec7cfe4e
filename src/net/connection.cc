#include "net/connection.h"

#include <algorithm>
#include <array>

#include "base/log.h"

namespace understudy {
namespace {

namespace asio = boost::asio;

// A refused client may still be sending: closing at once would reset the connection and could
// destroy the answer on its way (RFC 9112 section 9.6). So its bytes are dropped for a while.
constexpr std::chrono::seconds kLingerTime{2};

size_t MaxInput(const ServerLimits& limits) {
  return std::max(limits.max_header_bytes + 1024, size_t{16} << 10);
}

}  // namespace

Connection::Connection(std::shared_ptr<Shard> shard, WireSocket socket, std::string peer,
                       OpenToken token)
    : shard_(std::move(shard)),
      limits_(shard_->state().limits),
      token_(std::move(token)),
      wire_(std::make_shared<Wire>(std::move(socket), shard_->sweeper(), MaxInput(limits_))),
      parser_(limits_.max_header_bytes, limits_.max_body_bytes),
      writer_(*wire_, limits_.write_timeout, shard_->state().stopping) {
  request_.peer = std::move(peer);
  wire_->SetUpSocket();
  shard_->connections_.insert(this);
}

Connection::~Connection() {
  wire_->set_watcher(nullptr);
  wire_->Close();
  shard_->connections_.erase(this);
}

Task<void> Connection::Run(std::shared_ptr<Connection> self) {
  try {
    co_await self->ServeAll();
  } catch (const std::exception& error) {  // out of memory, most likely
    LOG_ERROR("a connection was closed: {}", error.what());
  }
}

Task<void> Connection::ServeAll() {
  do {
    const Got got = co_await Read();
    if (got == Got::kNothing) co_return;
    if (got == Got::kRefusal) {
      co_await Refuse(parser_.refused() ? parser_.rejection() : rejection_);
      co_return;
    }
    co_await Serve();
  } while (writer_.keep_alive() && !shard_->state().stopping);
  state_ = State::kClosing;
  if (writer_.complete() && !wire_->input().empty()) co_await Linger();
}

Task<Connection::Got> Connection::Read() {
  parser_.Start(request_);
  state_ = State::kIdle;
  wire_->Limit(limits_.idle_timeout);
  while (!RequestBegins()) {
    const Wire::Event event = co_await wire_->Fill();
    if (event != Wire::Event::kInput) co_return Got::kNothing;
  }
  state_ = State::kReading;
  wire_->Limit(limits_.header_timeout);
  const Got got = co_await ReadRest();
  co_return got;
}

Task<Connection::Got> Connection::ReadRest() {
  while (true) {
    const bool had_head = parser_.head_done();
    wire_->Consume(parser_.Put(wire_->input()));
    if (parser_.refused()) co_return Got::kRefusal;
    if (parser_.done()) co_return Got::kRequest;
    if (!had_head && parser_.head_done()) {
      wire_->Limit(limits_.body_timeout);
      if (parser_.expects_continue() && wire_->input().empty() && request_.body.empty()) {
        const bool sent = co_await SendContinue();
        if (!sent) co_return Got::kNothing;
        wire_->Limit(limits_.body_timeout);
      }
    }
    const Wire::Event event = co_await wire_->Fill();
    if (event == Wire::Event::kInput) continue;
    if (event == Wire::Event::kTimeout) {
      rejection_ = {408, parser_.head_done() ? "the request's body came too slowly"
                                             : "the request's header came too slowly"};
    } else if (event == Wire::Event::kFull) {
      rejection_ = {431, "a part of the request is too large"};
    } else {
      co_return Got::kNothing;
    }
    co_return Got::kRefusal;
  }
}

// RFC 9112 section 2.2: an empty line before a request is to be ignored.
bool Connection::RequestBegins() {
  while (wire_->input().starts_with("\r\n")) wire_->Consume(2);
  return !wire_->input().empty() && wire_->input() != "\r";
}

Task<bool> Connection::SendContinue() {
  std::array buffers{asio::buffer(std::string_view("HTTP/1.1 100 Continue\r\n\r\n"))};
  WireError error;
  if (!wire_->TryWrite(buffers, error)) {
    error = co_await wire_->Write(buffers, limits_.write_timeout);
  }
  co_return !error;
}

Task<void> Connection::Serve() {
  state_ = State::kServing;
  WireWriter::Terms terms;
  terms.http11 = parser_.http11();
  terms.head = request_.method == "HEAD";
  terms.keep_alive = parser_.keep_alive();
  writer_.Start(terms);
  wire_->Unlimit();
  wire_->Shrink();
  wire_->set_watcher(this);
  if (wire_->input().empty()) wire_->Arm();  // pipelined bytes would only fill the buffer
  shard_->state().running.fetch_add(1, std::memory_order_relaxed);
  const bool sound = co_await CallHandler();
  shard_->state().running.fetch_sub(1, std::memory_order_relaxed);
  wire_->set_watcher(nullptr);
  if (writer_.begun() || writer_.cancellation().reason() == CancelReason::kClientGone) co_return;
  if (sound) LOG_ERROR("{} {}: the handler gave no answer", request_.method, request_.path());
  writer_.MakeLast();
  (void)co_await writer_.Send(PlainError(500, "the server failed to answer this request"));
}

// False: it threw, which is logged.
Task<bool> Connection::CallHandler() {
  try {
    co_await shard_->state().handler(request_, writer_);
    co_return true;
  } catch (const std::exception& error) {
    LOG_ERROR("{} {}: the handler threw: {}", request_.method, request_.path(), error.what());
  } catch (...) {
    LOG_ERROR("{} {}: the handler threw something unknown", request_.method, request_.path());
  }
  co_return false;
}

void Connection::OnUnawaited(Wire& wire) {
  const auto self = shared_from_this();  // what Cancel() wakes may end the connection
  if (wire.ended() && state_ == State::kServing) {
    writer_.cancellation().Cancel(CancelReason::kClientGone);
  }
}

Task<void> Connection::Refuse(Rejection rejection) {
  state_ = State::kClosing;
  WireWriter::Terms terms;
  terms.head = request_.method == "HEAD";
  terms.keep_alive = false;
  writer_.Start(terms);
  const Status sent = co_await writer_.Send(PlainError(rejection.status, rejection.message));
  if (sent) co_await Linger();
}

Task<void> Connection::Linger() {
  wire_->ShutdownSend();
  wire_->Limit(kLingerTime);
  Wire::Event event = Wire::Event::kInput;
  while (event == Wire::Event::kInput) {
    wire_->Consume(wire_->input().size());
    event = co_await wire_->Fill();
  }
}

void Connection::CloseIfIdle() {
  if (state_ == State::kIdle) wire_->Close();
}

void Connection::CancelRunning() {
  if (state_ == State::kServing) {
    writer_.cancellation().Cancel(CancelReason::kShutdown);
  } else {
    wire_->Close();
  }
}

void Connection::Close() {
  wire_->Close();
}

}  // namespace understudy
