#include "net/client.h"

#include <algorithm>
#include <array>

#include "net/connect.h"
#include "net/fields.h"
#include "net/pool.h"
#include "net/reply.h"

namespace understudy {
namespace {

namespace asio = boost::asio;

std::string HostField(const Url& url) {
  const std::string host =
      url.host.find(':') == std::string::npos ? url.host : "[" + url.host + "]";
  if (!url.socket.empty() || url.port == (url.tls ? "443" : "80")) return host;
  return host + ":" + url.port;
}

bool IsOurs(std::string_view name) {
  return EqualsIgnoreCase(name, "host") || EqualsIgnoreCase(name, "content-length") ||
         EqualsIgnoreCase(name, "expect") || IsHopByHop(name);
}

bool IsTarget(std::string_view target) {
  return std::ranges::all_of(target, [](char c) { return c > ' ' && c != 0x7f; });
}

}  // namespace

struct HttpClient::Impl {
  Impl(asio::io_context& io_context, Url upstream, ClientOptions client_options)
      : context(io_context),
        url(std::move(upstream)),
        options(std::move(client_options)),
        name(url.ToString()),
        host_field(HostField(url)),
        sweeper(std::make_shared<Sweeper>(
            context, std::min({options.connect_timeout, options.first_byte_timeout,
                               options.idle_timeout, options.keep_alive}))),
        pool(std::make_shared<Pool>(options)) {
    if (!url.tls) return;
    auto made = MakeTlsContext(options);
    if (made) tls = *std::move(made);
    if (!made) usable = Fail(std::move(made).error());
  }

  asio::io_context& context;
  Url url;
  ClientOptions options;
  std::string name;  // for errors
  std::string host_field;
  std::shared_ptr<Sweeper> sweeper;
  std::shared_ptr<Pool> pool;
  std::unique_ptr<asio::ssl::context> tls;
  Status usable;

  Result<std::string> Head(std::string_view method, std::string_view target, const Headers& headers,
                           size_t body_size) const;
  Task<WireError> WriteRest(Wire& wire, std::span<asio::const_buffer> buffers,
                            Cancellation& cancellation);
};

Result<std::string> HttpClient::Impl::Head(std::string_view method, std::string_view target,
                                           const Headers& headers, size_t body_size) const {
  if (!IsFieldName(method)) return Fail(InvalidInput("the HTTP method is not a word"));
  if (!IsTarget(target)) return Fail(InvalidInput("the request's target has a blank in it"));
  std::string head;
  head.reserve(1024);
  head.append(method).append(" ").append(url.path).append(target);
  if (url.path.empty() && target.empty()) head += '/';
  head += " HTTP/1.1\r\n";
  AppendField(head, "Host", host_field);
  for (const auto& [field, value] : headers) {
    if (IsOurs(field)) continue;
    if (!IsFieldName(field) || !IsFieldValue(value)) {
      return Fail(InvalidInput("a header for " + name + " has characters HTTP does not allow"));
    }
    AppendField(head, field, value);
  }
  if (body_size > 0 || (method != "GET" && method != "HEAD" && method != "DELETE")) {
    AppendField(head, "Content-Length", std::to_string(body_size));
  }
  head += "\r\n";
  return head;
}

Task<WireError> HttpClient::Impl::WriteRest(Wire& wire, std::span<asio::const_buffer> buffers,
                                            Cancellation& cancellation) {
  const Cancellation::Scope scope(cancellation, [&wire] { wire.Close(); });
  wire.Arm();  // an early answer or a reset must not be missed meanwhile
  co_return co_await wire.Write(buffers, options.idle_timeout);
}

HttpClient::HttpClient(asio::io_context& context, Url url, ClientOptions options)
    : impl_(std::make_shared<Impl>(context, std::move(url), std::move(options))) {}

HttpClient::~HttpClient() {
  impl_->pool->Shut();
}

Task<Result<std::unique_ptr<HttpReply>>> HttpClient::Send(std::string_view method,
                                                          std::string_view target,
                                                          const Headers& headers,
                                                          std::string_view body,
                                                          Cancellation& cancellation) {
  const std::shared_ptr<Impl> impl = impl_;  // the client may go while we wait
  CO_TRY_VOID(impl->usable);
  if (cancellation.cancelled()) co_return Fail(cancellation.ToError());
  CO_TRY(const std::string head, impl->Head(method, target, headers, body.size()));
  bool pooled = impl->pool->idle() > 0;
  while (true) {
    std::shared_ptr<Wire> wire = pooled ? impl->pool->Take() : nullptr;
    if (!wire) {
      const Dial dial{impl->context, impl->url, impl->options, impl->sweeper, impl->tls.get()};
      CO_TRY(wire, co_await Connect(dial, cancellation));
    }
    Lease lease(impl->pool, std::move(wire));
    std::array buffers{asio::buffer(head), asio::buffer(body)};
    WireError error;
    if (!lease.wire().TryWrite(buffers, error)) {
      error = co_await impl->WriteRest(lease.wire(), buffers, cancellation);
    }
    if (cancellation.cancelled()) co_return Fail(cancellation.ToError());
    if (error == asio::error::timed_out && lease.wire().input().empty()) {
      co_return Fail(Timeout(impl->name + " did not take the request in time").At(impl->name));
    }
    // Any other failure may hide an answer that came before it (413, say): reading will tell.
    auto reply = std::make_unique<WireReply>(std::move(lease), impl->options, impl->name,
                                             method == "HEAD", cancellation);
    bool nothing_came = false;
    Status got = co_await reply->ReadHead(nothing_came);
    if (got) co_return std::unique_ptr<HttpReply>(std::move(reply));
    const bool died = nothing_came && got.error().kind == ErrorKind::kProtocol;
    if (!died || !pooled) {
      got.error().retryable = died;
      co_return Fail(std::move(got).error());
    }
    pooled = false;  // it died of idleness: once more, on a fresh connection
  }
}

const Url& HttpClient::url() const {
  return impl_->url;
}

size_t HttpClient::idle_connections() const {
  return impl_->pool->idle();
}

size_t HttpClient::open_connections() const {
  return impl_->pool->open();
}

}  // namespace understudy
