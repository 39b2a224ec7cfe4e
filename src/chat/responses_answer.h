// The response object of OpenAI's Responses, and its output items.
//
// Source: OpenAI API reference, "The response object", November 2025.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "chat/answer_parts.h"

namespace understudy {

// What the ids of a response and its items have in common: the upstream's id behind "chatcmpl-", or
// one made up.
std::string ResponseStem(std::string_view answer_id);

// An output item a part: reasoning, message (output_text or refusal), function_call. Its id comes
// from the stem and its place, and is the same wherever the item is named. `status`: in_progress,
// completed, incomplete.
std::string OutputItemId(std::string_view stem, PartKind kind, size_t index);
std::string OutputItem(std::string_view stem, const AnswerPart& part, size_t index,
                       std::string_view status);
// A message's one content part; a reasoning item's likewise.
std::string ContentPart(const AnswerPart& part);

struct ResponseState {
  std::string stem, model;
  int64_t created_s = 0;
  std::string repeated;          // ResponsesAsked::repeated
  std::string_view status;       // in_progress, completed, incomplete, failed
  std::string_view reason;       // why it is incomplete
  std::string error = "null";    // {"code","message"}
  std::string output;            // items, comma between
  const Usage* usage = nullptr;  // null while unknown
};
std::string ResponseJson(const ResponseState& state);

// "max_output_tokens", "content_filter", or empty for a whole answer.
std::string_view IncompleteReason(FinishReason finish);

}  // namespace understudy
