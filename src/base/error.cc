#include "base/error.h"

#include <cstring>
#include <utility>

namespace understudy {
namespace {

Error Make(ErrorKind kind, ErrorSource source, std::string message, bool retryable = false) {
  Error error;
  error.kind = kind;
  error.source = source;
  error.retryable = retryable;
  error.message = std::move(message);
  return error;
}

}  // namespace

std::string Error::ToString() const {
  std::string line = message;
  if (!where.empty()) line += " (" + where + ")";
  if (!mend.empty()) line += ". " + mend;
  return line;
}

Error InvalidInput(std::string message) {
  return Make(ErrorKind::kInvalidInput, ErrorSource::kClient, std::move(message));
}

Error NotFound(std::string message) {
  return Make(ErrorKind::kNotFound, ErrorSource::kClient, std::move(message));
}

Error IoError(std::string message) {
  return Make(ErrorKind::kIo, ErrorSource::kInternal, std::move(message));
}

Error IoErrorFromErrno(std::string_view what, int errno_value) {
  return IoError(std::string(what) + ": " + std::strerror(errno_value));
}

Error InternalError(std::string message) {
  return Make(ErrorKind::kInternal, ErrorSource::kInternal, std::move(message));
}

Error Unavailable(std::string message) {
  return Make(ErrorKind::kUnavailable, ErrorSource::kUpstream, std::move(message), true);
}

Error ProtocolError(std::string message) {
  return Make(ErrorKind::kProtocol, ErrorSource::kUpstream, std::move(message));
}

Error Cancelled(std::string message) {
  return Make(ErrorKind::kCancelled, ErrorSource::kClient, std::move(message));
}

Error Unsupported(std::string message) {
  return Make(ErrorKind::kUnsupported, ErrorSource::kClient, std::move(message), false);
}

Error Timeout(std::string message) {
  return Make(ErrorKind::kTimeout, ErrorSource::kUpstream, std::move(message), true);
}

std::string_view Name(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kInvalidInput: return "invalid_input";
    case ErrorKind::kUnauthorized: return "unauthorized";
    case ErrorKind::kForbidden: return "forbidden";
    case ErrorKind::kNotFound: return "not_found";
    case ErrorKind::kTooLarge: return "too_large";
    case ErrorKind::kContextLength: return "context_length";
    case ErrorKind::kTooMany: return "too_many";
    case ErrorKind::kTimeout: return "timeout";
    case ErrorKind::kCancelled: return "cancelled";
    case ErrorKind::kUnavailable: return "unavailable";
    case ErrorKind::kUpstream: return "upstream";
    case ErrorKind::kProtocol: return "protocol";
    case ErrorKind::kUnsupported: return "unsupported";
    case ErrorKind::kIo: return "io";
    case ErrorKind::kInternal: return "internal";
  }
  return "internal";
}

std::string_view Name(ErrorSource source) {
  switch (source) {
    case ErrorSource::kClient: return "client";
    case ErrorSource::kUpstream: return "upstream";
    case ErrorSource::kInternal: return "internal";
  }
  return "internal";
}

}  // namespace understudy
