// Answer -> JSON, whole or as the chunks of a stream (chat/answer.h).
#include <algorithm>

#include <fmt/format.h>

#include "base/json.h"
#include "chat/answer.h"

namespace understudy {
namespace {

void AppendStringOrNull(std::string& out, bool present, std::string_view text) {
  if (present) {
    AppendJsonString(out, text);
  } else {
    out += "null";
  }
}

// {"id":...,"type":...,"function":{"name":...,"arguments":...}}; streams put an index in front.
void AppendCall(std::string& out, const ToolCall& call, bool with_index,
                std::string_view arguments) {
  out += with_index ? fmt::format(R"({{"index":{},"id":)", call.index) : R"({"id":)";
  AppendJsonString(out, call.id);
  out += call.custom ? R"(,"type":"custom","custom":{"name":)"
                     : R"(,"type":"function","function":{"name":)";
  AppendJsonString(out, call.name);
  out += call.custom ? R"(,"input":)" : R"(,"arguments":)";
  AppendJsonString(out, arguments);
  out += "}}";
}

void AppendFinish(std::string& out, const Choice& choice) {
  out += R"(,"logprobs":)";
  out += choice.logprobs.empty() ? "null" : R"({"content":[)" + choice.logprobs + "]}";
  out += R"(,"finish_reason":)";
  AppendStringOrNull(out, choice.finish != FinishReason::kNone, Name(choice.finish));
  out += '}';
}

void AppendChoice(std::string& out, const Choice& choice) {
  out += fmt::format(R"({{"index":{},"message":{{"role":"assistant","content":)", choice.index);
  AppendStringOrNull(out, choice.has_content, choice.content);
  out += R"(,"refusal":)";
  AppendStringOrNull(out, !choice.refusal.empty(), choice.refusal);
  if (!choice.reasoning.empty()) {
    out += R"(,"reasoning_content":)";
    AppendJsonString(out, choice.reasoning);
  }
  for (const ToolCall& call : choice.tool_calls) {
    out += &call == &choice.tool_calls.front() ? R"(,"tool_calls":[)" : ",";
    AppendCall(out, call, false, call.arguments);
  }
  out += choice.tool_calls.empty() ? "}" : "]}";
  AppendFinish(out, choice);
}

std::string ReasoningJson(const Usage& usage) {
  if (usage.reasoning_tokens == 0) return {};
  return fmt::format(R"(,"completion_tokens_details":{{"reasoning_tokens":{}}})",
                     usage.reasoning_tokens);
}

std::string UsageJson(const Usage& usage) {
  return fmt::format(R"({{"prompt_tokens":{},"completion_tokens":{},"total_tokens":{},)"
                     R"("prompt_tokens_details":{{"cached_tokens":{}}}{}}})",
                     usage.prompt_tokens, usage.completion_tokens,
                     usage.prompt_tokens + usage.completion_tokens, usage.cached_tokens,
                     ReasoningJson(usage));
}

// The members that begin an answer or a chunk, up to the choices' opening bracket.
std::string Head(const ChatAnswer& answer, std::string_view object, int64_t wall_ms) {
  std::string out = R"({"id":)" + JsonString(answer.id);
  out += fmt::format(R"(,"object":"{}","created":{},"model":)", object, wall_ms / 1000);
  AppendJsonString(out, answer.model);
  out += R"(,"choices":[)";
  return out;
}

// Writes the chunks of one answer.
class ChunkWriter {
 public:
  ChunkWriter(const ChatAnswer& answer, bool with_usage, int64_t wall_ms)
      : head_(Head(answer, "chat.completion.chunk", wall_ms)), with_usage_(with_usage) {}

  void Add(int index, std::string_view delta) {
    Push(fmt::format(R"({{"index":{},"delta":{{{}}},"logprobs":null,"finish_reason":null}})", index,
                     delta));
  }
  void AddText(int index, std::string_view member, std::string_view text) {
    Add(index, JsonString(member) + ':' + JsonString(text));
  }
  void Finish(const Choice& choice) {
    std::string text = fmt::format(R"({{"index":{},"delta":{{}})", choice.index);
    AppendFinish(text, choice);
    Push(text);
  }
  void Usage(const Usage& usage) {
    chunks_.push_back(head_ + R"(],"usage":)" + UsageJson(usage) + "}");
  }
  std::vector<std::string> Take() && { return std::move(chunks_); }

 private:
  void Push(std::string_view choice) {
    chunks_.push_back(head_ + std::string(choice) + (with_usage_ ? R"(],"usage":null})" : "]}"));
  }

  std::string head_;
  bool with_usage_;
  std::vector<std::string> chunks_;
};

// The end of the piece that begins at `from`: never inside a UTF-8 sequence, never empty.
size_t PieceEnd(std::string_view text, size_t from, size_t piece_bytes) {
  size_t end = from + std::max<size_t>(piece_bytes, 1);
  if (end >= text.size()) return text.size();
  while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80) ++end;
  return end;
}

template <class Write>
void ForPieces(std::string_view text, size_t piece_bytes, Write write) {
  for (size_t at = 0; at < text.size();) {
    const size_t end = PieceEnd(text, at, piece_bytes);
    write(text.substr(at, end - at));
    at = end;
  }
}

void WriteCall(ChunkWriter& out, int choice, const ToolCall& call, size_t piece_bytes) {
  std::string first = R"("tool_calls":[)";
  AppendCall(first, call, true, "");
  out.Add(choice, first + ']');
  ForPieces(call.arguments, piece_bytes, [&](std::string_view piece) {
    out.Add(choice, fmt::format(R"("tool_calls":[{{"index":{},"{}":{{"{}":{}}}}}])", call.index,
                                call.custom ? "custom" : "function",
                                call.custom ? "input" : "arguments", JsonString(piece)));
  });
}

void WriteChoice(ChunkWriter& out, const Choice& choice, size_t piece_bytes) {
  out.Add(choice.index, choice.has_content ? R"("role":"assistant","content":"")"
                                           : R"("role":"assistant","content":null)");
  const auto text = [&](std::string_view member, std::string_view whole) {
    ForPieces(whole, piece_bytes,
              [&](std::string_view piece) { out.AddText(choice.index, member, piece); });
  };
  text("reasoning_content", choice.reasoning);
  text("content", choice.content);
  text("refusal", choice.refusal);
  for (const ToolCall& call : choice.tool_calls) WriteCall(out, choice.index, call, piece_bytes);
  out.Finish(choice);
}

bool SameArguments(const std::string& a, const std::string& b) {
  if (a == b) return true;
  const auto left = ParseJson(a), right = ParseJson(b);
  return left && right && SameJson(*left, *right);
}

bool SameCall(const ToolCall& a, const ToolCall& b) {
  return a.name == b.name && a.custom == b.custom && SameArguments(a.arguments, b.arguments);
}

bool SameChoice(const Choice& a, const Choice& b) {
  return a.content == b.content && a.refusal == b.refusal &&
         std::equal(a.tool_calls.begin(), a.tool_calls.end(), b.tool_calls.begin(),
                    b.tool_calls.end(), SameCall);
}

}  // namespace

std::string SerializeAnswer(const ChatAnswer& answer, int64_t wall_ms) {
  std::string out = Head(answer, "chat.completion", wall_ms);
  for (const Choice& choice : answer.choices) {
    if (&choice != &answer.choices.front()) out += ',';
    AppendChoice(out, choice);
  }
  out += ']';
  if (answer.usage.known) out += R"(,"usage":)" + UsageJson(answer.usage);
  out += '}';
  return out;
}

std::vector<std::string> ChunksOf(const ChatAnswer& answer, size_t piece_bytes, bool with_usage,
                                  int64_t wall_ms) {
  ChunkWriter out(answer, with_usage, wall_ms);
  for (const Choice& choice : answer.choices) WriteChoice(out, choice, piece_bytes);
  if (with_usage) out.Usage(answer.usage);
  return std::move(out).Take();
}

bool SameAnswer(const ChatAnswer& a, const ChatAnswer& b) {
  return std::equal(a.choices.begin(), a.choices.end(), b.choices.begin(), b.choices.end(),
                    SameChoice);
}

}  // namespace understudy
