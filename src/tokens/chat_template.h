// The chat template of our base models, ChatML with tools, twice: as the Jinja source that goes
// into a model's GGUF file (tokenizer.chat_template) and that llama-server runs, and as a renderer
// that knows of every piece where it comes from. Both give the same text; tests/tokens/
// chat_server_test.cc holds them against each other on a real llama-server.
//
//   <|im_start|>system
//   {system message}
//   <tools>
//   {"name": "f", "description": "", "parameters": {...}}      one tool a line
//   </tools><|im_end|>
//   <|im_start|>user
//   {message}<|im_end|>
//   <|im_start|>assistant
//   {message}
//   <tool_call>
//   {"name": "f", "arguments": {...}}
//   </tool_call><|im_end|>
//   <|im_start|>user
//   <tool_response>
//   {result}
//   </tool_response><|im_end|>
//
// There is no system turn without a system message and tools, and no instruction in any: what
// the tags mean is learned. Results that follow each other share a turn. This is Hermes' format of
// calls, which llama-server finds in the template and parses back into tool_calls.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace understudy {

extern const std::string_view kChatTemplate;

enum class SegmentKind : uint8_t {
  kTemplate,    // the template's own text; its special texts are tokens
  kInput,       // from the request: system, user and tool messages, tools; never special
  kAnswer,      // what the model writes: content and calls; never special
  kAnswerMark,  // the model's own special texts: <tool_call>, </tool_call>, <|im_end|>
};
bool IsAnswer(SegmentKind kind);

struct Segment {
  SegmentKind kind = SegmentKind::kTemplate;
  std::string text;
};

inline constexpr size_t kNoMessage = SIZE_MAX;

struct Turn {
  std::string role;             // "system", "user", "assistant", "tool"
  size_t message = kNoMessage;  // the first of its messages; kNoMessage: tools alone
  size_t begin = 0, end = 0;    // its segments (or, once tokenised, its tokens)
};

struct RenderedChat {
  std::vector<Segment> segments;
  std::vector<Turn> turns;  // a generation prompt belongs to none
  std::string Text() const;
};

// `messages` and `tools` as in an OpenAI chat request; `tools` may be empty. With `wants_answer`
// the header of an assistant turn comes last: the prompt of a generation.
//
// What llama-server makes of a request before its template runs is done here too: text parts are
// joined by line breaks, tools are cut down to name, description and parameters, arguments are
// parsed. kInvalidInput, with `where` ("messages[2].tool_calls[0]"), for what it refuses.
Result<RenderedChat> RenderChat(const json::array& messages, const json::array& tools,
                                bool wants_answer);

}  // namespace understudy
