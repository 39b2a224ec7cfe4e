#include "chat/responses_items.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/json.h"

namespace understudy {
namespace {

using Value = JsonReader::Value;

std::string TextPart(std::string_view text) {
  return R"({"type":"text","text":)" + JsonString(text) + '}';
}

// Items of tools that OpenAI's servers run, and of kinds of tools that chat completions lack.
bool IsHosted(std::string_view type) {
  return type.ends_with("_call") || type.ends_with("_call_output") || type.starts_with("mcp_") ||
         type == "compaction";
}

}  // namespace

bool ResponsesInput::ReadPart(JsonReader& in, Value value, Part* part) {
  if (in.Kind(value) != JsonKind::kObject) return in.Skip(value);  // no part; see CheckPart
  const bool read = in.Members(value, [&](std::string_view key, Value member) {
    if (key == "type") return in.String(member, &part->type);
    if (key == "text" || key == "refusal") return in.String(member, &part->text);
    if (key == "image_url") return in.String(member, &part->image_url);
    if (key == "detail") return in.String(member, &part->detail);
    if (key == "file_id") return in.String(member, &part->file_id);
    if (key == "file_data") return in.String(member, &part->file_data);
    if (key == "filename") return in.String(member, &part->filename);
    if (key == "file_url") return in.String(member, &part->file_url);
    if (key == "input_audio" && in.Kind(member) == JsonKind::kObject) {
      return in.Raw(member, &part->audio);
    }
    return in.Skip(member);
  });
  return read;
}

bool ResponsesInput::CheckPart(JsonReader& in, const Part& part) {
  const std::string& type = part.type;
  if (type.empty()) return in.Fail("has a part without a 'type'");
  if (type == "input_text" || type == "output_text" || type == "refusal" || type == "text") {
    return true;
  }
  if (type == "input_image") {
    return !part.image_url.empty() ||
           in.Fail("has an image without an 'image_url'; files that are kept by id are not here");
  }
  if (type == "input_file") {
    return !part.file_data.empty() || !part.file_id.empty() ||
           in.Fail("has a file without 'file_data'; nothing is fetched here");
  }
  if (type == "input_audio")
    return !part.audio.empty() || in.Fail("has a sound without 'input_audio'");
  return in.Fail(
      fmt::format("has a part of type '{}', which has no counterpart in chat completions", type));
}

bool ResponsesInput::ReadParts(JsonReader& in, Value value, std::vector<Part>* parts) {
  switch (in.Kind(value)) {
    case JsonKind::kNull: return in.Null(value);
    case JsonKind::kString: {
      Part& part = parts->emplace_back();
      part.type = "input_text";
      return in.String(value, &part.text);
    }
    case JsonKind::kArray:
      return in.Items(value,
                      [&](Value item) { return ReadPart(in, item, &parts->emplace_back()); });
    default: return in.FailType("a string or an array of parts", value);
  }
}

std::string ResponsesInput::PartJson(const Part& part) {
  if (part.type == "input_image") {
    std::string url = JsonString(part.image_url);
    if (!part.detail.empty()) url += R"(,"detail":)" + JsonString(part.detail);
    return R"({"type":"image_url","image_url":{"url":)" + url + "}}";
  }
  if (part.type == "input_audio")
    return R"({"type":"input_audio","input_audio":)" + part.audio + '}';
  if (part.type != "input_file") return TextPart(part.text);
  if (part.file_data.empty()) {
    return R"({"type":"file","file":{"file_id":)" + JsonString(part.file_id) + "}}";
  }
  return R"({"type":"file","file":{"filename":)" +
         JsonString(part.filename.empty() ? "file" : part.filename) + R"(,"file_data":)" +
         JsonString(part.file_data) + "}}";
}

std::string ResponsesInput::JoinedText(const std::vector<Part>& parts) {
  std::string text;
  for (const Part& part : parts) {
    if (!text.empty() && !part.text.empty()) text += '\n';
    text += part.text;
  }
  return text;
}

bool ResponsesInput::Read(JsonReader& in, Value value, std::vector<std::string>* left_out) {
  if (in.Kind(value) == JsonKind::kString) {
    std::vector<Part> parts;
    if (!ReadParts(in, value, &parts)) return false;
    AddUser(parts);
    return true;
  }
  if (in.Kind(value) != JsonKind::kArray)
    return in.FailType("a string or an array of items", value);
  size_t place = 0;
  return in.Items(value, [&](Value item) { return ReadItem(in, item, place++, left_out); });
}

bool ResponsesInput::ReadItem(JsonReader& in, Value value, size_t place,
                              std::vector<std::string>* left_out) {
  Item item;
  const bool read = in.Members(value, [&](std::string_view key, Value member) {
    if (key == "type") return in.String(member, &item.type);
    if (key == "role") return in.String(member, &item.role);
    if (key == "call_id") return in.String(member, &item.call_id);
    if (key == "name") return in.String(member, &item.name);
    // Of items that are passed over these may be anything, and the type may come last.
    const JsonKind kind = in.Kind(member);
    if (key == "arguments" && kind == JsonKind::kString) return in.String(member, &item.arguments);
    if ((key == "content" || key == "output") && kind != JsonKind::kObject) {
      return ReadParts(in, member, &item.parts);
    }
    return in.Skip(member);
  });
  if (!read) return false;
  const std::string& type = item.type;
  if (type.empty() || type == "message") return AddMessage(in, item);
  if (type == "reasoning") return true;
  if (type == "function_call" || type == "function_call_output") {
    if (item.call_id.empty()) return in.Fail("needs a 'call_id'");
    if (type == "function_call" && item.name.empty()) return in.Fail("needs a 'name'");
    if (type == "function_call") {
      AddCall(item);
      return true;
    }
    if (!CheckParts(in, item.parts)) return false;
    AddOutput(item);
    return true;
  }
  if (IsHosted(type)) {
    left_out->push_back(fmt::format("input[{}]:{}", place, type));
    return true;
  }
  if (type == "item_reference") {
    return in.Fail("refers to an item, and none is kept here: send the item itself");
  }
  return in.Fail(fmt::format("has the type '{}', which is not known here", type));
}

bool ResponsesInput::CheckParts(JsonReader& in, const std::vector<Part>& parts) {
  return std::ranges::all_of(parts, [&](const Part& part) { return CheckPart(in, part); });
}

bool ResponsesInput::AddMessage(JsonReader& in, const Item& item) {
  if (!CheckParts(in, item.parts)) return false;
  if (item.role == "assistant") {
    AddAssistant(item);
    return true;
  }
  Flush();
  if (item.role == "user") {
    AddUser(item.parts);
  } else if (item.role == "system" || item.role == "developer") {
    messages_ += R"({"role":)" + JsonString(item.role) + R"(,"content":)" +
                 JsonString(JoinedText(item.parts)) + "},";
  } else {
    return in.Fail("needs a 'role': user, assistant, system or developer");
  }
  return true;
}

// A message after calls that nobody has answered yet belongs to the same turn.
void ResponsesInput::AddAssistant(const Item& item) {
  if (assistant_calls_.empty()) Flush();
  assistant_ = true;
  for (const Part& part : item.parts) {
    std::string& text = part.type == "refusal" ? assistant_refusal_ : assistant_text_;
    assistant_said_ |= part.type != "refusal";
    if (!text.empty() && !part.text.empty()) text += '\n';
    text += part.text;
  }
}

void ResponsesInput::AddCall(const Item& item) {
  if (!from_outputs_.empty()) Flush();
  assistant_ = true;
  if (!assistant_calls_.empty()) assistant_calls_ += ',';
  assistant_calls_ += R"({"id":)" + JsonString(item.call_id) +
                      R"(,"type":"function","function":{"name":)" + JsonString(item.name) +
                      R"(,"arguments":)" + JsonString(item.arguments) + "}}";
}

void ResponsesInput::AddOutput(const Item& item) {
  auto waiting = std::move(from_outputs_);
  from_outputs_.clear();
  Flush();  // the calls' message
  from_outputs_ = std::move(waiting);
  std::string text;
  for (const Part& part : item.parts) {
    if (part.type == "input_image" || part.type == "input_file" || part.type == "input_audio") {
      from_outputs_.push_back(TextPart("From the result of tool call " + item.call_id));
      from_outputs_.push_back(PartJson(part));
      continue;
    }
    if (!text.empty()) text += '\n';
    text += part.text;
  }
  messages_ += R"({"role":"tool","tool_call_id":)" + JsonString(item.call_id) + R"(,"content":)" +
               JsonString(text) + "},";
}

void ResponsesInput::AddUser(const std::vector<Part>& parts) {
  messages_ += R"({"role":"user","content":)";
  const bool plain =
      parts.empty() || (parts.size() == 1 && !parts[0].type.starts_with("input_i") &&
                        parts[0].type != "input_file" && parts[0].type != "input_audio");
  if (plain) {
    messages_ += JsonString(JoinedText(parts));
  } else {
    std::vector<std::string> written;
    for (const Part& part : parts) written.push_back(PartJson(part));
    messages_ += fmt::format("[{}]", fmt::join(written, ","));
  }
  messages_ += "},";
}

void ResponsesInput::Flush() {
  if (assistant_) {
    messages_ += R"({"role":"assistant","content":)";
    const bool empty = assistant_calls_.empty() && assistant_refusal_.empty();
    messages_ += assistant_said_ || empty ? JsonString(assistant_text_) : "null";
    if (!assistant_refusal_.empty()) messages_ += R"(,"refusal":)" + JsonString(assistant_refusal_);
    if (!assistant_calls_.empty()) messages_ += R"(,"tool_calls":[)" + assistant_calls_ + ']';
    messages_ += "},";
  }
  assistant_ = assistant_said_ = false;
  assistant_text_.clear();
  assistant_refusal_.clear();
  assistant_calls_.clear();
  if (from_outputs_.empty()) return;
  messages_ += fmt::format(R"({{"role":"user","content":[{}]}},)", fmt::join(from_outputs_, ","));
  from_outputs_.clear();
}

std::string ResponsesInput::Take() {
  Flush();
  if (!messages_.empty()) messages_.pop_back();  // the comma
  return std::move(messages_);
}

}  // namespace understudy
