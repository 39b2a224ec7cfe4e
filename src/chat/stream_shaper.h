// The shape of an answer as OpenAI's clients expect it, whoever gave it.
//
// A chunk in which nothing is wrong goes on byte for byte; the others are written anew, with all
// their other members kept. Put right are:
//  - tool calls: an integer index from 0 in order of appearance; id, type and name in a call's
//  first
//    piece and in no other; calls that share an index, or have none, kept apart by their ids, and
//    where those are missing too by their names and the end of their arguments; arguments as text;
//  - the same id and model, not empty, in every chunk;
//  - finish_reason: tool_calls if and only if calls were made, but for length and content_filter,
//    which stand; one is added where the upstream ended well without;
//  - usage: one chunk with empty choices at the end if the request asked for it, else none; the
//    shares of several choices are added up, and where the upstream tells nothing it is estimated;
//  - tool calls left in the content (chat/tool_envelope.h), where tools are on offer.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "chat/answer.h"
#include "chat/tool_envelope.h"

namespace understudy {

// One stream's shape, and its sum. Not thread-safe.
class StreamShaper {
 public:
  // `request` must outlive it. `model`: the name for chunks of a stream that tells none.
  StreamShaper(const ChatRequest& request, std::string_view model, int64_t wall_ms)
      : request_(request),
        fallback_model_(model),
        wall_ms_(wall_ms),
        looks_for_calls_(!request.tools.empty() && request.tool_choice != ToolChoice::kNone) {}

  // Appends the chunks to send for this one: itself, in the right shape; none while something has
  // to wait; several where something had waited.
  void Add(ChatChunk chunk, std::vector<ChatChunk>& out);
  // Once the stream has ended well: what is missing.
  void End(std::vector<ChatChunk>& out);

  bool empty() const { return builder_.empty(); }
  // The answer that was sent so far; the shaper is spent. Its usage is an estimate, not `known`,
  // where the upstream told none.
  ChatAnswer Build() &&;

 private:
  // What becomes of a piece of a tool call.
  enum class Part : uint8_t { kFirst, kNamed, kMore, kNothing };
  struct ChoiceState {
    ChoiceState(int of, const std::vector<Tool>& tools) : index(of), envelope(tools) {}
    int index;
    bool finished = false;
    // Of the calls by order of appearance: the index that the client knows each by, counted from 0
    // as they are announced; kNoIndex while one waits for its name.
    std::vector<int> told;
    int called = 0;  // how many were announced
    ToolEnvelope envelope;
  };

  ChoiceState& StateOf(int index);
  bool Identify(ChatChunk& chunk, std::vector<ChatChunk>& out);
  void HoldUsage(ChatChunk& chunk);
  bool OpenEnvelopes(ChatChunk& chunk);
  bool CheckCalls(const ChatChunk& chunk);
  bool HasIdOfItsOwn(const AnswerBuilder::Place& place);
  bool CheckCall(const ToolCall& piece, const AnswerBuilder::Place& place, Part* part);
  bool CheckFinish(ChatChunk& chunk);
  void Rewrite(ChatChunk& chunk);
  void RewriteChoice(const ChatChunk::Delta& delta, size_t first_part, json::object& choice);
  json::object WritePiece(const ToolCall& piece, size_t part);
  std::string ChunkText(std::string_view members) const;
  void AddUsageChunk(std::vector<ChatChunk>& out);

  const ChatRequest& request_;
  const std::string fallback_model_;
  const int64_t wall_ms_;
  const bool looks_for_calls_;
  AnswerBuilder builder_;
  std::string id_, model_;
  std::vector<ChatChunk> nameless_;  // first chunks without choices, id or model
  std::deque<ChoiceState> states_;
  std::vector<Part> parts_;  // of the chunk being added, in order
  std::string usage_data_;   // the upstream's last usage chunk
  Usage usage_;
};

// Does the same to a whole answer: `answer.body` stays byte for byte where nothing is wrong.
void ShapeAnswer(ChatAnswer& answer, const ChatRequest& request, std::string_view model,
                 int64_t wall_ms);

}  // namespace understudy
