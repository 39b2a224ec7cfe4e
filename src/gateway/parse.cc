#include "base/ids.h"
#include "gateway/steps.h"

namespace understudy {
namespace {

// "127.0.0.1:40000" -> "127.0.0.1": the port changes with every connection.
std::string_view HostOf(std::string_view peer) {
  return peer.substr(0, peer.rfind(':'));
}

// A thread's calls in a row mostly have one origin, and the hash is one against brute force: dear.
std::string HashedOrigin(const std::string& key, std::string_view origin) {
  thread_local struct {
    std::string key, origin, hash;
  } last;
  if (last.origin != origin || last.key != key) {
    last = {key, std::string(origin), KeyedHash(key, origin)};
  }
  return last.hash;
}

// Calls of one conversation share everything up to the first answer, so that prefix names the
// session where the client does not. The origin is part of it: equal openings by two origins are
// two sessions.
std::string SessionOf(const Call& call) {
  const std::string_view sent = call.http.headers.Get("x-understudy-session");
  if (!sent.empty()) return std::string(sent);
  uint64_t hash = FastHash(call.exchange.origin);
  for (const Message& message : call.chat.messages) {
    if (message.role == Role::kAssistant) break;
    hash = FastHash(message.text, hash + static_cast<uint64_t>(message.role));
  }
  return fmt::format("prefix-{:016x}", hash);
}

// Headers in which a client names an API's version: an upstream may go by them.
void KeepForUpstream(Call& call) {
  for (const auto [name, value] : call.http.headers) {
    for (const std::string_view known : {"anthropic-version", "anthropic-beta"}) {
      if (EqualsIgnoreCase(name, known)) call.passed_on.Add(known, value);
    }
  }
}

// Bodies are never unpacked: a few kilobytes could become gigabytes.
Status CheckPlain(const HttpRequest& http) {
  const std::string_view encoding = http.headers.Get("content-encoding");
  if (encoding.empty() || EqualsIgnoreCase(encoding, "identity")) return {};
  return Fail(InvalidInput(fmt::format("the request's body is compressed ({})", encoding))
                  .Mend("Send it as plain JSON, without Content-Encoding."));
}

}  // namespace

Status Parse(Call& call) {
  Exchange& exchange = call.exchange;
  TRY_VOID(CheckPlain(call.http));
  TRY(call.chat, call.wire.ReadRequest(std::move(call.http.body)));
  const std::string origin =
      fmt::format("{}|{}|{}", call.key_name, call.chat.user, HostOf(call.http.peer));
  exchange.origin = HashedOrigin(call.serving.origin_key, origin);
  exchange.agent = call.http.headers.Get("x-understudy-agent");
  // A client may name a person in it, so it is kept as origins are.
  exchange.session = KeyedHash(call.serving.origin_key, SessionOf(call));
  exchange.streamed = call.chat.stream;
  KeepForUpstream(call);
  call.parsed = true;
  return {};
}

}  // namespace understudy
