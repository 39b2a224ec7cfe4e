#include "net/connect.h"

#include <boost/asio/redirect_error.hpp>

namespace understudy {
namespace {

namespace asio = boost::asio;

Error ConnectError(const Dial& dial, const Wire& wire, const WireError& error) {
  const std::string to = dial.url.ToString();
  if (wire.timed_out()) return Timeout("cannot connect to " + to + ": no answer in time").At(to);
  return Unavailable("cannot connect to " + to + ": " + error.message())
      .At(to)
      .Mend("check that it runs and that the URL is right");
}

Error TlsError(const Dial& dial, Wire& wire, const WireError& error) {
  const std::string to = dial.url.ToString();
  if (wire.timed_out()) return Timeout("no TLS handshake with " + to + " in time").At(to);
  const std::string problem = wire.CertificateProblem();
  if (problem.empty()) {
    return Unavailable("the TLS handshake with " + to + " failed: " + error.message())
        .At(to)
        .Mend("check that it speaks TLS on this port");
  }
  Error result = Unavailable("the certificate of " + to + " is not trusted: " + problem)
                     .At(to)
                     .Mend("check the host name, or name the CA's file in ca_file");
  result.retryable = false;
  return result;
}

Task<Result<std::shared_ptr<Wire>>> ConnectTo(const Dial& dial, const WireEndpoint& endpoint,
                                              std::chrono::nanoseconds time,
                                              Cancellation& cancellation) {
  auto wire =
      std::make_shared<Wire>(WireSocket(dial.context), dial.sweeper,
                             std::max(dial.options.max_head_bytes + 1024, size_t{64} << 10));
  const Cancellation::Scope scope(cancellation, [&wire] { wire->Close(); });
  WireError error;
  wire->Limit(time);
  co_await wire->socket().async_connect(endpoint, asio::redirect_error(kUseTask, error));
  if (cancellation.cancelled()) co_return Fail(cancellation.ToError());
  if (error) co_return Fail(ConnectError(dial, *wire, error));
  wire->SetUpSocket();
  if (dial.tls) error = co_await wire->HandshakeTls(*dial.tls, dial.url.host);
  if (cancellation.cancelled()) co_return Fail(cancellation.ToError());
  if (error) co_return Fail(TlsError(dial, *wire, error));
  wire->Unlimit();
  co_return wire;
}

}  // namespace

Task<Result<std::shared_ptr<Wire>>> Connect(const Dial& dial, Cancellation& cancellation) {
  const Monotonic end = std::chrono::steady_clock::now() + dial.options.connect_timeout;
  CO_TRY(const std::vector<WireEndpoint> endpoints, co_await LookUp(dial, cancellation));
  Error last = Unavailable(dial.url.host + " has no address").At(dial.url.ToString());
  for (size_t i = 0; i < endpoints.size(); ++i) {
    const auto left = end - std::chrono::steady_clock::now();
    const auto share = left / static_cast<int64_t>(endpoints.size() - i);
    auto wire = co_await ConnectTo(dial, endpoints[i], share, cancellation);
    if (wire) co_return std::move(*wire);
    last = std::move(wire).error();
    if (last.kind == ErrorKind::kCancelled || cancellation.cancelled()) break;
  }
  co_return Fail(std::move(last));
}

Result<std::unique_ptr<asio::ssl::context>> MakeTlsContext(const ClientOptions& options) {
  auto context = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_client);
  SSL_CTX_set_min_proto_version(context->native_handle(), TLS1_2_VERSION);
  context->set_verify_mode(options.verify_tls ? asio::ssl::verify_peer : asio::ssl::verify_none);
  WireError error;
  context->set_default_verify_paths(error);
  if (options.ca_file.empty()) return context;
  context->load_verify_file(options.ca_file, error);
  if (!error) return context;
  return Fail(InvalidInput("cannot read trusted certificates: " + error.message())
                  .At(options.ca_file)
                  .Mend("ca_file must be a readable file of PEM certificates"));
}

}  // namespace understudy
