// Chunks -> answer (chat/answer.h).
#include <algorithm>

#include "base/ids.h"
#include "base/json.h"
#include "chat/answer.h"

namespace understudy {
namespace {

bool IsWholeObject(std::string_view text) {
  const auto value = ParseJson(text);
  return value && value->is_object();
}

// `piece` stands where `call` does: at the same index, or both without one.
bool BeginsAnother(const ToolCall& call, const ToolCall& piece) {
  if (!piece.id.empty() && !call.id.empty()) {
    return !piece.name.empty() || piece.index == kNoIndex;  // the ids differ
  }
  if (piece.name.empty() || call.name.empty()) return false;
  if (piece.name != call.name) return true;
  return !piece.arguments.empty() && IsWholeObject(call.arguments);
}

// `piece` has the id of `call`, and yet it is another: some servers give one id to several calls.
// An index alone does not tell, as others count it up with every piece of one call.
bool RepeatsTheId(const ToolCall& call, const ToolCall& piece) {
  if (piece.index == kNoIndex || piece.index == call.index) return false;
  if (piece.name.empty() || call.name.empty()) return false;
  return piece.name != call.name || IsWholeObject(call.arguments);
}

// The call that `piece` continues, or null when it begins one. The newest match wins.
ToolCall* FindCall(std::vector<ToolCall>& calls, const ToolCall& piece) {
  if (!piece.id.empty()) {
    const auto same = std::find_if(calls.rbegin(), calls.rend(),
                                   [&](const ToolCall& call) { return call.id == piece.id; });
    if (same != calls.rend()) return RepeatsTheId(*same, piece) ? nullptr : &*same;
  }
  for (auto call = calls.rbegin(); call != calls.rend(); ++call) {
    if (piece.index != kNoIndex && call->index != piece.index) continue;
    return BeginsAnother(*call, piece) ? nullptr : &*call;
  }
  return nullptr;
}

int NextIndex(const std::vector<ToolCall>& calls) {
  int highest = -1;
  for (const ToolCall& call : calls) highest = std::max(highest, call.index);
  return highest + 1;
}

AnswerBuilder::Place AddCall(int choice, std::vector<ToolCall>& calls, const ToolCall& piece) {
  ToolCall* call = FindCall(calls, piece);
  if (!call) {
    const int index = piece.index == kNoIndex ? NextIndex(calls) : piece.index;
    calls.push_back(piece);
    calls.back().index = index;
    return {choice, calls.size() - 1, true};
  }
  if (call->id.empty()) call->id = piece.id;
  if (call->name.empty()) call->name = piece.name;
  call->arguments += piece.arguments;
  call->custom |= piece.custom;
  return {choice, static_cast<size_t>(call - calls.data()), false};
}

void AddDelta(Choice& choice, const ChatChunk::Delta& delta,
              std::vector<AnswerBuilder::Place>& placed) {
  choice.content += delta.content;
  choice.has_content |= delta.has_content;
  choice.refusal += delta.refusal;
  choice.reasoning += delta.reasoning;
  for (const ToolCall& piece : delta.tool_calls) {
    placed.push_back(AddCall(choice.index, choice.tool_calls, piece));
  }
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

void SettleFinish(Choice& choice) {
  const bool called = !choice.tool_calls.empty();
  const bool vague = choice.finish == FinishReason::kStop || choice.finish == FinishReason::kOther;
  if (called && vague) choice.finish = FinishReason::kToolCalls;
}

size_t BytesOf(const Choice& choice) {
  size_t bytes = choice.content.size() + choice.refusal.size() + choice.reasoning.size();
  for (const ToolCall& call : choice.tool_calls) bytes += call.name.size() + call.arguments.size();
  return bytes;
}

int64_t TokensOf(size_t bytes) {
  constexpr size_t kBytesPerToken = 4;
  return static_cast<int64_t>((bytes + kBytesPerToken - 1) / kBytesPerToken);
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
  placed_.clear();
  for (const auto& delta : chunk.deltas) AddDelta(ChoiceAt(delta.index), delta, placed_);
}

bool AnswerBuilder::finished() const {
  return !empty() && std::all_of(answer_.choices.begin(), answer_.choices.end(),
                                 [](auto& choice) { return choice.finish != FinishReason::kNone; });
}

void AnswerBuilder::DropNamelessCalls() {
  for (Choice& choice : answer_.choices) {
    std::erase_if(choice.tool_calls, [](const ToolCall& call) { return call.name.empty(); });
  }
}

ChatAnswer AnswerBuilder::Build(int64_t wall_ms) && {
  if (answer_.id.empty()) answer_.id = NewId("chatcmpl-", wall_ms);
  for (Choice& choice : answer_.choices) {
    NumberCalls(choice, wall_ms);
    SettleFinish(choice);
  }
  answer_.body = SerializeAnswer(answer_, wall_ms);
  return std::move(answer_);
}

Usage EstimateUsage(const ChatRequest& request, const std::vector<Choice>& choices) {
  Usage usage;
  usage.prompt_tokens = TokensOf(request.body.size());
  for (const Choice& choice : choices) usage.completion_tokens += TokensOf(BytesOf(choice));
  return usage;
}

}  // namespace understudy
