#include "chat/answer_parts.h"

#include <utility>

#include "base/clock.h"
#include "base/ids.h"
#include "base/json.h"

namespace understudy {
namespace {

void AddUnlessEmpty(std::vector<AnswerPart>& parts, PartKind kind, const std::string& text) {
  if (!text.empty()) parts.push_back({kind, text, {}, {}});
}

std::string IdOf(const ToolCall& call) {
  return call.id.empty() ? NewId("call_", Clock::System().WallMs()) : call.id;
}

// The place of the call that `piece` continues, by its index, else by its id, else the last; the
// number of calls where it begins one. A new id begins a new call also at a known index.
size_t PlaceOf(const std::vector<ToolCall>& calls, const ToolCall& piece) {
  for (size_t at = calls.size(); at-- > 0;) {
    const bool id_differs = !piece.id.empty() && !calls[at].id.empty() && piece.id != calls[at].id;
    if (piece.index == kNoIndex && !id_differs) return at;
    if (piece.index != kNoIndex && piece.index == calls[at].index) {
      return id_differs ? calls.size() : at;
    }
  }
  return calls.size();
}

size_t Join(std::vector<ToolCall>& calls, const ToolCall& piece) {
  const size_t at = PlaceOf(calls, piece);
  if (at == calls.size()) {
    calls.push_back(piece);
    if (piece.index == kNoIndex) calls.back().index = static_cast<int>(at);
    return at;
  }
  if (calls[at].id.empty()) calls[at].id = piece.id;
  if (calls[at].name.empty()) calls[at].name = piece.name;
  calls[at].arguments += piece.arguments;
  return at;
}

}  // namespace

std::vector<AnswerPart> PartsOf(const ChatAnswer& answer) {
  std::vector<AnswerPart> parts;
  if (answer.choices.empty()) return parts;
  const Choice& choice = answer.choices.front();
  AddUnlessEmpty(parts, PartKind::kReasoning, choice.reasoning);
  AddUnlessEmpty(parts, PartKind::kText, choice.content);
  AddUnlessEmpty(parts, PartKind::kRefusal, choice.refusal);
  for (const ToolCall& call : choice.tool_calls) {
    parts.push_back({PartKind::kCall, call.arguments, IdOf(call), call.name});
  }
  return parts;
}

void PartStream::Add(const ChatChunk& chunk, Sink& sink) {
  for (const ChatChunk::Delta& delta : chunk.deltas) {
    if (delta.index != 0) continue;
    AddText(PartKind::kReasoning, delta.reasoning, sink);
    AddText(PartKind::kText, delta.content, sink);
    AddText(PartKind::kRefusal, delta.refusal, sink);
    for (const ToolCall& piece : delta.tool_calls) AddCall(piece, sink);
    if (delta.finish != FinishReason::kNone) finish_ = delta.finish;
    if (!delta.stop_text.empty()) stop_text_ = delta.stop_text;
  }
}

void PartStream::AddText(PartKind kind, std::string_view text, Sink& sink) {
  if (text.empty()) return;
  if (!calls_.empty()) {
    if (late_.empty() || late_.back().kind != kind) late_.push_back({kind, {}, {}, {}});
    late_.back().text += text;
    return;
  }
  if (!open_ || parts_.back().kind != kind) BeginPart({kind, {}, {}, {}}, sink);
  Say(text, sink);
}

void PartStream::AddCall(const ToolCall& piece, Sink& sink) {
  const size_t call = Join(calls_, piece);
  begun_.resize(calls_.size());
  if (call == open_call_) return Say(piece.arguments, sink);
  // A server that has ended a call's arguments does not go on with them.
  if (begun_[call] || calls_[call].name.empty()) return;
  if (open_call_ == kNoCall || OpenCallIsWhole()) BeginCall(call, sink);
}

bool PartStream::OpenCallIsWhole() const {
  const auto arguments = ParseJson(calls_[open_call_].arguments);
  return arguments && arguments->is_object();
}

void PartStream::BeginCall(size_t call, Sink& sink) {
  const ToolCall& begun = calls_[call];
  begun_[call] = true;
  open_call_ = call;
  BeginPart({PartKind::kCall, {}, IdOf(begun), begun.name}, sink);
  Say(begun.arguments, sink);
}

void PartStream::BeginPart(AnswerPart part, Sink& sink) {
  EndPart(sink);
  parts_.push_back(std::move(part));
  open_ = true;
  sink.Begin(parts_.back(), parts_.size() - 1);
}

void PartStream::Say(std::string_view piece, Sink& sink) {
  if (piece.empty()) return;
  parts_.back().text += piece;
  sink.Piece(parts_.back(), parts_.size() - 1, piece);
}

void PartStream::EndPart(Sink& sink) {
  if (open_) sink.End(parts_.back(), parts_.size() - 1);
  open_ = false;
}

void PartStream::Close(Sink& sink) {
  for (size_t call = 0; call < calls_.size(); ++call) {
    if (!begun_[call]) BeginCall(call, sink);
  }
  for (AnswerPart& part : std::exchange(late_, {})) {
    const std::string text = std::move(part.text);
    BeginPart({part.kind, {}, {}, {}}, sink);
    Say(text, sink);
  }
  EndPart(sink);
}

}  // namespace understudy
