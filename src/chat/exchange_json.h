// Exchange JSONL: one exchange a line, in and out (docs/format-exchange.md).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "chat/exchange.h"

namespace understudy {

// Reads one line. `id` and `request` are required; `response` may be absent. Request and response
// keep their exact bytes; members we do not know are kept in `extra`, in order, values byte for
// byte. Also accepts the fine-tuning shape {"messages": [..., assistant]} (its id is a hash of the
// line) and the batch shape {"custom_id", "body", "response"}, and turns them into exchanges.
// Errors are kInvalidInput, `param` naming the member, and say how it should be.
Result<Exchange> ParseExchangeLine(std::string_view line);

// One line, without the newline. ParseExchangeLine gives back an equal exchange, with these
// exceptions: line breaks between the tokens of a JSON body become spaces (the format has one line
// an exchange), invalid UTF-8 becomes U+FFFD, and numbers that are not finite become defaults.
// `extra` must be empty or a JSON object without the members that the format names.
std::string FormatExchangeLine(const Exchange& exchange);

}  // namespace understudy
