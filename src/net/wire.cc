#include "net/wire.h"

#include <algorithm>
#include <cstring>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>

namespace understudy {
namespace {

namespace asio = boost::asio;

// An idle connection costs the first, a busy one keeps up to the second.
constexpr size_t kFirstBuffer = size_t{4} << 10;
constexpr size_t kKeptBuffer = size_t{32} << 10;

bool IsNumericHost(const std::string& host) {
  WireError error;
  asio::ip::make_address(host, error);
  return !error;
}

// Moves the buffers past `bytes`.
void Advance(std::span<asio::const_buffer> buffers, size_t bytes) {
  for (asio::const_buffer& buffer : buffers) {
    const size_t step = std::min(bytes, buffer.size());
    buffer += step;
    bytes -= step;
  }
}

}  // namespace

Wire::Wire(WireSocket socket, std::shared_ptr<Sweeper> sweeper, size_t max_buffer)
    : Deadline(std::move(sweeper)), socket_(std::move(socket)), max_buffer_(max_buffer) {}

void Wire::SetUpSocket() {
  WireError ignored;  // a peer may be gone already: the first read will tell
  socket_.non_blocking(true, ignored);
  socket_.set_option(asio::ip::tcp::no_delay(true), ignored);  // no meaning on unix sockets
}

Task<WireError> Wire::HandshakeTls(asio::ssl::context& context, const std::string& host) {
  WireError error;
  tls_ = std::make_unique<Tls>(socket_, context);
  if (!IsNumericHost(host)) SSL_set_tlsext_host_name(tls_->native_handle(), host.c_str());
  if (SSL_get_verify_mode(tls_->native_handle()) != SSL_VERIFY_NONE) {
    tls_->set_verify_callback(asio::ssl::host_name_verification(host));
  }
  co_await tls_->async_handshake(asio::ssl::stream_base::client,
                                 asio::redirect_error(kUseTask, error));
  co_return error;
}

std::string Wire::CertificateProblem() {
  if (!tls_) return {};
  const long result = SSL_get_verify_result(tls_->native_handle());
  return result == X509_V_OK ? "" : X509_verify_cert_error_string(result);
}

bool Wire::MakeRoom() {
  if (begin_ == end_) begin_ = end_ = 0;
  // Messages of this size come in two reads: from the next one on they shall come in one.
  const bool grow = crowded_ && buffer_.size() < kKeptBuffer;
  if (end_ < buffer_.size() && !grow) return true;
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    if (end_ <= buffer_.size() / 2) return true;
  }
  crowded_ = false;
  if (buffer_.size() >= max_buffer_) return end_ < buffer_.size();
  buffer_.resize(std::min(max_buffer_, std::max(kFirstBuffer, buffer_.size() * 2)));
  return true;
}

// The pending read owns the connection and whoever waits for the read (see signal.h).
struct Wire::ReadDone {
  std::shared_ptr<Wire> wire;
  std::unique_ptr<Signal> signal;

  void operator()(const WireError& error, size_t bytes) {
    wire->spare_ = std::move(signal);
    wire->OnRead(error, bytes);
  }
};

void Wire::Arm() {
  if (reading_ || ended() || closed_ || !MakeRoom()) return;
  reading_ = true;
  const auto room = asio::buffer(buffer_.data() + end_, buffer_.size() - end_);
  if (!spare_) spare_ = std::make_unique<Signal>();
  signal_ = spare_.get();
  ReadDone done{shared_from_this(), std::move(spare_)};
  if (tls_) {
    tls_->async_read_some(room, std::move(done));
  } else {
    socket_.async_read_some(room, std::move(done));
  }
}

void Wire::OnRead(WireError error, size_t bytes) {
  reading_ = false;
  end_ += bytes;
  crowded_ = end_ == buffer_.size();
  const bool only_late = error == asio::error::operation_aborted && timed_out_ && !closed_;
  if (error && !only_late) end_error_ = error;
  if (signal_->waiting()) {
    signal_->Notify();
  } else if (watcher_) {
    watcher_->OnUnawaited(*this);
  }
}

Task<Wire::Event> Wire::Fill() {
  const size_t had = end_ - begin_;
  if (!timed_out_) {
    Arm();
    if (reading_) co_await signal_->Wait();
  }
  if (end_ - begin_ > had) co_return Event::kInput;
  if (timed_out_) co_return Event::kTimeout;
  if (!ended()) co_return closed_ ? Event::kFailed : Event::kFull;
  co_return ended_cleanly() ? Event::kEnd : Event::kFailed;
}

bool Wire::ended_cleanly() const {
  return end_error_ == asio::error::eof;
}

bool Wire::TryWrite(std::span<asio::const_buffer> buffers, WireError& error) {
  if (closed_) error = asio::error::operation_aborted;
  if (error) return true;
  if (tls_) return false;  // TLS keeps its own buffers
  while (asio::buffer_size(buffers) > 0) {
    const size_t sent = socket_.write_some(buffers, error);
    if (error == asio::error::would_block) {
      error = {};
      return false;
    }
    if (error) return true;
    Advance(buffers, sent);
  }
  return true;
}

Task<WireError> Wire::Write(std::span<asio::const_buffer> buffers, std::chrono::nanoseconds stall) {
  const auto self = shared_from_this();
  WireError error;
  while (!TryWrite(buffers, error)) {
    if (asio::buffer_size(buffers) == 0) break;
    Limit(stall);
    if (tls_) {
      const size_t sent =
          co_await tls_->async_write_some(buffers, asio::redirect_error(kUseTask, error));
      Advance(buffers, sent);
    } else {
      co_await socket_.async_wait(WireSocket::wait_write, asio::redirect_error(kUseTask, error));
    }
    if (timed_out_) error = asio::error::timed_out;
  }
  Unlimit();
  co_return error;
}

void Wire::Limit(std::chrono::nanoseconds time) {
  timed_out_ = false;
  ExpireIn(time);
}

void Wire::Unlimit() {
  timed_out_ = false;
  ExpireNever();
}

void Wire::Expire() {
  timed_out_ = true;
  WireError ignored;
  socket_.cancel(ignored);
}

void Wire::Shrink() {
  if (reading_ || begin_ != end_ || buffer_.size() <= kKeptBuffer) return;
  buffer_ = {};
  begin_ = end_ = 0;
}

void Wire::ShutdownSend() {
  WireError ignored;
  socket_.shutdown(WireSocket::shutdown_send, ignored);
}

void Wire::Close() {
  if (closed_) return;
  closed_ = true;
  ExpireNever();
  WireError ignored;
  socket_.close(ignored);
}

}  // namespace understudy
