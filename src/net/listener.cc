#include "net/listener.h"

#include <algorithm>
#include <charconv>
#include <filesystem>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/local/stream_protocol.hpp>

namespace understudy {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;
using asio::ip::tcp;
using SystemError = boost::system::error_code;

constexpr std::string_view kForms =
    "write 127.0.0.1:8700, [::1]:8700, :8700 (all interfaces) or unix:/path/x.sock";

Error BadAddress(std::string_view address, std::string_view what) {
  return InvalidInput("cannot listen on \"" + std::string(address) + "\": " + std::string(what))
      .Mend(kForms);
}

Error ListenError(std::string_view address, const SystemError& error, uint16_t port) {
  Error result = IoError("cannot listen on " + std::string(address) + ": " + error.message());
  if (error == asio::error::address_in_use) {
    result.message += DescribeListenerOf(port);
    result.mend = "stop what listens there, or choose another address";
  } else if (error == asio::error::access_denied) {
    result.mend = port > 0 && port < 1024 ? "ports below 1024 need a privilege: choose a higher one"
                                          : "choose an address this user may listen on";
  } else if (error.value() == EADDRNOTAVAIL) {
    result.mend = "no interface of this machine has that address";
  }
  return result;
}

struct HostPort {
  std::string host;  // empty: all interfaces
  uint16_t port = 0;
};

Result<HostPort> ParseHostPort(std::string_view address) {
  const size_t colon = address.rfind(':');
  if (colon == address.npos) return Fail(BadAddress(address, "it names no port"));
  std::string_view host = address.substr(0, colon);
  const std::string_view digits = address.substr(colon + 1);
  HostPort result;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), result.port);
  if (error != std::errc() || end != digits.data() + digits.size()) {
    return Fail(BadAddress(address, "the port must be a number from 0 to 65535"));
  }
  if (host.starts_with('[') && host.ends_with(']') && host.size() > 2) {
    host = host.substr(1, host.size() - 2);
  } else if (host.find_first_of(":[]/ ") != host.npos) {
    return Fail(BadAddress(address, "an IPv6 address stands in brackets"));
  }
  result.host = std::string(host);
  return result;
}

Result<tcp::endpoint> Resolve(asio::io_context& context, std::string_view address,
                              const HostPort& at) {
  SystemError error;
  const auto numeric = asio::ip::make_address(at.host, error);
  if (!error) return tcp::endpoint(numeric, at.port);
  tcp::resolver resolver(context);
  const auto found = resolver.resolve(at.host, "", tcp::resolver::passive, error);
  if (error || found.empty()) return Fail(BadAddress(address, "the host is not known"));
  const auto v4 = std::ranges::find_if(
      found, [](const auto& entry) { return entry.endpoint().address().is_v4(); });
  return tcp::endpoint((v4 != found.end() ? v4 : found.begin())->endpoint().address(), at.port);
}

SystemError Bind(Acceptor& acceptor, const tcp::endpoint& endpoint, bool both_families) {
  SystemError error;
  const int family = endpoint.address().is_v6() ? AF_INET6 : AF_INET;
  if (acceptor.is_open()) acceptor.close(error);
  acceptor.open(asio::generic::stream_protocol(family, IPPROTO_TCP), error);
  if (!error) acceptor.set_option(asio::socket_base::reuse_address(true), error);
  if (!error && both_families) acceptor.set_option(asio::ip::v6_only(false), error);
  if (!error) acceptor.bind(endpoint, error);
  if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  return error;
}

uint16_t BoundPort(const Acceptor& acceptor) {
  SystemError error;
  const auto local = acceptor.local_endpoint(error);
  if (error) return 0;
  sockaddr_storage storage{};
  std::memcpy(&storage, local.data(), std::min<size_t>(local.size(), sizeof storage));
  if (storage.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6&>(storage).sin6_port);
  }
  return ntohs(reinterpret_cast<const sockaddr_in&>(storage).sin_port);
}

Result<Listener> OpenTcp(asio::io_context& context, std::string_view address) {
  TRY(const HostPort at, ParseHostPort(address));
  Listener listener{Acceptor(context), {}, 0, {}};
  SystemError error;
  std::string shown = at.host;
  if (at.host.empty()) {
    shown = "127.0.0.1";
    error = Bind(listener.acceptor, tcp::endpoint(tcp::v6(), at.port), true);
    if (error.value() == EAFNOSUPPORT || error.value() == EADDRNOTAVAIL) {  // no IPv6 here
      error = Bind(listener.acceptor, tcp::endpoint(tcp::v4(), at.port), false);
    }
  } else {
    TRY(const tcp::endpoint endpoint, Resolve(context, address, at));
    if (endpoint.address().is_unspecified())
      shown = endpoint.address().is_v6() ? "::1" : "127.0.0.1";
    error = Bind(listener.acceptor, endpoint, false);
  }
  if (error) return Fail(ListenError(address, error, at.port));
  listener.port = BoundPort(listener.acceptor);
  if (shown.find(':') != std::string::npos) shown = "[" + shown + "]";
  listener.url = "http://" + shown + ":" + std::to_string(listener.port);
  return listener;
}

bool SomebodyListens(asio::io_context& context, const std::string& path) {
  asio::local::stream_protocol::socket probe(context);
  SystemError error;
  probe.connect(asio::local::stream_protocol::endpoint(path), error);
  return !error || error == asio::error::try_again;  // a full backlog is somebody, too
}

Status ClearStaleSocket(asio::io_context& context, std::string_view address,
                        const std::string& path) {
  std::error_code error;
  const fs::file_status status = fs::symlink_status(path, error);
  if (!fs::exists(status)) return {};
  if (status.type() != fs::file_type::socket) {
    return Fail(IoError("cannot listen on " + std::string(address) +
                        ": the path exists and is not a socket")
                    .Mend("choose another path"));
  }
  if (SomebodyListens(context, path)) {
    return Fail(IoError("cannot listen on " + std::string(address) +
                        ": another process listens "
                        "on this socket")
                    .Mend("stop it, or choose another path"));
  }
  fs::remove(path, error);
  return {};
}

Result<Listener> OpenUnix(asio::io_context& context, std::string_view address) {
  const std::string path(address.substr(5));
  if (path.empty()) return Fail(BadAddress(address, "it names no path"));
  if (path.size() > 107) {  // sun_path of Linux, with its final zero
    return Fail(BadAddress(address, "the path is longer than the 107 bytes a socket may have")
                    .Mend("use a shorter path, for example under /run or /tmp"));
  }
  TRY_VOID(ClearStaleSocket(context, address, path));
  Listener listener{Acceptor(context), "unix:" + path, 0, path};
  SystemError error;
  listener.acceptor.open(asio::generic::stream_protocol(AF_UNIX, 0), error);
  if (!error) listener.acceptor.bind(asio::local::stream_protocol::endpoint(path), error);
  if (!error) listener.acceptor.listen(asio::socket_base::max_listen_connections, error);
  if (error) return Fail(ListenError(address, error, 0));
  return listener;
}

}  // namespace

Result<Listener> OpenListener(asio::io_context& context, std::string_view address) {
  return address.starts_with("unix:") ? OpenUnix(context, address) : OpenTcp(context, address);
}

}  // namespace understudy
