// Listening sockets: from an address in words to an acceptor, with errors that say what to do.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>

#include "base/result.h"

namespace understudy {

using Acceptor = boost::asio::basic_socket_acceptor<boost::asio::generic::stream_protocol,
                                                    boost::asio::io_context::executor_type>;

struct Listener {
  Acceptor acceptor;
  std::string url;     // "http://127.0.0.1:8700" or "unix:/path/x.sock"
  uint16_t port = 0;   // 0 for a unix socket
  std::string socket;  // path of the unix socket's file, to be removed at the end; empty for TCP
};

// Addresses as HttpServer::Listen takes them. A unix socket's file that is left from before is
// replaced if nobody listens on it; a file of another kind is never touched.
Result<Listener> OpenListener(boost::asio::io_context& context, std::string_view address);

// " (process 4711, nginx)" for whoever listens on the local TCP port, as far as /proc shows it;
// else empty.
std::string DescribeListenerOf(uint16_t port);

}  // namespace understudy
