#include "models/upstream_error.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/json.h"
#include "models/retry.h"

namespace understudy {
namespace {

// What the error object says, as far as it is understood.
struct Complaint {
  std::string code, type, param;
  std::string message;  // lower-cased; for recognising, never for showing
  int64_t number = 0;   // a numeric code
};

// Only what looks like an identifier may go into messages and logs.
std::string Identifier(std::string_view text) {
  const bool fits = !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("_-.[]").contains(c);
  });
  return fits ? std::string(text) : std::string();
}

std::string Lowered(std::string_view text) {
  std::string lowered(text);
  for (char& c : lowered) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  return lowered;
}

// {"error": {...}}, {"error": "text"}, [{"error": ...}] (Google), or the members at the top (vLLM).
Complaint ReadComplaint(std::string_view body) {
  Complaint complaint;
  const auto parsed = ParseJson(body);
  if (!parsed) return complaint;
  const json::value* top = &*parsed;
  if (top->is_array() && !top->get_array().empty()) top = &top->get_array()[0];
  const json::value* error = Find(*top, "error");
  if (!error) error = top;
  if (error->is_string()) {
    complaint.message = Lowered({error->get_string().data(), error->get_string().size()});
    return complaint;
  }
  complaint.code = Identifier(StringOr(*error, "code"));
  complaint.type = Identifier(StringOr(*error, "type"));
  complaint.param = Identifier(StringOr(*error, "param"));
  complaint.message = Lowered(StringOr(*error, "message"));
  complaint.number = IntOr(*error, "code", 0);
  return complaint;
}

bool IsContextLength(const Complaint& complaint) {
  constexpr std::array<std::string_view, 6> kWordings = {
      "maximum context length",                 // OpenAI, vLLM
      "available context size",                 // llama-server
      "exceeds the context",                    // llama-server, others
      "context window",                         // Anthropic, Mistral, others
      "prompt is too long",                     // Anthropic
      "longer than the maximum model length"};  // vLLM
  if (complaint.code == "context_length_exceeded") return true;
  if (complaint.type == "exceed_context_size_error") return true;
  return std::ranges::any_of(kWordings, [&](std::string_view wording) {
    return complaint.message.find(wording) != std::string::npos;
  });
}

struct Meaning {
  ErrorKind kind;
  ErrorSource source;
  bool retryable;
};

Meaning MeaningOf(int status) {
  using enum ErrorKind;
  constexpr auto kClient = ErrorSource::kClient;
  constexpr auto kTheirs = ErrorSource::kUpstream;
  switch (status) {
    case 401: return {kUnauthorized, kTheirs, false};
    case 403: return {kForbidden, kTheirs, false};
    case 404: return {kNotFound, kTheirs, false};
    case 408: return {kTimeout, kTheirs, true};
    case 409: return {kUpstream, kTheirs, true};
    case 413: return {kTooLarge, kClient, false};
    case 425: return {kUpstream, kTheirs, true};
    case 429: return {kTooMany, kTheirs, true};
    case 501: return {kUpstream, kTheirs, false};
    case 503: return {kUnavailable, kTheirs, true};
    case 504: return {kTimeout, kTheirs, true};
    case 505: return {kUpstream, kTheirs, false};
    default: break;
  }
  if (status >= 500) return {kUpstream, kTheirs, true};
  if (status >= 400) return {kInvalidInput, kClient, false};
  return {kProtocol, kTheirs, false};
}

std::string MendFor(std::string_view model, int status) {
  switch (status) {
    case 401:
    case 403: return fmt::format("Check api_key of model \"{}\", or the client's own key", model);
    case 404: return fmt::format("Check url and model of model \"{}\"", model);
    default: break;
  }
  if (status >= 300 && status < 400) {
    return fmt::format("Redirects are not followed: set url of model \"{}\" to the final address",
                       model);
  }
  return {};
}

std::string UrlAdvice(std::string_view model) {
  return fmt::format(
      "Check url of model \"{}\": it must lead to an OpenAI-compatible API, and usually ends in "
      "/v1",
      model);
}

std::string Describe(std::string_view model, int status, std::string_view content_type,
                     std::string_view body, const Complaint& complaint) {
  std::string text = fmt::format("model \"{}\" answered {}", model, status);
  const std::string& word = complaint.code.empty() ? complaint.type : complaint.code;
  if (!word.empty()) return fmt::format("{} ({})", text, word);
  if (LooksLikeHtml(content_type, body)) return text + " with an HTML page";
  return body.empty() ? text + " with an empty body" : text;
}

void Classify(Error& error, int status, const Complaint& complaint) {
  const Meaning meaning = MeaningOf(status);
  error.kind = meaning.kind;
  error.source = meaning.source;
  error.retryable = meaning.retryable;
  error.code = complaint.code;
  error.param = complaint.param;
  if (complaint.code == "insufficient_quota") error.retryable = false;
  if (status < 400 || status == 429 || !IsContextLength(complaint)) return;
  error.kind = ErrorKind::kContextLength;
  error.source = ErrorSource::kClient;
  error.retryable = false;
  error.code = "context_length_exceeded";
}

int StatusOf(const Complaint& complaint) {
  if (complaint.number >= 400 && complaint.number <= 599) return static_cast<int>(complaint.number);
  const std::string word = Lowered(complaint.code + " " + complaint.type);
  const auto has = [&](std::string_view part) { return word.find(part) != std::string::npos; };
  if (has("rate_limit") || has("insufficient_quota")) return 429;
  if (has("overloaded")) return 503;
  if (IsContextLength(complaint) || has("invalid_request") || has("badrequest")) return 400;
  return has("server_error") || has("api_error") ? 500 : 502;
}

std::shared_ptr<const UpstreamReply> Keep(int status, std::string_view content_type,
                                          std::string body) {
  return std::make_shared<const UpstreamReply>(
      UpstreamReply{status, std::string(content_type), std::move(body)});
}

std::string_view FirstInk(std::string_view body) {
  if (body.starts_with("\xEF\xBB\xBF")) body.remove_prefix(3);
  const size_t begin = body.find_first_not_of(" \t\r\n");
  return begin == std::string_view::npos ? std::string_view() : body.substr(begin);
}

}  // namespace

Error UpstreamError(std::string_view model, int status, const Headers& headers, std::string body,
                    int64_t wall_ms) {
  const Complaint complaint = ReadComplaint(body);
  const std::string_view content_type = headers.Get("content-type");
  Error error;
  Classify(error, status, complaint);
  error.message = Describe(model, status, content_type, body, complaint);
  error.where = model;
  error.mend = MendFor(model, status);
  if (error.mend.empty() && LooksLikeHtml(content_type, body)) error.mend = UrlAdvice(model);
  error.retry_after = RetryAfter(headers, wall_ms);
  const auto should = ShouldRetry(headers);
  if (should == false) error.retryable = false;
  error.reply = Keep(status, content_type, std::move(body));
  return error;
}

Error UpstreamStreamError(std::string_view model, std::string data) {
  const Complaint complaint = ReadComplaint(data);
  const int status = StatusOf(complaint);
  Error error;
  Classify(error, status, complaint);
  const std::string& word = complaint.code.empty() ? complaint.type : complaint.code;
  error.message = fmt::format("model \"{}\" reported an error instead of an answer{}", model,
                              word.empty() ? "" : fmt::format(" ({})", word));
  error.where = model;
  error.reply = Keep(status, "application/json", std::move(data));
  return error;
}

Error NotAnAnswer(std::string_view model, int status, std::string_view content_type,
                  std::string_view body) {
  std::string_view what = "something that is not JSON";
  if (FirstInk(body).empty()) what = "an empty body";
  if (LooksLikeHtml(content_type, body)) what = "an HTML page";
  return ProtocolError(fmt::format("model \"{}\" answered {} with {}", model, status, what))
      .At(model)
      .Mend(UrlAdvice(model));
}

Result<ChatAnswer> ParseUpstreamAnswer(std::string_view model, std::string body) {
  const bool may_be_error = MayBeErrorObject(body);
  std::string copy = may_be_error ? body : std::string();
  auto answer = ParseChatAnswer(std::move(body));
  if (answer) return answer;
  if (may_be_error && answer.error().kind == ErrorKind::kUpstream) {
    return Fail(UpstreamStreamError(model, std::move(copy)));
  }
  return Fail(std::move(answer).error().At(model));
}

bool LooksLikeHtml(std::string_view content_type, std::string_view body) {
  return Lowered(content_type.substr(0, 32)).starts_with("text/html") ||
         FirstInk(body).starts_with('<');
}

bool LooksLikeJson(std::string_view body) {
  return FirstInk(body).starts_with('{');
}

bool MayBeErrorObject(std::string_view data) {
  return data.find("\"error\"") != std::string_view::npos;
}

}  // namespace understudy
