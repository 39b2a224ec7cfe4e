#include "chat/request.h"

#include <limits>

#include <fmt/format.h>

#include "chat/json_reader.h"
#include "chat/message_json.h"

namespace understudy {
namespace {

using Value = JsonReader::Value;

constexpr int64_t kMaxChoices = 128;
constexpr size_t kUsualMessages = 8;

Role ParseRole(std::string_view name) {
  if (name == "user") return Role::kUser;
  if (name == "assistant") return Role::kAssistant;
  if (name == "system") return Role::kSystem;
  if (name == "tool") return Role::kTool;
  if (name == "developer") return Role::kDeveloper;
  return Role::kOther;
}

bool ReadMessageContent(JsonReader& in, Value value, Message* message) {
  Content content;
  if (!ReadContent(in, value, &content)) return false;
  message->text = std::move(content.text);
  message->has_content = content.has_content;
  message->has_image = content.has_image;
  return true;
}

bool ReadMessage(JsonReader& in, Value value, Message* message) {
  std::string role;
  const bool read = in.Members(value, [&](std::string_view key, Value member) {
    if (key == "role") return in.String(member, &role);
    if (key == "content") return ReadMessageContent(in, member, message);
    if (key == "name") return in.String(member, &message->name);
    if (key == "tool_call_id") return in.String(member, &message->tool_call_id);
    if (key == "tool_calls") return ReadToolCalls(in, member, true, &message->tool_calls);
    return in.Skip(member);
  });
  if (!read) return false;
  if (role.empty()) return in.Fail("needs a 'role'");
  message->role = ParseRole(role);
  return true;
}

bool ReadMessages(JsonReader& in, Value value, std::vector<Message>* messages) {
  messages->reserve(kUsualMessages);
  const bool read =
      in.Items(value, [&](Value item) { return ReadMessage(in, item, &messages->emplace_back()); });
  return read && (!messages->empty() || in.Fail("must hold at least one message"));
}

// A value that is kept as raw bytes; null counts as absent.
bool ReadRaw(JsonReader& in, Value value, std::string* out) {
  return in.Kind(value) == JsonKind::kNull ? in.Null(value) : in.Raw(value, out);
}

bool ReadFunctionTool(JsonReader& in, Value value, Tool* tool) {
  const bool read = in.Members(value, [&](std::string_view key, Value member) {
    if (key == "name") return in.String(member, &tool->name);
    if (key == "parameters") return ReadRaw(in, member, &tool->parameters);
    return in.Skip(member);
  });
  return read && (!tool->name.empty() || in.Fail("needs a 'name'"));
}

bool ReadTool(JsonReader& in, Value value, std::vector<Tool>* tools) {
  std::string type;
  Tool tool;
  bool has_function = false;
  const bool read = in.Members(value, [&](std::string_view key, Value member) {
    if (key == "type") return in.String(member, &type);
    if (key == "function") {
      has_function = true;
      return ReadFunctionTool(in, member, &tool);
    }
    return in.Skip(member);
  });
  if (!read) return false;
  if (!type.empty() && type != "function") return true;  // a hosted or custom tool: passes through
  if (!has_function) return in.Fail("needs a 'function'");
  tools->push_back(std::move(tool));
  return true;
}

bool ReadTools(JsonReader& in, Value value, std::vector<Tool>* tools) {
  if (in.Kind(value) == JsonKind::kNull) return in.Null(value);
  return in.Items(value, [&](Value item) { return ReadTool(in, item, tools); });
}

ToolChoice ParseToolChoice(std::string_view word) {
  if (word == "none") return ToolChoice::kNone;
  if (word == "required" || word == "any") return ToolChoice::kRequired;
  return ToolChoice::kAuto;
}

// {"type": "function", "function": {"name"}} or {"type": "allowed_tools", "allowed_tools":
// {"mode"}} or {"type": "custom", ...}, which demands a call that we cannot check by name.
bool ReadToolChoiceObject(JsonReader& in, Value value, ChatRequest* request) {
  std::string type, mode, name;
  const auto read_inner = [&](std::string_view key, Value member) {
    if (key == "name") return in.String(member, &name);
    if (key == "mode") return in.String(member, &mode);
    return in.Skip(member);
  };
  const bool read = in.Members(value, [&](std::string_view key, Value member) {
    if (key == "type") return in.String(member, &type);
    if (key == "function" || key == "allowed_tools") return in.Members(member, read_inner);
    return in.Skip(member);
  });
  if (!read) return false;
  if (type == "function" && name.empty()) return in.Fail("needs a 'function' with a 'name'");
  if (type == "function") {
    request->tool_choice = ToolChoice::kFunction;
    request->forced_tool = std::move(name);
  } else {
    request->tool_choice = type == "custom" ? ToolChoice::kRequired : ParseToolChoice(mode);
  }
  return true;
}

bool ReadToolChoice(JsonReader& in, Value value, ChatRequest* request) {
  if (in.Kind(value) == JsonKind::kObject) return ReadToolChoiceObject(in, value, request);
  std::string word;
  if (in.Kind(value) != JsonKind::kString && in.Kind(value) != JsonKind::kNull) {
    return in.FailType("a string or an object", value);
  }
  if (!in.String(value, &word)) return false;
  request->tool_choice = ParseToolChoice(word);
  return true;
}

bool ReadJsonSchema(JsonReader& in, Value value, std::string* schema) {
  return in.Members(value, [&](std::string_view key, Value member) {
    return key == "schema" ? ReadRaw(in, member, schema) : in.Skip(member);
  });
}

bool ReadResponseFormat(JsonReader& in, Value value, ChatRequest* request) {
  if (in.Kind(value) == JsonKind::kNull) return in.Null(value);
  std::string type, schema, bare_schema;
  bool has_schema = false;
  const bool read = in.Members(value, [&](std::string_view key, Value member) {
    if (key == "type") return in.String(member, &type);
    if (key == "schema") return ReadRaw(in, member, &bare_schema);  // llama-server's short form
    if (key == "json_schema") {
      has_schema = true;
      return ReadJsonSchema(in, member, &schema);
    }
    return in.Skip(member);
  });
  if (!read) return false;
  if (type.empty()) return in.Fail("needs a 'type'");
  if (type == "json_schema" && !has_schema && bare_schema.empty()) {
    return in.Fail("needs a 'json_schema'");
  }
  if (schema.empty()) schema = std::move(bare_schema);
  if (type == "json_schema" || (type == "json_object" && !schema.empty())) {
    request->response_format = ResponseFormat::kJsonSchema;
    request->response_schema = std::move(schema);
  } else if (type == "json_object") {
    request->response_format = ResponseFormat::kJsonObject;
  }
  return true;
}

bool ReadStreamOptions(JsonReader& in, Value value, ChatRequest* request) {
  if (in.Kind(value) == JsonKind::kNull) return in.Null(value);
  return in.Members(value, [&](std::string_view key, Value member) {
    if (key != "include_usage") return in.Skip(member);
    return in.Spanned(member, &request->include_usage_span,
                      [&] { return in.Bool(member, &request->include_usage); });
  });
}

bool ReadIntWithin(JsonReader& in, Value value, int64_t low, int64_t high, int* out) {
  int64_t wide = *out;
  if (!in.Int(value, &wide)) return false;
  if (wide < low || wide > high) {
    return in.Fail(fmt::format("must be between {} and {}, not {}", low, high, wide));
  }
  *out = static_cast<int>(wide);
  return true;
}

template <class T, class Read>
bool ReadOptional(JsonReader& in, Value value, std::optional<T>* out, Read read) {
  T number{};
  if (!(in.*read)(value, &number)) return false;
  if (in.Kind(value) != JsonKind::kNull) *out = number;
  return true;
}

// What of the request is read once and sorted out at the end.
struct Loose {
  std::optional<int64_t> max_tokens, max_completion_tokens;
  bool has_messages = false;
};

bool ReadNumbers(JsonReader& in, std::string_view key, Value value, ChatRequest* request,
                 Loose* loose) {
  const auto integer = &JsonReader::Int;
  if (key == "n") return ReadIntWithin(in, value, 1, kMaxChoices, &request->n);
  if (key == "max_tokens") return ReadOptional(in, value, &loose->max_tokens, integer);
  if (key == "max_completion_tokens") {
    return ReadOptional(in, value, &loose->max_completion_tokens, integer);
  }
  if (key == "seed") return ReadOptional(in, value, &request->seed, integer);
  if (key == "temperature") {
    return ReadOptional(in, value, &request->temperature, &JsonReader::Number);
  }
  if (key == "logprobs") return in.Bool(value, &request->logprobs);
  if (key == "top_logprobs") {
    return ReadIntWithin(in, value, 0, std::numeric_limits<int>::max(), &request->top_logprobs);
  }
  return in.Skip(value);
}

bool ReadMember(JsonReader& in, std::string_view key, Value value, ChatRequest* request,
                Loose* loose) {
  if (key == "messages") {
    loose->has_messages = true;
    return ReadMessages(in, value, &request->messages);
  }
  if (key == "model") {
    return in.Spanned(value, &request->model_span,
                      [&] { return in.String(value, &request->model); });
  }
  if (key == "stream") {
    return in.Spanned(value, &request->stream_span,
                      [&] { return in.Bool(value, &request->stream); });
  }
  if (key == "stream_options") {
    return in.Spanned(value, &request->stream_options_span,
                      [&] { return ReadStreamOptions(in, value, request); });
  }
  if (key == "tools") return ReadTools(in, value, &request->tools);
  if (key == "tool_choice") return ReadToolChoice(in, value, request);
  if (key == "response_format") return ReadResponseFormat(in, value, request);
  if (key == "user") return in.String(value, &request->user);
  return ReadNumbers(in, key, value, request, loose);
}

}  // namespace

Result<ChatRequest> ParseChatRequest(std::string body) {
  ChatRequest request;
  request.body = std::move(body);
  JsonReader in(request.body);
  Loose loose;
  const bool read = in.Document([&](std::string_view key, Value value) {
    return ReadMember(in, key, value, &request, &loose);
  });
  if (!read) return Fail(InvalidInput(in.problem().message).Param(in.problem().path));
  if (!loose.has_messages) {
    return Fail(InvalidInput("the request has no 'messages'").Param("messages"));
  }
  request.max_tokens = loose.max_completion_tokens ? loose.max_completion_tokens : loose.max_tokens;
  request.members_begin = static_cast<uint32_t>(request.body.find('{') + 1);
  return request;
}

std::string_view LastUserText(const ChatRequest& request) {
  for (auto message = request.messages.rbegin(); message != request.messages.rend(); ++message) {
    if (message->role == Role::kUser) return message->text;
  }
  return {};
}

std::string_view Name(Role role) {
  switch (role) {
    case Role::kSystem: return "system";
    case Role::kDeveloper: return "developer";
    case Role::kUser: return "user";
    case Role::kAssistant: return "assistant";
    case Role::kTool: return "tool";
    case Role::kOther: return "other";
  }
  return "other";
}

}  // namespace understudy
