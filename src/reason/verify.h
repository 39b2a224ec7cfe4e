// Verification: may this answer be served? The cheap, certain checks that every SLM answer
// passes before its first byte goes out (the verify step of a request's life).
#pragma once

#include "chat/answer.h"
#include "chat/exchange.h"
#include "chat/request.h"

namespace understudy {

struct VerifyOptions {
  bool truncation = true;  // finish_reason "length" fails
  bool refusals = true;    // an answer with a `refusal` fails
  bool schemas = true;     // response_format and tool arguments against their schemas
};

// Checks, in this order, the first failure named: empty answer; truncated; refusal; a tool call
// demanded by tool_choice is missing; unknown tool; arguments not a JSON object or against the
// tool's schema; content not JSON where JSON was asked; content against the schema. Every choice
// must pass. A choice that calls tools, or refuses, is not asked for JSON content. Empty arguments
// count as {}. A request's own schema that does not compile is not the answer's fault: not checked;
// of its patterns, those that RE2 cannot express are skipped. Schemas are compiled once and kept in
// a bounded per-thread cache. Details name the place, at most 200 bytes, and never hold the
// answer's texts. Under 100 ns where the request asks for nothing; took_us is 0 then. Never throws.
Verdict VerifyAnswer(const ChatRequest& request, const ChatAnswer& answer,
                     const VerifyOptions& options);

}  // namespace understudy
