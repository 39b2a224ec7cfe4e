// Wire: one connected stream socket (TCP, unix, or TLS over TCP) with its input buffer.
//
// Reading: at most one read is pending, and it always reads into the buffer. It may be armed while
// nobody waits (a handler runs, a pooled connection idles): then it is how we learn that the peer
// is gone, and what it reads is simply the beginning of the next message. So watching costs no
// system call of its own.
// Writing: tried at once without suspending; only a full socket buffer suspends the caller.
//
// Belongs to its io_context's thread. Pending operations keep it alive.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include "base/task.h"
#include "net/signal.h"
#include "net/sweeper.h"

namespace understudy {

using WireSocket = boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol,
                                                    boost::asio::io_context::executor_type>;
using WireError = boost::system::error_code;

class Wire;

// Told of input and of the end while no coroutine waits for them in Fill().
class WireWatcher {
 public:
  virtual void OnUnawaited(Wire& wire) = 0;

 protected:
  ~WireWatcher() = default;
};

class Wire final : public std::enable_shared_from_this<Wire>, public Deadline {
 public:
  // kInput: the buffer grew. kEnd: the peer sent its end. kTimeout: the deadline passed.
  // kFailed: reset, aborted or closed by us; see error(). kFull: the buffer holds max_buffer
  // bytes that nobody consumed.
  enum class Event { kInput, kEnd, kTimeout, kFailed, kFull };

  Wire(WireSocket socket, std::shared_ptr<Sweeper> sweeper, size_t max_buffer);

  WireSocket& socket() { return socket_; }
  // Small messages leave at once. Call once the socket is open.
  void SetUpSocket();
  // Client side of TLS. `host` must match the certificate unless the context does not verify.
  Task<WireError> HandshakeTls(boost::asio::ssl::context& context, const std::string& host);
  // Why the peer's certificate was refused, in words; empty if it was not.
  std::string CertificateProblem();

  std::string_view input() const { return {buffer_.data() + begin_, end_ - begin_}; }
  void Consume(size_t bytes) { begin_ += bytes; }
  // Keeps a read pending. May move the input: views into it end.
  void Arm();
  // Waits for more input than there is. Returns at once where the end has been seen.
  Task<Event> Fill();
  // The end or an error has been seen; what input() holds came before it.
  bool ended() const { return static_cast<bool>(end_error_); }
  bool ended_cleanly() const;
  WireError error() const { return end_error_; }
  void set_watcher(WireWatcher* watcher) { watcher_ = watcher; }

  // Sends what the socket takes at once and moves `buffers` past it. True: everything is sent or
  // `error` is set; false: call Write for the rest.
  bool TryWrite(std::span<boost::asio::const_buffer> buffers, WireError& error);
  // Sends the rest. asio::error::timed_out where the peer takes nothing for `stall`.
  Task<WireError> Write(std::span<boost::asio::const_buffer> buffers,
                        std::chrono::nanoseconds stall);

  // Sets the deadline of what follows and forgets an earlier one that passed.
  void Limit(std::chrono::nanoseconds time);
  void Unlimit();
  bool timed_out() const { return timed_out_; }

  // Gives memory back after a large message; only while no read is pending.
  void Shrink();
  void ShutdownSend();
  void Close();  // aborts what is pending; idempotent
  bool closed() const { return closed_; }

 private:
  using Tls = boost::asio::ssl::stream<WireSocket&>;
  void Expire() override;
  bool MakeRoom();
  struct ReadDone;
  void OnRead(WireError error, size_t bytes);

  WireSocket socket_;
  std::unique_ptr<Tls> tls_;
  std::unique_ptr<Signal> spare_;  // while no read is pending
  Signal* signal_ = nullptr;       // of the pending read, which owns it
  WireWatcher* watcher_ = nullptr;
  std::string buffer_;
  size_t begin_ = 0;  // of the input in buffer_
  size_t end_ = 0;
  size_t max_buffer_;
  WireError end_error_;
  bool crowded_ = false;  // the last read filled the buffer to its end
  bool reading_ = false;
  bool timed_out_ = false;
  bool closed_ = false;
};

}  // namespace understudy
