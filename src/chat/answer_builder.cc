// Chunks -> answer (chat/answer.h).
#include <algorithm>

#include "base/ids.h"
#include "chat/answer.h"

namespace understudy {
namespace {

// The call that `piece` continues, or null when it begins one. The newest match wins.
ToolCall* FindCall(std::vector<ToolCall>& calls, const ToolCall& piece) {
  for (auto call = calls.rbegin(); call != calls.rend(); ++call) {
    const bool same_id = piece.id.empty() || piece.id == call->id;
    const bool may_continue = piece.id.empty() || call->id.empty() || same_id;
    if (piece.index != kNoIndex && call->index == piece.index)
      return may_continue ? &*call : nullptr;
    if (piece.index == kNoIndex && same_id) return &*call;
  }
  return nullptr;
}

int NextIndex(const std::vector<ToolCall>& calls) {
  int highest = -1;
  for (const ToolCall& call : calls) highest = std::max(highest, call.index);
  return highest + 1;
}

void AddCall(std::vector<ToolCall>& calls, const ToolCall& piece) {
  ToolCall* call = FindCall(calls, piece);
  if (!call) {
    const int index = piece.index == kNoIndex ? NextIndex(calls) : piece.index;
    calls.push_back(piece);
    calls.back().index = index;
    return;
  }
  if (call->id.empty()) call->id = piece.id;
  if (call->name.empty()) call->name = piece.name;
  call->arguments += piece.arguments;
  call->custom |= piece.custom;
}

void AddDelta(Choice& choice, const ChatChunk::Delta& delta) {
  choice.content += delta.content;
  choice.has_content |= delta.has_content;
  choice.refusal += delta.refusal;
  choice.reasoning += delta.reasoning;
  for (const ToolCall& piece : delta.tool_calls) AddCall(choice.tool_calls, piece);
  if (delta.finish != FinishReason::kNone) choice.finish = delta.finish;
  if (!delta.stop_text.empty()) choice.stop_text = delta.stop_text;
  choice.token_logprobs.insert(choice.token_logprobs.end(), delta.token_logprobs.begin(),
                               delta.token_logprobs.end());
  choice.token_margins.insert(choice.token_margins.end(), delta.token_margins.begin(),
                              delta.token_margins.end());
  if (!choice.logprobs.empty() && !delta.logprobs.empty()) choice.logprobs += ',';
  choice.logprobs += delta.logprobs;
}

void NumberCalls(Choice& choice, int64_t wall_ms) {
  std::stable_sort(choice.tool_calls.begin(), choice.tool_calls.end(),
                   [](const ToolCall& a, const ToolCall& b) { return a.index < b.index; });
  int index = 0;
  for (ToolCall& call : choice.tool_calls) {
    call.index = index++;
    if (call.id.empty()) call.id = NewId("call_", wall_ms);
  }
}

}  // namespace

Choice& AnswerBuilder::ChoiceAt(int index) {
  auto& choices = answer_.choices;
  const auto at = std::lower_bound(choices.begin(), choices.end(), index,
                                   [](const Choice& choice, int i) { return choice.index < i; });
  if (at != choices.end() && at->index == index) return *at;
  Choice fresh;
  fresh.index = index;
  return *choices.insert(at, std::move(fresh));
}

void AnswerBuilder::Add(const ChatChunk& chunk) {
  if (answer_.id.empty()) answer_.id = chunk.id;
  if (answer_.model.empty()) answer_.model = chunk.model;
  if (chunk.usage) answer_.usage = *chunk.usage;
  for (const auto& delta : chunk.deltas) AddDelta(ChoiceAt(delta.index), delta);
}

bool AnswerBuilder::finished() const {
  return !empty() && std::all_of(answer_.choices.begin(), answer_.choices.end(),
                                 [](auto& choice) { return choice.finish != FinishReason::kNone; });
}

ChatAnswer AnswerBuilder::Build(int64_t wall_ms) && {
  if (answer_.id.empty()) answer_.id = NewId("chatcmpl-", wall_ms);
  for (Choice& choice : answer_.choices) NumberCalls(choice, wall_ms);
  answer_.body = SerializeAnswer(answer_, wall_ms);
  return std::move(answer_);
}

}  // namespace understudy
