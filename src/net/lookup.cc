// LookUp: from a URL's host to addresses.
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/post.hpp>

#include "net/connect.h"

namespace understudy {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// Owned by the resolver's callback and by wake-ups under way, never by the waiting coroutine (see
// signal.h). Whichever of them comes first wakes it; the others find nobody.
struct Lookup : std::enable_shared_from_this<Lookup>, Deadline {
  Lookup(asio::io_context& context, std::shared_ptr<Sweeper> sweeper)
      : Deadline(std::move(sweeper)), executor(context.get_executor()), resolver(context) {}

  void Expire() override {
    timed_out = true;
    WakeLater();
  }

  void WakeLater() {
    asio::post(executor, [self = shared_from_this()] { self->signal.Notify(); });
  }

  asio::io_context::executor_type executor;
  tcp::resolver resolver;
  Signal signal;
  WireError error = asio::error::operation_aborted;
  tcp::resolver::results_type found;
  bool timed_out = false;
};

Error LookupError(const Dial& dial, const Lookup& lookup) {
  const std::string what = "cannot find the address of " + dial.url.host + ": ";
  if (lookup.timed_out) return Timeout(what + "the name service did not answer in time");
  return Unavailable(what + lookup.error.message())
      .At(dial.url.ToString())
      .Mend("check the host name and this machine's name service");
}

Lookup* Begin(const Dial& dial) {
  const auto lookup = std::make_shared<Lookup>(dial.context, dial.sweeper);
  lookup->ExpireIn(dial.options.connect_timeout);
  lookup->resolver.async_resolve(
      dial.url.host, dial.url.port,
      [lookup](const WireError& error, tcp::resolver::results_type found) {
        lookup->error = error;
        lookup->found = std::move(found);
        lookup->signal.Notify();
      });
  return lookup.get();
}

}  // namespace

Task<Result<std::vector<WireEndpoint>>> LookUp(const Dial& dial, Cancellation& cancellation) {
  std::vector<WireEndpoint> endpoints;
  if (!dial.url.socket.empty()) {
    endpoints.emplace_back(asio::local::stream_protocol::endpoint(dial.url.socket));
    co_return endpoints;
  }
  const auto port = static_cast<uint16_t>(std::stoi(dial.url.port));
  WireError not_numeric;
  const auto address = asio::ip::make_address(dial.url.host, not_numeric);
  if (!not_numeric) {
    endpoints.emplace_back(tcp::endpoint(address, port));
    co_return endpoints;
  }
  Lookup* const lookup = Begin(dial);
  const Cancellation::Scope scope(cancellation, [lookup] { lookup->WakeLater(); });
  co_await lookup->signal.Wait();
  lookup->resolver.cancel();
  if (cancellation.cancelled()) co_return Fail(cancellation.ToError());
  if (lookup->error) co_return Fail(LookupError(dial, *lookup));
  for (const auto& entry : lookup->found) endpoints.emplace_back(entry.endpoint());
  co_return endpoints;
}

}  // namespace understudy
