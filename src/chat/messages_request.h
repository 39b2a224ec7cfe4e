// Anthropic's Messages request as a chat-completions request.
//
//   system                       a system message, its blocks joined by newlines
//   text, image, document, search_result
//                                parts of a user message; one text alone is its content
//   tool_result                  a tool message each, before the rest of its message; is_error puts
//                                "Error: " in front; images go into a user message after them
//   tool_use                     a tool call; its id and the bytes of its input as they came
//   thinking                     reasoning_content of its message, for models that take it back
//   redacted_thinking            left out: what it holds is Anthropic's own
//   tools                        functions; tools that Anthropic's servers run are left out
//   tool_choice                  auto, none, any -> required, tool -> the function;
//                                disable_parallel_tool_use -> parallel_tool_calls false
//   max_tokens                   max_completion_tokens
//   stop_sequences, temperature, top_p, stream                   stop, and the same
//   metadata.user_id             user; its SHA-256 where it is over 64 bytes, which OpenAI refuses
//   output_config.format, output_format                          response_format json_schema
//
// Members without a counterpart (top_k, thinking, context_management, ...) are left out and named.
// Source: Anthropic API reference, "Create a Message" and "Count tokens in a Message",
// anthropic-version 2023-06-01.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "chat/request.h"

namespace understudy {

struct ConvertedRequest {
  std::string body;                   // of POST /v1/chat/completions
  std::vector<std::string> left_out;  // names of members, as "top_k" or "tools[1]:web_search"
  std::vector<std::string> stops;     // stop_sequences
  std::vector<Span> reasoning;        // of ChatRequest
};

enum class MessagesUse : uint8_t { kAnswer, kCountTokens };  // the latter needs no max_tokens

// kInvalidInput with `param` naming the member: malformed JSON, wrong types, roles and blocks that
// cannot be said in chat completions, a tool_choice without its tool. May grow the capacity of
// `body`. Linear in its size; thread-safe.
Result<ConvertedRequest> ChatFromMessages(std::string& body, MessagesUse use);

}  // namespace understudy
