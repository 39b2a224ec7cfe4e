// An upstream's complaint as an Error: its kind, whether another try may help, and the original
// reply for the client. Knows the error shapes of OpenAI, llama-server, vLLM, Ollama, Anthropic
// and of the proxies in front of them.
//
// Messages name the model, the status and the upstream's code; never a key and nothing of a body.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "chat/answer.h"
#include "net/http.h"

namespace understudy {

inline constexpr size_t kMaxErrorBodyBytes = size_t{64} << 10;  // longer ones are cut

// For an answer that is not 2xx. By status:
//   400, 405, 422, other 4xx  kInvalidInput     401  kUnauthorized    403  kForbidden
//   404  kNotFound            408, 504  kTimeout                      413  kTooLarge
//   409, 425, 5xx  kUpstream  429  kTooMany     503  kUnavailable     3xx  kProtocol
// A prompt too long for the model is kContextLength, whatever its status: OpenAI's code
// context_length_exceeded, llama-server's type exceed_context_size_error, or the wording of vLLM
// and others.
// Retryable: 408, 409, 425, 429 and 5xx but 501 and 505; never when a quota is used up, or where
// x-should-retry says false (true makes no other status retryable: it would fail again).
// retry_after is read from the headers.
Error UpstreamError(std::string_view model, int status, const Headers& headers, std::string body,
                    int64_t wall_ms);

// For an error object inside a stream that began well; its status is taken from the object's
// numeric code or its type, else 502.
Error UpstreamStreamError(std::string_view model, std::string data);

// For a 2xx answer that cannot be what was asked for: an HTML page, nothing, or no JSON.
Error NotAnAnswer(std::string_view model, int status, std::string_view content_type,
                  std::string_view body);

// A whole answer; an error object in its place, under a good status, is an UpstreamStreamError.
Result<ChatAnswer> ParseUpstreamAnswer(std::string_view model, std::string body);

// True where the first character that is not blank, or the content type, says so.
bool LooksLikeHtml(std::string_view content_type, std::string_view body);
bool LooksLikeJson(std::string_view body);

// A data payload of a stream that may carry an error object: cheap, may be wrong both ways only
// for payloads that no upstream sends.
bool MayBeErrorObject(std::string_view data);

}  // namespace understudy
