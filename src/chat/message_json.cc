#include "chat/message_json.h"

#include <charconv>

namespace understudy {
namespace {

using Value = JsonReader::Value;

bool ReadPart(JsonReader& in, Value value, Content* content) {
  std::string type, text;
  const bool read = in.Members(value, [&](std::string_view key, Value member) {
    if (key == "type") return in.String(member, &type);
    if (key == "text" || key == "refusal") return in.String(member, &text);
    return in.Skip(member);
  });
  if (!read) return false;
  if (type.empty()) return in.Fail("needs a 'type'");
  if (type != "text" && type != "refusal") {
    content->has_image = true;
    return true;
  }
  if (!content->text.empty()) content->text += '\n';
  content->text += text;
  return true;
}

// Some servers send arguments as an object instead of its text.
bool ReadArguments(JsonReader& in, Value value, ToolCall* call) {
  call->as_object = in.Kind(value) == JsonKind::kObject;
  if (call->as_object) return in.Raw(value, &call->arguments);
  return in.String(value, &call->arguments);
}

bool ReadFunction(JsonReader& in, Value value, ToolCall* call) {
  if (in.Kind(value) == JsonKind::kNull) return in.Skip(value);
  return in.Members(value, [&](std::string_view key, Value member) {
    if (key == "name") return in.String(member, &call->name);
    if (key == "arguments") return ReadArguments(in, member, call);
    if (key == "input") return in.String(member, &call->arguments);
    return in.Skip(member);
  });
}

// Servers send numbers as texts, nulls, fractions: what is no index is as good as none.
bool ReadIndex(JsonReader& in, Value value, int* index) {
  std::string_view text;
  if (!in.Raw(value, &text)) return false;
  int number = kNoIndex;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = failed == std::errc() && end == text.data() + text.size();
  *index = whole && number >= 0 ? number : kNoIndex;
  return true;
}

bool ReadToolCall(JsonReader& in, Value value, ToolCall* call) {
  return in.Members(value, [&](std::string_view key, Value member) {
    if (key == "index") return ReadIndex(in, member, &call->index);
    if (key == "id") return in.String(member, &call->id);
    if (key == "function") return ReadFunction(in, member, call);
    if (key == "custom") {
      call->custom = true;
      return ReadFunction(in, member, call);
    }
    return in.Skip(member);
  });
}

}  // namespace

bool ReadContent(JsonReader& in, Value value, Content* content) {
  switch (in.Kind(value)) {
    case JsonKind::kString: content->has_content = true; return in.String(value, &content->text);
    case JsonKind::kArray:
      content->has_content = true;
      return in.Items(value, [&](Value part) { return ReadPart(in, part, content); });
    case JsonKind::kNull: return in.Null(value);
    default: return in.FailType("a string or an array of parts", value);
  }
}

bool ReadToolCalls(JsonReader& in, Value value, bool positional, std::vector<ToolCall>* calls) {
  if (in.Kind(value) == JsonKind::kNull) return in.Null(value);
  return in.Items(value, [&](Value item) {
    ToolCall call;
    call.index = kNoIndex;
    if (!ReadToolCall(in, item, &call)) return false;
    if (positional) call.index = static_cast<int>(calls->size());
    calls->push_back(std::move(call));
    return true;
  });
}

}  // namespace understudy
