#include "chat/messages_blocks.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/json.h"

namespace understudy {
namespace {

using Value = JsonReader::Value;
using Blocks = std::vector<MessagesBlock>;

constexpr std::array<std::string_view, 8> kKnownTypes = {
    "text",     "search_result", "image",    "document",
    "tool_use", "tool_result",   "thinking", "redacted_thinking"};

bool IsThinking(const MessagesBlock& block) {
  return block.type == "thinking" || block.type == "redacted_thinking";
}

bool ReadSource(JsonReader& in, Value value, MessagesBlock* block) {
  if (in.Kind(value) == JsonKind::kNull) return in.Null(value);
  return in.Members(value, [&](std::string_view key, Value member) {
    if (key == "type") return in.String(member, &block->source);
    if (key == "media_type") return in.String(member, &block->media_type);
    if (key == "data") return in.String(member, &block->data);
    if (key == "url") return in.String(member, &block->url);
    if (key == "content") return ReadMessagesContent(in, member, &block->content);
    return in.Skip(member);
  });
}

// Anthropic's own clients send it as text; whatever else stands there is not looked at.
bool ReadThinking(JsonReader& in, Value member, MessagesBlock* block) {
  const bool text = in.Kind(member) == JsonKind::kString;
  return text ? in.String(member, &block->text) : in.Skip(member);
}

// Where the type says nothing of a member, its kind is not looked at: "source" of a search result,
// "content" of a hosted tool's.
bool ReadBlockMember(JsonReader& in, std::string_view key, Value member, MessagesBlock* block) {
  const JsonKind kind = in.Kind(member);
  if (key == "type") return in.String(member, &block->type);
  if (key == "text") return in.String(member, &block->text);
  if (key == "thinking") return ReadThinking(in, member, block);
  if (key == "id" || key == "tool_use_id") return in.String(member, &block->id);
  if (key == "name") return in.String(member, &block->name);
  if (key == "title") return in.String(member, &block->title);
  if (key == "input" && kind == JsonKind::kObject) return in.Raw(member, &block->input);
  if (key == "is_error") return in.Bool(member, &block->is_error);
  if (key == "source" && kind == JsonKind::kObject) return ReadSource(in, member, block);
  if (key == "content" && kind != JsonKind::kObject) {
    return ReadMessagesContent(in, member, &block->content);
  }
  return in.Skip(member);
}

bool CheckSource(JsonReader& in, const MessagesBlock& block) {
  const bool image = block.type == "image";
  if (block.source == "base64") {
    return (!block.media_type.empty() && !block.data.empty()) ||
           in.Fail("needs a source with 'media_type' and 'data'");
  }
  if (image && block.source == "url") return !block.url.empty() || in.Fail("needs a 'url'");
  if (!image && (block.source == "text" || block.source == "content")) return true;
  return in.Fail(image ? "needs a source of type base64 or url; files that are kept by id are not "
                         "here"
                       : "needs a source of type base64, text or content; nothing is fetched here");
}

// Blocks of hosted tools ("server_tool_use", "web_search_tool_result", ...) are known by their
// endings; what they hold is Anthropic's own.
bool IsHosted(std::string_view type) {
  return type.ends_with("_tool_use") || type.ends_with("_tool_result");
}

bool CheckBlock(JsonReader& in, const MessagesBlock& block) {
  if (block.type.empty()) return in.Fail("needs a 'type'");
  if (block.type == "image" || block.type == "document") return CheckSource(in, block);
  if (block.type == "tool_use" && (block.id.empty() || block.name.empty())) {
    return in.Fail("needs an 'id' and a 'name'");
  }
  if (block.type == "tool_result" && block.id.empty()) return in.Fail("needs a 'tool_use_id'");
  const bool known = std::ranges::find(kKnownTypes, block.type) != kKnownTypes.end();
  return known || IsHosted(block.type) ||
         in.Fail(fmt::format("has the type '{}', which has no counterpart in chat completions",
                             block.type));
}

std::string TextPart(std::string_view text) {
  return R"({"type":"text","text":)" + JsonString(text) + '}';
}

std::string DataUrl(const MessagesBlock& block) {
  return "data:" + block.media_type + ";base64," + block.data;
}

std::string ImagePart(const MessagesBlock& block) {
  return R"({"type":"image_url","image_url":{"url":)" +
         JsonString(block.source == "url" ? block.url : DataUrl(block)) + "}}";
}

std::string JoinedText(const Blocks& blocks);

bool IsText(const MessagesBlock& block) {
  return block.type == "text" || block.type == "search_result";
}

std::string TextOf(const MessagesBlock& block) {
  return block.type == "text" ? block.text : block.title + "\n" + JoinedText(block.content);
}

std::string JoinedText(const Blocks& blocks) {
  std::string text;
  for (const MessagesBlock& block : blocks) {
    if (!IsText(block)) continue;
    if (!text.empty()) text += '\n';
    text += TextOf(block);
  }
  return text;
}

std::string DocumentPart(const MessagesBlock& block) {
  if (block.source == "base64") {
    return R"({"type":"file","file":{"filename":)" +
           JsonString(block.title.empty() ? "document" : block.title) + R"(,"file_data":)" +
           JsonString(DataUrl(block)) + "}}";
  }
  const std::string text = block.source == "text" ? block.data : JoinedText(block.content);
  return TextPart(block.title.empty() ? text : block.title + "\n" + text);
}

void AddPart(std::vector<std::string>* parts, const MessagesBlock& block) {
  if (IsText(block)) parts->push_back(TextPart(TextOf(block)));
  if (block.type == "image") parts->push_back(ImagePart(block));
  if (block.type == "document") parts->push_back(DocumentPart(block));
}

// A tool message takes text alone, so what else a result holds follows as the user's.
void AppendToolResult(const MessagesBlock& block, std::string* out,
                      std::vector<std::string>* user_parts) {
  std::string text = block.is_error ? "Error: " : "";
  text += JoinedText(block.content);
  *out += R"({"role":"tool","tool_call_id":)" + JsonString(block.id) + R"(,"content":)" +
          JsonString(text) + "},";
  bool announced = false;
  for (const MessagesBlock& inner : block.content) {
    if (inner.type != "image" && inner.type != "document") continue;
    if (!announced) user_parts->push_back(TextPart("From the result of tool call " + block.id));
    announced = true;
    AddPart(user_parts, inner);
  }
}

void AppendUser(const Blocks& blocks, const std::vector<std::string>& parts, std::string* out) {
  if (parts.empty()) return;
  *out += R"({"role":"user","content":)";
  if (parts.size() == 1 && blocks.back().type == "text") {
    AppendJsonString(*out, blocks.back().text);
  } else {
    *out += fmt::format("[{}]", fmt::join(parts, ","));
  }
  *out += "},";
}

}  // namespace

bool ReadMessagesContent(JsonReader& in, Value value, Blocks* blocks) {
  switch (in.Kind(value)) {
    case JsonKind::kNull: return in.Null(value);
    case JsonKind::kString: {
      MessagesBlock& block = blocks->emplace_back();
      block.type = "text";
      return in.String(value, &block.text);
    }
    case JsonKind::kArray:
      return in.Items(value, [&](Value item) {
        MessagesBlock block;
        const bool read = in.Members(item, [&](std::string_view key, Value member) {
          return ReadBlockMember(in, key, member, &block);
        });
        if (!read || !CheckBlock(in, block)) return false;
        blocks->push_back(std::move(block));
        return true;
      });
    default: return in.FailType("a string or an array of content blocks", value);
  }
}

void AppendUserTurn(const Blocks& blocks, std::string* out, std::vector<std::string>* left_out) {
  std::vector<std::string> parts;
  const size_t begin = out->size();
  for (const MessagesBlock& block : blocks) {
    if (block.type == "tool_result") AppendToolResult(block, out, &parts);
  }
  for (const MessagesBlock& block : blocks) {
    AddPart(&parts, block);
    if (IsThinking(block) || (IsHosted(block.type) && block.type != "tool_result")) {
      left_out->push_back(block.type);
    }
  }
  AppendUser(blocks, parts, out);
  if (out->size() == begin) *out += R"({"role":"user","content":""},)";
}

void AppendAssistantTurn(const Blocks& blocks, std::string* out, std::vector<Span>* reasoning,
                         std::vector<std::string>* left_out) {
  std::string calls, thinking;
  bool has_text = false;
  for (const MessagesBlock& block : blocks) {
    if (block.type == "tool_use") {
      if (!calls.empty()) calls += ',';
      calls += R"({"id":)" + JsonString(block.id) + R"(,"type":"function","function":{"name":)" +
               JsonString(block.name) + R"(,"arguments":)" +
               JsonString(block.input.empty() ? "{}" : block.input) + "}}";
    } else if (block.type == "text") {
      has_text = true;
    } else if (block.type == "thinking") {
      thinking += (thinking.empty() ? "" : "\n") + block.text;
    } else {
      left_out->push_back(block.type);
    }
  }
  *out += R"({"role":"assistant","content":)";
  *out += has_text || calls.empty() ? JsonString(JoinedText(blocks)) : "null";
  if (!thinking.empty()) {
    const auto begin = static_cast<uint32_t>(out->size());
    *out += R"(,"reasoning_content":)" + JsonString(thinking);
    reasoning->push_back({begin, static_cast<uint32_t>(out->size())});
  }
  if (!calls.empty()) *out += R"(,"tool_calls":[)" + calls + "]";
  *out += "},";
}

void AppendSystem(const Blocks& blocks, std::string* out) {
  if (blocks.empty()) return;
  *out += R"({"role":"system","content":)" + JsonString(JoinedText(blocks)) + "},";
}

}  // namespace understudy
