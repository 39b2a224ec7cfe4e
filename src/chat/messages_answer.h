// Answers and errors in the shape of Anthropic's Messages.
//
// Source: Anthropic API reference, "Create a Message", "Errors"; anthropic-version 2023-06-01.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "chat/answer_parts.h"

namespace understudy {

// "msg_" and what the upstream's id has behind "chatcmpl-"; one made up where there is none.
std::string MessageId(std::string_view answer_id);

// end_turn, max_tokens, tool_use, stop_sequence, refusal. A length limit is never masked by calls;
// calls make tool_use whatever the upstream says; stop_sequence needs an upstream that says which
// text it stopped at (Choice::stop_text), and `stops` must hold it.
std::string_view StopReason(FinishReason finish, const std::vector<AnswerPart>& parts,
                            bool at_stop);

// {"input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens", "output_tokens"}.
// Anthropic's input_tokens are those that no cache served.
std::string MessagesUsage(const Usage& usage);

// A content block as it begins, with nothing in it: {"type":"text","text":""}.
std::string OpenBlock(const AnswerPart& part);

// The whole message. Arguments that are no JSON object cannot be an input; they become
// {"invalid_json": TEXT}.
std::string MessageJson(const ChatAnswer& answer, const std::vector<std::string>& stops);

// {"type":"error","error":{"type":...,"message":...}}. A prompt over the context's length is said
// in Anthropic's words, "prompt is too long: ...", by which clients know it.
std::string MessagesError(const Error& error);

}  // namespace understudy
