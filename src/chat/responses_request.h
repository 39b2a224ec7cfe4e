// OpenAI's Responses request as a chat-completions request. Stateless: nothing of a response is
// kept, so a request brings its whole conversation.
//
//   instructions               a system message, the first
//   input                      a user message, or items:
//     message                  a message of its role; input_text, input_image, input_file and
//                              input_audio are its parts, output_text and refusal an assistant's
//     function_call            a tool call of the assistant's message before it, else of its own
//     function_call_output     a tool message; images and files of it follow as the user's
//     reasoning                passed over: chat completions take none back
//     hosted tools' items      left out (web_search_call, mcp_call, ...)
//     item_reference           refused: nothing is kept that it could refer to
//   tools                      functions; hosted and custom tools are left out
//   tool_choice                auto, none, required, a function, allowed_tools (the others are not
//                              offered then)
//   text.format, .verbosity    response_format, verbosity
//   reasoning.effort           reasoning_effort
//   max_output_tokens          max_completion_tokens
//   temperature, top_p, parallel_tool_calls, user, stream        the same
//   store                      ignored; the response says false
//   metadata                   given back, not sent on (OpenAI takes it with stored answers alone)
//   previous_response_id, conversation, prompt, background       refused
//
// Everything else is left out and named.
// Source: OpenAI API reference, "Create a model response" (POST /v1/responses), November 2025.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"

namespace understudy {

struct ResponsesAsked {
  std::string body;                   // of POST /v1/chat/completions
  std::vector<std::string> left_out;  // names, as "truncation", "tools[1]:web_search"
  // Members that the response repeats, as they came or by default:
  // "instructions":null,"tools":[]...
  std::string repeated;
};

// kInvalidInput with `param` naming the member. May grow the capacity of `body`. Linear in its
// size; thread-safe.
Result<ResponsesAsked> ChatFromResponses(std::string& body);

}  // namespace understudy
