#include "models/upstream.h"

#include <algorithm>

#include <fmt/format.h>
#include <boost/asio/post.hpp>

#include "base/clock.h"
#include "models/upstream_error.h"

namespace understudy {
namespace {

using std::chrono::milliseconds;

std::string_view Trim(std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// RFC 9110, section 5.6.2.
bool IsToken(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("!#$%&'*+-.^_`|~").contains(c);
  });
}

bool IsFieldValue(std::string_view value) {
  return std::ranges::none_of(value, [](char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
  });
}

ClientOptions ClientOptionsOf(const ModelOptions& model) {
  ClientOptions options;
  options.connect_timeout = milliseconds(model.connect_timeout_ms);
  options.first_byte_timeout = milliseconds(model.first_byte_timeout_ms);
  options.idle_timeout = milliseconds(model.idle_timeout_ms);
  options.verify_tls = model.verify_tls;
  options.ca_file = model.ca_file;
  return options;
}

}  // namespace

Result<std::unique_ptr<Upstream>> Upstream::Make(const ModelOptions& resolved, Runtime& runtime) {
  auto url = ParseUrl(resolved.url);
  if (!url) return Fail(std::move(url).error().At("url"));
  std::unique_ptr<Upstream> upstream(new Upstream(resolved, *std::move(url), runtime));
  TRY_VOID(upstream->AddHeaders(resolved));
  return upstream;
}

Upstream::Upstream(const ModelOptions& resolved, Url url, Runtime& runtime)
    : model_(resolved.name),
      url_(std::move(url)),
      options_(ClientOptionsOf(resolved)),
      contexts_(runtime.contexts()),
      clients_(runtime.size()) {}

Upstream::~Upstream() {
  // A client belongs to its thread: it ends there, whichever thread lets the model go.
  for (size_t i = 0; i < clients_.size(); ++i) {
    if (!clients_[i]) continue;
    boost::asio::post(*contexts_[i],
                      [client = std::move(clients_[i])]() mutable { client.reset(); });
  }
}

Status Upstream::AddHeaders(const ModelOptions& resolved) {
  if (!IsFieldValue(resolved.api_key)) {
    return Fail(InvalidInput("the key has characters that HTTP does not allow").At("api_key"));
  }
  headers_.Add("Content-Type", "application/json");
  headers_.Add("User-Agent", "understudy/" UNDERSTUDY_VERSION);
  if (!resolved.api_key.empty()) headers_.Add("Authorization", "Bearer " + resolved.api_key);
  for (size_t i = 0; i < resolved.headers.size(); ++i) {
    const std::string_view line = resolved.headers[i];
    const size_t colon = line.find(':');
    const std::string_view name = Trim(line.substr(0, colon));
    const bool has_value = colon != std::string_view::npos;
    const std::string_view value = has_value ? Trim(line.substr(colon + 1)) : std::string_view();
    if (!has_value || !IsToken(name) || !IsFieldValue(value)) {
      return Fail(InvalidInput("expected \"Name: value\" with characters that HTTP allows")
                      .At(fmt::format("headers[{}]", i)));
    }
    headers_.Set(name, value);
  }
  authorized_ = headers_.Has("Authorization");
  stream_headers_ = headers_;
  if (!headers_.Has("Accept")) {
    headers_.Add("Accept", "application/json");
    stream_headers_.Add("Accept", "text/event-stream");
  }
  return {};
}

HttpClient& Upstream::ClientOfThisThread() {
  const size_t thread = std::min(ThreadIndex(), clients_.size() - 1);
  auto& client = clients_[thread];
  if (!client) client = std::make_unique<HttpClient>(*contexts_[thread], url_, options_);
  return *client;
}

Task<Result<std::unique_ptr<HttpReply>>> Upstream::Post(const Call& call,
                                                        Cancellation& cancellation) {
  Headers headers = call.stream ? stream_headers_ : headers_;
  if (!authorized_ && !call.authorization.empty()) {
    headers.Add("Authorization", call.authorization);
  }
  if (call.passed_on) {
    for (const auto [name, value] : *call.passed_on) {
      if (!headers.Has(name)) headers.Add(name, value);
    }
  }
  auto sent =
      co_await ClientOfThisThread().Send("POST", call.target, headers, call.body, cancellation);
  if (!sent) {
    Error error = std::move(sent).error();
    if (cancellation.cancelled()) co_return Fail(std::move(error));
    co_return Fail(Named(std::move(error)));
  }
  if ((*sent)->status >= 200 && (*sent)->status <= 299) co_return *std::move(sent);
  std::string body = co_await ReadUpTo(**sent, kMaxErrorBodyBytes);
  if (cancellation.cancelled()) co_return Fail(cancellation.ToError());
  co_return Fail(UpstreamError(model_, (*sent)->status, (*sent)->headers, std::move(body),
                               Clock::System().WallMs()));
}

Error Upstream::Named(Error error) const {
  error.message = fmt::format("model \"{}\": {}", model_, error.message);
  error.where = model_;
  return error;
}

Task<std::string> ReadUpTo(HttpReply& reply, size_t max_bytes) {
  std::string body;
  while (body.size() < max_bytes) {
    const auto piece = co_await reply.ReadSome();
    if (!piece || piece->empty()) break;
    body += piece->substr(0, max_bytes - body.size());
  }
  co_return body;
}

}  // namespace understudy
