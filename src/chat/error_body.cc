#include "chat/error_body.h"

#include <optional>

#include "base/json.h"

namespace understudy {
namespace {

// The status by kind alone, where no upstream's own status stands.
int StatusOfKind(const Error& error) {
  const bool by_client = error.source == ErrorSource::kClient;
  switch (error.kind) {
    case ErrorKind::kInvalidInput:
    case ErrorKind::kContextLength: return 400;
    case ErrorKind::kUnsupported: return error.source == ErrorSource::kInternal ? 501 : 400;
    case ErrorKind::kUnauthorized: return 401;
    case ErrorKind::kForbidden: return 403;
    case ErrorKind::kNotFound: return 404;
    case ErrorKind::kTooLarge: return 413;
    case ErrorKind::kTooMany: return 429;
    case ErrorKind::kTimeout: return by_client ? 408 : 504;
    case ErrorKind::kCancelled: return by_client ? 499 : 503;
    case ErrorKind::kUnavailable: return 503;
    case ErrorKind::kUpstream: return 502;
    case ErrorKind::kProtocol: return by_client ? 400 : 502;
    case ErrorKind::kIo:
    case ErrorKind::kInternal: return 500;
  }
  return 500;
}

std::string_view CodeOf(const Error& error) {
  if (!error.code.empty()) return error.code;
  switch (error.kind) {
    case ErrorKind::kContextLength: return "context_length_exceeded";
    case ErrorKind::kUnauthorized: return "invalid_api_key";
    case ErrorKind::kTooMany: return "rate_limit_exceeded";
    default: return {};
  }
}

std::string OwnMessage(const Error& error) {
  return error.mend.empty() ? error.message : error.message + ". " + error.mend;
}

// The upstream's {"error": ...}, whatever stands there but null; nullopt where there is none.
std::optional<json::value> UpstreamObject(const Error& error) {
  if (!error.reply) return std::nullopt;
  auto parsed = ParseJson(error.reply->body);
  const json::value* found = parsed ? Find(*parsed, "error") : nullptr;
  if (!found || found->is_null()) return std::nullopt;
  return *std::move(parsed);
}

std::string StringOrNull(std::string_view text) {
  return text.empty() ? "null" : JsonString(text);
}

}  // namespace

int HttpStatus(const Error& error) {
  if (error.kind == ErrorKind::kContextLength) return 400;
  const int upstream = error.reply ? error.reply->status : 0;
  return upstream >= 400 && upstream <= 599 ? upstream : StatusOfKind(error);
}

std::string ErrorMessage(const Error& error) {
  const auto parsed = ParseJson(error.reply ? std::string_view(error.reply->body) : "null");
  const json::value* said = parsed ? Find(*parsed, "error") : nullptr;
  if (said && said->is_string()) return std::string(said->get_string());
  const std::string_view message = said ? StringOr(*said, "message") : std::string_view();
  return message.empty() ? OwnMessage(error) : std::string(message);
}

std::string_view ErrorType(const Error& error) {
  switch (HttpStatus(error)) {
    case 401: return "authentication_error";
    case 403: return "permission_error";
    case 429: return "rate_limit_error";
    default: return HttpStatus(error) < 500 ? "invalid_request_error" : "server_error";
  }
}

namespace {

std::string OwnBody(const Error& error) {
  return R"({"error":{"message":)" + JsonString(OwnMessage(error)) + R"(,"type":)" +
         JsonString(ErrorType(error)) + R"(,"param":)" + StringOrNull(error.param) + R"(,"code":)" +
         StringOrNull(CodeOf(error)) + "}}";
}

json::value TextOrNull(std::string_view text) {
  return text.empty() ? json::value(nullptr) : json::value(json::string(text.data(), text.size()));
}

// The upstream's object with what is missing of the four members, and the code that clients know.
std::string Completed(const Error& error, json::value body) {
  json::value& inner = body.as_object()["error"];
  if (!inner.is_object()) {
    const bool text = inner.is_string();
    json::value message = text ? std::move(inner) : TextOrNull(error.message);
    inner = json::object{{"message", std::move(message)}};
  }
  json::object& members = inner.get_object();
  if (!members.contains("message")) members["message"] = TextOrNull(error.message);
  if (!members.contains("type")) members["type"] = TextOrNull(ErrorType(error));
  if (!members.contains("param")) members["param"] = TextOrNull(error.param);
  if (!members.contains("code")) members["code"] = TextOrNull(CodeOf(error));
  if (error.kind == ErrorKind::kContextLength) {
    members["type"] = "invalid_request_error";
    members["code"] = "context_length_exceeded";
  }
  return json::serialize(body);
}

}  // namespace

std::string ErrorBody(const Error& error) {
  auto theirs = UpstreamObject(error);
  if (!theirs) return OwnBody(error);
  const bool known = error.kind != ErrorKind::kContextLength ||
                     StringOr(*Find(*theirs, "error"), "code") == "context_length_exceeded";
  return known ? error.reply->body : Completed(error, *std::move(theirs));
}

std::string ErrorEvent(const Error& error) {
  auto theirs = UpstreamObject(error);
  return theirs ? Completed(error, *std::move(theirs)) : OwnBody(error);
}

}  // namespace understudy
