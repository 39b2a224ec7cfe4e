// Opens connections to one upstream: name lookup, TCP or unix socket, TLS.
#pragma once

#include <memory>
#include <vector>

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>

#include "base/cancel.h"
#include "base/task.h"
#include "net/client.h"
#include "net/wire.h"

namespace understudy {

// Where and how; outlives the calls.
struct Dial {
  boost::asio::io_context& context;
  const Url& url;
  const ClientOptions& options;
  std::shared_ptr<Sweeper> sweeper;
  boost::asio::ssl::context* tls = nullptr;  // null for plain connections
};

using WireEndpoint = boost::asio::generic::stream_protocol::endpoint;

// Numeric addresses and unix sockets cost no lookup. Lookups run on a thread of Asio's; one that
// hangs is left alone once the time is over. kUnavailable, kTimeout or kCancelled.
Task<Result<std::vector<WireEndpoint>>> LookUp(const Dial& dial, Cancellation& cancellation);

// Tries the addresses in turn, each with its share of connect_timeout. Errors as above; all of
// them retryable, but for a certificate that does not hold.
Task<Result<std::shared_ptr<Wire>>> Connect(const Dial& dial, Cancellation& cancellation);

// The trust that `options` ask for; fails with kInvalidInput for an unreadable ca_file.
Result<std::unique_ptr<boost::asio::ssl::context>> MakeTlsContext(const ClientOptions& options);

}  // namespace understudy
