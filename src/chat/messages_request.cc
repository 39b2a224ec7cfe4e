#include "chat/messages_request.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/ids.h"
#include "base/json.h"
#include "chat/json_reader.h"
#include "chat/messages_blocks.h"

namespace understudy {
namespace {

using Value = JsonReader::Value;

constexpr size_t kLongestUser = 64;

struct ToolPick {
  std::string type, name;
  bool one_at_a_time = false;
};

// What is read, before it is put together.
struct Gathered {
  std::string model, messages, tools, user, schema, temperature, top_p;
  std::vector<MessagesBlock> system;
  std::vector<std::string> tool_names;
  std::optional<ToolPick> choice;
  std::optional<int64_t> max_tokens;
  bool stream = false;
  bool has_messages = false;
};

bool ReadMessage(JsonReader& in, Value value, Gathered* request, ConvertedRequest* converted) {
  std::string role;
  std::vector<MessagesBlock> blocks;
  const bool read = in.Members(value, [&](std::string_view key, Value member) {
    if (key == "role") return in.String(member, &role);
    if (key == "content") return ReadMessagesContent(in, member, &blocks);
    return in.Skip(member);
  });
  if (!read) return false;
  if (role == "user") {
    AppendUserTurn(blocks, &request->messages, &converted->left_out);
  } else if (role == "assistant") {
    AppendAssistantTurn(blocks, &request->messages, &converted->reasoning, &converted->left_out);
  } else if (role == "system") {
    AppendSystem(blocks, &request->messages);
  } else {
    return in.Fail("needs a 'role': user or assistant");
  }
  return true;
}

bool ReadMessages(JsonReader& in, Value value, Gathered* request, ConvertedRequest* converted) {
  request->has_messages = true;
  const bool read =
      in.Items(value, [&](Value item) { return ReadMessage(in, item, request, converted); });
  return read && (!request->messages.empty() || in.Fail("must hold at least one message"));
}

bool ReadTool(JsonReader& in, Value value, size_t place, Gathered* request,
              ConvertedRequest* converted) {
  std::string type, name, description, schema;
  bool strict = false;
  const bool read = in.Members(value, [&](std::string_view key, Value member) {
    if (key == "type") return in.String(member, &type);
    if (key == "name") return in.String(member, &name);
    if (key == "description") return in.String(member, &description);
    if (key == "strict") return in.Bool(member, &strict);
    if (key == "input_schema" && in.Kind(member) == JsonKind::kObject) {
      return in.Raw(member, &schema);
    }
    return in.Skip(member);
  });
  if (!read) return false;
  if (!type.empty() && type != "custom") {
    converted->left_out.push_back(fmt::format("tools[{}]:{}", place, type));
    return true;
  }
  if (name.empty()) return in.Fail("needs a 'name'");
  if (schema.empty()) return in.Fail("needs an 'input_schema', a JSON Schema object");
  if (!request->tools.empty()) request->tools += ',';
  request->tools += R"({"type":"function","function":{"name":)" + JsonString(name);
  if (!description.empty()) request->tools += R"(,"description":)" + JsonString(description);
  request->tools += R"(,"parameters":)" + schema + (strict ? R"(,"strict":true}})" : "}}");
  request->tool_names.push_back(std::move(name));
  return true;
}

bool ReadTools(JsonReader& in, Value value, Gathered* request, ConvertedRequest* converted) {
  if (in.Kind(value) == JsonKind::kNull) return in.Null(value);
  size_t place = 0;
  return in.Items(value,
                  [&](Value item) { return ReadTool(in, item, place++, request, converted); });
}

bool ReadChoice(JsonReader& in, Value value, std::optional<ToolPick>* choice) {
  if (in.Kind(value) == JsonKind::kNull) return in.Null(value);
  choice->emplace();
  const bool read = in.Members(value, [&](std::string_view key, Value member) {
    if (key == "type") return in.String(member, &(*choice)->type);
    if (key == "name") return in.String(member, &(*choice)->name);
    if (key == "disable_parallel_tool_use") return in.Bool(member, &(*choice)->one_at_a_time);
    return in.Skip(member);
  });
  if (!read) return false;
  const std::string& type = (*choice)->type;
  if (type == "tool" && (*choice)->name.empty()) return in.Fail("needs the tool's 'name'");
  return type == "auto" || type == "any" || type == "tool" || type == "none" ||
         in.Fail("needs a 'type': auto, any, tool or none");
}

// {"type": "json_schema", "schema": {...}}
bool ReadFormat(JsonReader& in, Value value, std::string* schema) {
  if (in.Kind(value) == JsonKind::kNull) return in.Null(value);
  std::string type;
  const bool read = in.Members(value, [&](std::string_view key, Value member) {
    if (key == "type") return in.String(member, &type);
    if (key == "schema" && in.Kind(member) == JsonKind::kObject) return in.Raw(member, schema);
    return in.Skip(member);
  });
  if (!read) return false;
  return (type == "json_schema" && !schema->empty()) ||
         in.Fail("needs the type json_schema and a 'schema'");
}

bool ReadOutputConfig(JsonReader& in, Value value, Gathered* request, ConvertedRequest* converted) {
  if (in.Kind(value) == JsonKind::kNull) return in.Null(value);
  return in.Members(value, [&](std::string_view key, Value member) {
    if (key == "format") return ReadFormat(in, member, &request->schema);
    converted->left_out.push_back(fmt::format("output_config.{}", key));
    return in.Skip(member);
  });
}

bool ReadStops(JsonReader& in, Value value, ConvertedRequest* converted) {
  if (in.Kind(value) == JsonKind::kNull) return in.Null(value);
  return in.Items(value,
                  [&](Value item) { return in.String(item, &converted->stops.emplace_back()); });
}

bool ReadUser(JsonReader& in, Value value, std::string* user) {
  if (in.Kind(value) == JsonKind::kNull) return in.Null(value);
  return in.Members(value, [&](std::string_view key, Value member) {
    return key == "user_id" ? in.String(member, user) : in.Skip(member);
  });
}

// A number, kept as it was written.
bool ReadNumber(JsonReader& in, Value value, std::string* out) {
  double number = 0;
  if (in.Kind(value) == JsonKind::kNull) return in.Null(value);
  if (in.Kind(value) != JsonKind::kNumber) return in.Number(value, &number);
  return in.Raw(value, out);
}

bool ReadMaxTokens(JsonReader& in, Value value, std::optional<int64_t>* out) {
  int64_t most = 0;
  if (!in.Int(value, &most)) return false;
  if (most < 1) return in.Fail("must be at least 1");
  *out = most;
  return true;
}

bool ReadMember(JsonReader& in, std::string_view key, Value value, Gathered* request,
                ConvertedRequest* converted) {
  if (key == "model") return in.String(value, &request->model);
  if (key == "messages") return ReadMessages(in, value, request, converted);
  if (key == "system") return ReadMessagesContent(in, value, &request->system);
  if (key == "max_tokens") return ReadMaxTokens(in, value, &request->max_tokens);
  if (key == "tools") return ReadTools(in, value, request, converted);
  if (key == "tool_choice") return ReadChoice(in, value, &request->choice);
  if (key == "stop_sequences") return ReadStops(in, value, converted);
  if (key == "temperature") return ReadNumber(in, value, &request->temperature);
  if (key == "top_p") return ReadNumber(in, value, &request->top_p);
  if (key == "stream") return in.Bool(value, &request->stream);
  if (key == "metadata") return ReadUser(in, value, &request->user);
  if (key == "output_format") return ReadFormat(in, value, &request->schema);
  if (key == "output_config") return ReadOutputConfig(in, value, request, converted);
  converted->left_out.emplace_back(key);
  return in.Skip(value);
}

// A choice among tools that were all left out is no choice any more.
Result<std::string> ToolChoiceJson(const Gathered& request) {
  if (!request.choice) return std::string();
  const ToolPick& choice = *request.choice;
  const auto& names = request.tool_names;
  if (choice.type == "tool" && std::find(names.begin(), names.end(), choice.name) == names.end()) {
    return Fail(
        InvalidInput(fmt::format("'tool_choice' names the tool '{}', which is not among the "
                                 "tools that can be offered here",
                                 choice.name))
            .Param("tool_choice"));
  }
  if (choice.type == "any" && names.empty()) {
    return Fail(InvalidInput("'tool_choice' asks for a tool, and there is none that can be offered "
                             "here")
                    .Param("tool_choice"));
  }
  if (names.empty()) return std::string();
  std::string out = R"(,"tool_choice":)";
  if (choice.type == "tool") {
    out += R"({"type":"function","function":{"name":)" + JsonString(choice.name) + "}}";
  } else {
    out += JsonString(choice.type == "any" ? "required" : choice.type);
  }
  return choice.one_at_a_time ? out + R"(,"parallel_tool_calls":false)" : out;
}

std::string StopsJson(const std::vector<std::string>& stops) {
  std::string out;
  for (const std::string& stop : stops) {
    out += out.empty() ? R"(,"stop":[)" : ",";
    AppendJsonString(out, stop);
  }
  return out.empty() ? out : out + ']';
}

Result<std::string> BodyOf(Gathered request, ConvertedRequest* converted) {
  TRY(const std::string choice, ToolChoiceJson(request));
  std::string body = R"({"model":)" + JsonString(request.model) + R"(,"messages":[)";
  AppendSystem(request.system, &body);
  for (Span& span : converted->reasoning) {
    span.begin += static_cast<uint32_t>(body.size());
    span.end += static_cast<uint32_t>(body.size());
  }
  body += request.messages;
  body.back() = ']';  // for the comma
  if (request.max_tokens)
    body += fmt::format(R"(,"max_completion_tokens":{})", *request.max_tokens);
  if (!request.tools.empty()) body += R"(,"tools":[)" + request.tools + ']';
  body += choice;
  body += StopsJson(converted->stops);
  if (!request.temperature.empty()) body += R"(,"temperature":)" + request.temperature;
  if (!request.top_p.empty()) body += R"(,"top_p":)" + request.top_p;
  if (!request.schema.empty()) {
    body += R"(,"response_format":{"type":"json_schema","json_schema":{"name":"output","strict":)"
            R"(true,"schema":)" +
            request.schema + "}}";
  }
  if (request.user.size() > kLongestUser) request.user = Sha256Hex(request.user);
  if (!request.user.empty()) body += R"(,"user":)" + JsonString(request.user);
  if (request.stream) body += R"(,"stream":true)";
  return body + '}';
}

Status CheckRequired(const Gathered& request, MessagesUse use) {
  if (request.model.empty()) return Fail(InvalidInput("the request has no 'model'").Param("model"));
  if (!request.has_messages) {
    return Fail(InvalidInput("the request has no 'messages'").Param("messages"));
  }
  if (use == MessagesUse::kAnswer && !request.max_tokens) {
    return Fail(InvalidInput("the request has no 'max_tokens'").Param("max_tokens"));
  }
  return {};
}

}  // namespace

Result<ConvertedRequest> ChatFromMessages(std::string& body, MessagesUse use) {
  Gathered request;
  ConvertedRequest converted;
  JsonReader in(body);
  const bool read = in.Document([&](std::string_view key, Value value) {
    return ReadMember(in, key, value, &request, &converted);
  });
  if (!read) return Fail(InvalidInput(in.problem().message).Param(in.problem().path));
  TRY_VOID(CheckRequired(request, use));
  TRY(converted.body, BodyOf(std::move(request), &converted));
  return converted;
}

}  // namespace understudy
