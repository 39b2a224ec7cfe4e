#include <fmt/format.h>

#include "base/json.h"
#include "models/local_model.h"

namespace understudy {
namespace {

ErrorKind KindOf(int status, std::string_view type) {
  if (type == "exceed_context_size_error") return ErrorKind::kContextLength;
  if (type == "unavailable_error" || status == 503) return ErrorKind::kUnavailable;
  if (type == "not_supported_error" || status == 501) return ErrorKind::kUnsupported;
  if (status == 404) return ErrorKind::kNotFound;
  return status < 500 ? ErrorKind::kInvalidInput : ErrorKind::kUpstream;
}

// llama-server answers 500 to these, but another model may well take them.
bool IsTooLargeToEmbed(std::string_view message) {
  return message.find("too large to process") != message.npos;
}

}  // namespace

Error LocalError(std::string_view model, int status, std::string content_type, std::string body) {
  const auto parsed = ParseJson(body);
  const json::value* details = parsed ? Find(*parsed, "error") : nullptr;
  const std::string_view type = details ? StringOr(*details, "type") : std::string_view{};
  const std::string_view message = details ? StringOr(*details, "message") : std::string_view{};
  Error error = InvalidInput(fmt::format("{} refused the request ({}): {}", model, status,
                                         message.empty() ? "no reason given" : message));
  error.kind = IsTooLargeToEmbed(message) ? ErrorKind::kContextLength : KindOf(status, type);
  error.source = error.kind == ErrorKind::kUpstream || error.kind == ErrorKind::kUnavailable
                     ? ErrorSource::kUpstream
                     : ErrorSource::kClient;
  error.retryable = error.kind == ErrorKind::kUnavailable;
  if (error.kind == ErrorKind::kContextLength) {
    error.code = "context_length_exceeded";
    error.mend = "Send less, or give the model a larger context";
  }
  error.reply = std::make_shared<const UpstreamReply>(
      UpstreamReply{status, std::move(content_type), std::move(body)});
  return error;
}

}  // namespace understudy
