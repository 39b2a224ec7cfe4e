#include "chat/stream_shaper.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/ids.h"

namespace understudy {
namespace {

// What `said` must become where calls were made, or none.
FinishReason RightFinish(FinishReason said, bool called) {
  if (called && (said == FinishReason::kStop || said == FinishReason::kOther)) {
    return FinishReason::kToolCalls;
  }
  return !called && said == FinishReason::kToolCalls ? FinishReason::kStop : said;
}

// The legacy function_call, which is no tool call, ends with a reason of its own.
bool IsLegacyCall(std::string_view data) {
  return data.find("\"function_call\"") != std::string_view::npos;
}

json::object UsageObject(const Usage& usage) {
  return {{"prompt_tokens", usage.prompt_tokens},
          {"completion_tokens", usage.completion_tokens},
          {"total_tokens", usage.prompt_tokens + usage.completion_tokens},
          {"prompt_tokens_details", {{"cached_tokens", usage.cached_tokens}}}};
}

json::object& ObjectAt(json::object& owner, std::string_view key) {
  json::value& value = owner[key];
  if (!value.is_object()) value = json::object();
  return value.get_object();
}

}  // namespace

StreamShaper::ChoiceState& StreamShaper::StateOf(int index) {
  for (ChoiceState& state : states_) {
    if (state.index == index) return state;
  }
  return states_.emplace_back(index, request_.tools);
}

// False where the chunk must be written anew for its id or model. A first chunk that has neither
// choices nor a name of its own (Azure's filter results) waits for the next one's.
bool StreamShaper::Identify(ChatChunk& chunk, std::vector<ChatChunk>& out) {
  if (id_.empty()) id_ = chunk.id.empty() ? NewId("chatcmpl-", wall_ms_) : chunk.id;
  if (model_.empty()) model_ = chunk.model.empty() ? fallback_model_ : chunk.model;
  for (ChatChunk& waiting : nameless_) {
    Rewrite(waiting);
    out.push_back(std::move(waiting));
  }
  nameless_.clear();
  const bool named = chunk.id == id_ && chunk.model == model_;
  chunk.id = id_;
  chunk.model = model_;
  return named;
}

// Some servers end every choice with usage of its own.
void StreamShaper::HoldUsage(ChatChunk& chunk) {
  if (request_.n > 1 && !usage_data_.empty()) {
    chunk.usage->completion_tokens += usage_.completion_tokens;
    chunk.usage->cached_tokens = std::min(chunk.usage->cached_tokens, usage_.cached_tokens);
  }
  usage_ = *chunk.usage;
  usage_data_ = std::move(chunk.data);
  chunk.id = id_;
  chunk.model = model_;
  builder_.Add(chunk);
}

bool StreamShaper::OpenEnvelopes(ChatChunk& chunk) {
  bool as_it_came = true;
  for (ChatChunk::Delta& delta : chunk.deltas) {
    ChoiceState& state = StateOf(delta.index);
    const bool over = delta.finish != FinishReason::kNone;
    state.finished |= over;
    if (!looks_for_calls_) continue;
    if (!state.envelope.holds() && !ToolEnvelope::MayBegin(delta.content)) continue;
    std::vector<ToolCall> calls;
    std::string text = state.envelope.Take(delta.content, calls);
    if (over) text += state.envelope.End(calls);
    if (text == delta.content && calls.empty()) continue;
    as_it_came = false;
    delta.content = std::move(text);
    delta.has_content |= !delta.content.empty();
    for (ToolCall& call : calls) {
      call.id = NewId("call_", wall_ms_);
      delta.tool_calls.push_back(std::move(call));
    }
  }
  return as_it_came;
}

// Clients tell results apart by their calls' ids, so no two calls of a choice may share one.
bool StreamShaper::HasIdOfItsOwn(const AnswerBuilder::Place& place) {
  const std::string& id = builder_.CallAt(place.choice, place.at).id;
  const std::vector<int>& told = StateOf(place.choice).told;
  for (size_t at = 0; at < told.size(); ++at) {
    if (told[at] != kNoIndex && builder_.CallAt(place.choice, at).id == id) return false;
  }
  return !id.empty();
}

bool StreamShaper::CheckCall(const ToolCall& piece, const AnswerBuilder::Place& place, Part* part) {
  ChoiceState& state = StateOf(place.choice);
  ToolCall& call = builder_.CallAt(place.choice, place.at);
  if (state.told.size() <= place.at) state.told.resize(place.at + 1, kNoIndex);
  int& told = state.told[place.at];
  if (told != kNoIndex) {
    *part = Part::kMore;
    return piece.index == told && !piece.as_object && piece.id.empty() && piece.name.empty();
  }
  if (call.name.empty()) {  // it waits for its name
    *part = Part::kNothing;
    return false;
  }
  const bool own_id = HasIdOfItsOwn(place);
  if (!own_id) call.id = NewId("call_", wall_ms_);
  told = state.called++;
  *part = place.begins ? Part::kFirst : Part::kNamed;
  return piece.index == told && !piece.as_object && own_id && place.begins && !piece.id.empty() &&
         !piece.name.empty();
}

// After the builder has placed the pieces.
bool StreamShaper::CheckCalls(const ChatChunk& chunk) {
  bool as_it_came = true;
  parts_.clear();
  const auto& places = builder_.placed();
  std::vector<const ToolCall*> told;  // calls whose pieces so far go out with their name
  for (const ChatChunk::Delta& delta : chunk.deltas) {
    for (const ToolCall& piece : delta.tool_calls) {
      const AnswerBuilder::Place& place = places[parts_.size()];
      const ToolCall* call = &builder_.CallAt(place.choice, place.at);
      Part part{};
      as_it_came &= CheckCall(piece, place, &part);
      if (part == Part::kFirst) as_it_came &= chunk.data.find("\"type\"") != std::string::npos;
      if (part == Part::kMore && std::ranges::find(told, call) != told.end()) part = Part::kNothing;
      if (part == Part::kNamed) told.push_back(call);
      parts_.push_back(part);
    }
  }
  return as_it_came;
}

bool StreamShaper::CheckFinish(ChatChunk& chunk) {
  bool as_it_came = true;
  for (ChatChunk::Delta& delta : chunk.deltas) {
    if (delta.finish == FinishReason::kNone) continue;
    const FinishReason right = RightFinish(delta.finish, StateOf(delta.index).called);
    if (right == delta.finish || IsLegacyCall(chunk.data)) continue;
    delta.finish = right;
    as_it_came = false;
  }
  return as_it_came;
}

json::object StreamShaper::WritePiece(const ToolCall& piece, size_t part) {
  const AnswerBuilder::Place& place = builder_.placed()[part];
  const ToolCall& call = builder_.CallAt(place.choice, place.at);
  json::object out{{"index", StateOf(place.choice).told[place.at]}};
  json::object function;
  if (parts_[part] != Part::kMore) {
    out["id"] = call.id;
    out["type"] = call.custom ? "custom" : "function";
    function["name"] = call.name;
  }
  function[call.custom ? "input" : "arguments"] =
      parts_[part] == Part::kNamed ? call.arguments : piece.arguments;
  out[call.custom ? "custom" : "function"] = std::move(function);
  return out;
}

void StreamShaper::RewriteChoice(const ChatChunk::Delta& delta, size_t first_part,
                                 json::object& choice) {
  json::object& said = ObjectAt(choice, "delta");
  if (delta.has_content && (said.contains("content") || !delta.content.empty())) {
    said["content"] = delta.content;
  }
  json::array calls;
  for (size_t i = 0; i < delta.tool_calls.size(); ++i) {
    if (parts_[first_part + i] == Part::kNothing) continue;
    calls.push_back(WritePiece(delta.tool_calls[i], first_part + i));
  }
  said.erase("tool_calls");
  if (!calls.empty()) said["tool_calls"] = std::move(calls);
  if (delta.finish != FinishReason::kNone && delta.finish != FinishReason::kOther &&
      StringOr(choice, "finish_reason") != "function_call") {
    choice["finish_reason"] = Name(delta.finish);
  }
}

// The chunk's text from what its deltas have become. Members that nobody here knows stay.
void StreamShaper::Rewrite(ChatChunk& chunk) {
  auto parsed = ParseJson(chunk.data);
  if (!parsed || !parsed->is_object()) return;
  json::object& top = parsed->get_object();
  top["id"] = id_;
  top["model"] = model_;
  if (chunk.usage) top["usage"] = nullptr;
  if (!request_.include_usage) top.erase("usage");
  size_t part = 0;
  json::value* choices = top.if_contains("choices");
  for (size_t i = 0; i < chunk.deltas.size(); ++i) {
    if (choices && choices->is_array() && i < choices->get_array().size()) {
      RewriteChoice(chunk.deltas[i], part, choices->get_array()[i].as_object());
    }
    part += chunk.deltas[i].tool_calls.size();
  }
  if (auto again = ParseChatChunk(json::serialize(*parsed))) chunk = *std::move(again);
}

void StreamShaper::Add(ChatChunk chunk, std::vector<ChatChunk>& out) {
  if (chunk.usage_only()) return HoldUsage(chunk);
  if (id_.empty() && chunk.deltas.empty() && (chunk.id.empty() || chunk.model.empty())) {
    nameless_.push_back(std::move(chunk));
    return;
  }
  bool as_it_came = Identify(chunk, out);
  as_it_came &= !chunk.usage;
  as_it_came &= OpenEnvelopes(chunk);
  builder_.Add(chunk);
  as_it_came &= CheckCalls(chunk);
  as_it_came &= CheckFinish(chunk);
  if (!as_it_came) Rewrite(chunk);
  out.push_back(std::move(chunk));
}

std::string StreamShaper::ChunkText(std::string_view members) const {
  std::string text =
      fmt::format(R"({{"id":{},"object":"chat.completion.chunk","created":{},"model":)",
                  JsonString(id_), wall_ms_ / 1000);
  AppendJsonString(text, model_);
  return text.append(members) + '}';
}

void StreamShaper::AddUsageChunk(std::vector<ChatChunk>& out) {
  const Usage usage =
      builder_.usage().known ? builder_.usage() : EstimateUsage(request_, builder_.choices());
  auto value = ParseJson(usage_data_.empty() ? ChunkText(R"(,"choices":[])") : usage_data_);
  if (!value || !value->is_object()) return;
  json::object& top = value->get_object();
  top["id"] = id_;
  top["model"] = model_;
  top["choices"] = json::array();
  const bool summed = request_.n > 1;
  if (usage_data_.empty() || summed) top["usage"] = UsageObject(usage);
  if (summed) top.erase("timings");  // llama-server's, of one choice
  // As it came, where it already says so.
  auto chunk = ParseChatChunk(usage_data_);
  const bool right = chunk && !summed && chunk->id == id_ && chunk->model == model_;
  if (!right) chunk = ParseChatChunk(json::serialize(*value));
  if (chunk) out.push_back(*std::move(chunk));
}

void StreamShaper::End(std::vector<ChatChunk>& out) {
  for (size_t i = 0; i < states_.size(); ++i) {
    if (states_[i].finished) continue;
    auto last = ParseChatChunk(ChunkText(fmt::format(
        R"(,"choices":[{{"index":{},"delta":{{}},"finish_reason":"stop"}}])", states_[i].index)));
    if (last) Add(*std::move(last), out);
  }
  if (request_.include_usage && !builder_.empty()) AddUsageChunk(out);
}

ChatAnswer StreamShaper::Build() && {
  builder_.DropNamelessCalls();  // nobody was told of them
  ChatAnswer answer = std::move(builder_).Build(wall_ms_);
  if (!answer.usage.known) answer.usage = EstimateUsage(request_, answer.choices);
  return answer;
}

namespace {

bool OpenEnvelope(Choice& choice, const ChatRequest& request) {
  if (request.tools.empty() || request.tool_choice == ToolChoice::kNone) return true;
  if (!ToolEnvelope::MayBegin(choice.content)) return true;
  ToolEnvelope envelope(request.tools);
  std::vector<ToolCall> calls;
  std::string text = envelope.Take(choice.content, calls);
  text += envelope.End(calls);
  if (text == choice.content && calls.empty()) return true;
  choice.content = std::move(text);
  choice.has_content = !choice.content.empty();
  for (ToolCall& call : calls) choice.tool_calls.push_back(std::move(call));
  return false;
}

bool SettleChoice(Choice& choice, const ChatRequest& request, bool legacy_call, int64_t wall_ms) {
  bool as_it_came = OpenEnvelope(choice, request);
  for (size_t i = 0; i < choice.tool_calls.size(); ++i) {
    ToolCall& call = choice.tool_calls[i];
    const auto before = choice.tool_calls.begin() + static_cast<ptrdiff_t>(i);
    const bool own_id = !call.id.empty() && std::ranges::find(choice.tool_calls.begin(), before,
                                                              call.id, &ToolCall::id) == before;
    as_it_came &= own_id && !call.as_object;
    call.index = static_cast<int>(i);
    if (!own_id) call.id = NewId("call_", wall_ms);
  }
  const FinishReason said =
      choice.finish == FinishReason::kNone ? FinishReason::kStop : choice.finish;
  const FinishReason right = legacy_call ? said : RightFinish(said, !choice.tool_calls.empty());
  as_it_came &= right == choice.finish;
  choice.finish = right;
  return as_it_came;
}

json::object WholeCall(const ToolCall& call) {
  const std::string_view kind = call.custom ? "custom" : "function";
  json::object inner{{"name", call.name}};
  inner[call.custom ? "input" : "arguments"] = call.arguments;
  return {{"id", call.id}, {"type", kind}, {kind, std::move(inner)}};
}

void RewriteWhole(const Choice& choice, json::object& out) {
  json::object& message = ObjectAt(out, "message");
  message["content"] = choice.has_content ? json::value(choice.content) : json::value(nullptr);
  json::array calls;
  for (const ToolCall& call : choice.tool_calls) calls.push_back(WholeCall(call));
  if (!calls.empty()) message["tool_calls"] = std::move(calls);
  if (choice.finish != FinishReason::kOther) out["finish_reason"] = Name(choice.finish);
}

void RewriteBody(ChatAnswer& answer) {
  auto parsed = ParseJson(answer.body);
  if (!parsed || !parsed->is_object()) return;
  json::object& top = parsed->get_object();
  top["id"] = answer.id;
  top["model"] = answer.model;
  json::value* choices = top.if_contains("choices");
  if (!choices || !choices->is_array()) return;
  for (size_t i = 0; i < answer.choices.size() && i < choices->get_array().size(); ++i) {
    RewriteWhole(answer.choices[i], choices->get_array()[i].as_object());
  }
  answer.body = json::serialize(*parsed);
}

}  // namespace

void ShapeAnswer(ChatAnswer& answer, const ChatRequest& request, std::string_view model,
                 int64_t wall_ms) {
  bool as_it_came = !answer.id.empty() && !answer.model.empty();
  if (answer.id.empty()) answer.id = NewId("chatcmpl-", wall_ms);
  if (answer.model.empty()) answer.model = model;
  const bool legacy_call = IsLegacyCall(answer.body);
  for (Choice& choice : answer.choices) {
    as_it_came &= SettleChoice(choice, request, legacy_call, wall_ms);
  }
  if (!answer.usage.known) answer.usage = EstimateUsage(request, answer.choices);
  if (!as_it_came) RewriteBody(answer);
}

}  // namespace understudy
