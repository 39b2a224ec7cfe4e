// Errors are values. An Error says what went wrong, where, and how to mend it; who caused it
// (client, upstream, ourselves); and whether the same attempt may succeed later.
// It is turned into HTTP in one place (chat/error_body.h) and into an exit code in one other
// (cli/exit_code.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace understudy {

enum class ErrorKind : uint8_t {
  kInvalidInput,   // malformed or contradictory input; repeating it unchanged is useless
  kUnauthorized,   // no credentials, or wrong ones
  kForbidden,      // known, but not allowed
  kNotFound,       // no such route, model, file, exchange
  kTooLarge,       // over a size limit
  kContextLength,  // the prompt does not fit the model's context
  kTooMany,        // over a rate or concurrency limit
  kTimeout,        // a deadline passed
  kCancelled,      // nobody waits for the result any more
  kUnavailable,    // down, starting, or its circuit is open
  kUpstream,       // a model answered with an error of its own
  kProtocol,       // bytes that break the protocol (HTTP, SSE, JSON from an upstream)
  kUnsupported,    // understood, but this build or this model cannot do it
  kIo,             // disk, socket or process
  kInternal,       // a defect of ours
};

enum class ErrorSource : uint8_t { kClient, kUpstream, kInternal };

// What an upstream said, kept so that its client sees the original.
struct UpstreamReply {
  int status = 0;            // HTTP status
  std::string content_type;  // as sent; empty when absent
  std::string body;          // as sent; bounded by the client's limit
};

struct Error {
  ErrorKind kind = ErrorKind::kInternal;
  ErrorSource source = ErrorSource::kInternal;
  bool retryable = false;  // the same attempt may succeed a moment later
  std::string message;     // what happened, one sentence, never a secret
  std::string where;       // file:line, config key, JSON path, upstream name; may be empty
  std::string mend;        // what the reader can do about it; may be empty
  std::string code;        // OpenAI's machine-readable `code`; empty for none
  std::string param;       // OpenAI's `param`: the offending request field; empty for none
  std::optional<std::chrono::milliseconds> retry_after;  // as asked by an upstream or a limit
  std::shared_ptr<const UpstreamReply> reply;            // set when an upstream answered

  Error& At(std::string_view place) & {
    where = place;
    return *this;
  }
  Error&& At(std::string_view place) && {
    where = place;
    return std::move(*this);
  }
  Error&& Mend(std::string_view advice) && {
    mend = advice;
    return std::move(*this);
  }
  Error&& Code(std::string_view value) && {
    code = value;
    return std::move(*this);
  }
  Error&& Param(std::string_view value) && {
    param = value;
    return std::move(*this);
  }
  Error&& Retryable() && {
    retryable = true;
    return std::move(*this);
  }

  // "what (where). how to mend": one line for logs and terminals.
  std::string ToString() const;
};

// Makers for the common cases; source and retryable follow from the name.
Error InvalidInput(std::string message);  // client's fault
Error NotFound(std::string message);      // client's fault
Error IoError(std::string message);       // ours; see also IoErrorFromErrno
Error IoErrorFromErrno(std::string_view what, int errno_value);
Error InternalError(std::string message);
Error Unavailable(std::string message);    // upstream's fault, retryable
Error ProtocolError(std::string message);  // upstream's fault
Error Cancelled(std::string message);
Error Timeout(std::string message);      // upstream's fault, retryable
Error Unsupported(std::string message);  // understood, but not built or not possible here

// A stable lower-case name, such as "invalid_input": for logs, metrics and --json.
std::string_view Name(ErrorKind kind);
std::string_view Name(ErrorSource source);

}  // namespace understudy
