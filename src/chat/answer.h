// What a model answers: whole (ChatAnswer) or piece by piece (ChatChunk), and the builder that
// makes the one from the other.
//
// Source of the shapes: OpenAI API reference, "The chat completion object" and "The chat
// completion chunk object".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "chat/request.h"

namespace understudy {

struct Usage {
  int64_t prompt_tokens = 0;
  int64_t completion_tokens = 0;
  int64_t cached_tokens = 0;     // part of prompt_tokens that the upstream served from its cache
  int64_t reasoning_tokens = 0;  // part of completion_tokens that the client does not see as text
  bool known = false;            // the upstream said, or we counted
};

enum class FinishReason : uint8_t { kNone, kStop, kLength, kToolCalls, kContentFilter, kOther };

struct Choice {
  int index = 0;
  std::string content;
  bool has_content = false;  // false where content was null or absent
  std::string refusal;
  std::vector<ToolCall> tool_calls;
  FinishReason finish = FinishReason::kNone;
  std::string reasoning;  // reasoning_content, as DeepSeek, vLLM and llama-server send
  std::string stop_text;  // the stop sequence that ended it, where the server says which: a text in
                          // stop_reason (vLLM) or matched_stop (SGLang)
  std::vector<float> token_logprobs;  // natural log, one a content token; empty if not asked
  std::vector<float> token_margins;   // first candidate's log-probability less the second's, of
                                      // each token for which two candidates or more were told
  std::string logprobs;  // items of logprobs.content as received, comma between; empty if none
};

struct ChatAnswer {
  std::string body;   // the JSON, exactly as received; or as built from chunks
  std::string id;     // "chatcmpl-..."
  std::string model;  // as the upstream names it
  std::vector<Choice> choices;
  Usage usage;
};

// One `data:` payload of a stream.
struct ChatChunk {
  std::string data;  // the payload, exactly as received, without "data: " and newlines
  std::string id;
  std::string model;
  struct Delta {
    int index = 0;  // of the choice
    std::string content;
    bool has_content = false;
    std::string refusal;
    std::vector<ToolCall> tool_calls;  // index set, or kNoIndex; id and name
                                       // only in the first of a call; arguments: the next piece
    FinishReason finish = FinishReason::kNone;
    std::string reasoning;
    std::string stop_text;
    std::vector<float> token_logprobs, token_margins;
    std::string logprobs;
  };
  std::vector<Delta> deltas;
  std::optional<Usage> usage;
  bool usage_only() const { return usage.has_value() && deltas.empty(); }
};

// Both fail with kProtocol (upstream's fault; `where` is the path): malformed JSON, no choices
// array (a chunk with usage may do without), wrong types. An error object in place of an answer
// becomes kUpstream with the upstream's message, code and param. Members given twice are refused,
// as in requests; those we do not read are not looked at. Strings for words we do not know become
// kOther.
Result<ChatAnswer> ParseChatAnswer(std::string body);
Result<ChatChunk> ParseChatChunk(std::string data);

// Adds up chunks. Pieces of tool calls are joined by id where they have one, else by index, else to
// the last call. At one index a new id begins a new call, as some servers give all calls index 0 -
// unless the piece has no name, as others make up an id for each piece; without ids another name
// does, or the same one after complete arguments. Built calls are numbered from 0 in order of their
// index. Missing ids of answer and calls are made up, and a finish reason that contradicts the
// calls is put right. The built body has the shape of a plain answer: object, created, id, model,
// choices, usage.
class AnswerBuilder {
 public:
  // Where a piece of a tool call went: to the at-th call of its choice, in order of appearance.
  struct Place {
    int choice;
    size_t at;
    bool begins;  // it was the call's first
  };

  void Add(const ChatChunk& chunk);
  bool empty() const { return answer_.choices.empty(); }
  // Of the pieces in the last chunk, in their order.
  const std::vector<Place>& placed() const { return placed_; }
  ToolCall& CallAt(int choice, size_t at) { return ChoiceAt(choice).tool_calls[at]; }
  const std::vector<Choice>& choices() const { return answer_.choices; }
  const Usage& usage() const { return answer_.usage; }
  // True once every choice seen has a finish reason.
  bool finished() const;
  // Those that never got a name; places found before no longer hold.
  void DropNamelessCalls();
  // Writes the body; the builder is spent.
  ChatAnswer Build(int64_t wall_ms) &&;

 private:
  Choice& ChoiceAt(int index);
  ChatAnswer answer_;  // calls carry the stream's own index until Build
  std::vector<Place> placed_;
};

// About how many tokens these are, at four bytes each: for want of the upstream's count. Not known.
Usage EstimateUsage(const ChatRequest& request, const std::vector<Choice>& choices);

// The chunks that a stream of this answer would have had, in order, ready for FormatSseData: a
// role chunk, content in pieces of about `piece_bytes` (never inside a UTF-8 sequence), tool calls
// (id and name first), finish, and with `with_usage` a usage chunk with empty choices.
std::vector<std::string> ChunksOf(const ChatAnswer& answer, size_t piece_bytes, bool with_usage,
                                  int64_t wall_ms);

// The JSON of an answer from its parts; `answer.body` is not read.
std::string SerializeAnswer(const ChatAnswer& answer, int64_t wall_ms);

// Same content, refusal and tool calls (names, and arguments as JSON values), choice by choice;
// reasoning, ids, usage, times and wording of finish reasons do not count.
bool SameAnswer(const ChatAnswer& a, const ChatAnswer& b);

std::string_view Name(FinishReason reason);
FinishReason ParseFinishReason(std::string_view name);

}  // namespace understudy
