// The one place where an Error becomes HTTP: OpenAI's error object and its status.
#pragma once

#include <string>

#include "base/error.h"

namespace understudy {

// 400, 401, 403, 404, 408, 413, 429, 499, 500, 502, 503, 504 by kind and source. An upstream's own
// 4xx/5xx status is kept where its reply is (error.reply).
int HttpStatus(const Error& error);

// {"error":{"message":...,"type":...,"param":...,"code":...}}. The message is what + how to mend.
// Where the upstream's reply is JSON with an "error" member, its body is returned as it came; but
// that a prompt is too long is told as OpenAI tells it, whatever the upstream's own words.
std::string ErrorBody(const Error& error);

// The same within a stream, on one line: an upstream's own object too has the four members.
std::string ErrorEvent(const Error& error);

// For people: what happened and how to mend it; where the upstream's reply has an error message,
// that one.
std::string ErrorMessage(const Error& error);

// OpenAI's `type`: invalid_request_error, authentication_error, rate_limit_error, server_error...
std::string_view ErrorType(const Error& error);

}  // namespace understudy
