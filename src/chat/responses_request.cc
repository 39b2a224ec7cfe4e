#include "chat/responses_request.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "base/json.h"
#include "chat/json_reader.h"
#include "chat/responses_items.h"

namespace understudy {
namespace {

using Value = JsonReader::Value;
using Member = std::pair<std::string_view, std::string_view>;

// What a response repeats of its request, and what it says where the request did not.
constexpr std::array<Member, 13> kRepeated = {{
    {"instructions", "null"},
    {"max_output_tokens", "null"},
    {"metadata", "{}"},
    {"parallel_tool_calls", "true"},
    {"reasoning", R"({"effort":null,"summary":null})"},
    {"service_tier", "null"},
    {"temperature", "null"},
    {"text", R"({"format":{"type":"text"}})"},
    {"tool_choice", R"("auto")"},
    {"tools", "[]"},
    {"top_p", "null"},
    {"truncation", R"("disabled")"},
    {"user", "null"},
}};

// What needs a memory, or work that goes on alone; and what to do instead.
constexpr std::array<Member, 4> kRefused = {{
    {"previous_response_id", "send the whole conversation in 'input'"},
    {"conversation", "send the whole conversation in 'input'"},
    {"prompt", "send its text in 'instructions' and 'input'"},
    {"background", "ask without it, or with \"stream\": true"},
}};

// Of no effect on an answer that is not kept.
constexpr std::array<std::string_view, 3> kWithoutEffect = {"store", "metadata", "stream_options"};

struct OfferedTool {
  std::string name, json;
};

struct Pick {
  std::string type;  // auto, none, required, function
  std::string name;
  std::optional<std::vector<std::string>> allowed;
};

struct Gathered {
  std::string model, instructions, format, verbosity, effort, temperature, top_p, user;
  ResponsesInput input;
  bool has_input = false;
  bool stream = false;
  std::optional<bool> parallel;
  std::optional<int64_t> max_tokens;
  std::vector<OfferedTool> tools;
  std::optional<Pick> pick;
  std::map<std::string, std::string, std::less<>> raw;  // by name, as it came
  std::vector<std::string> left_out;
};

bool IsAmong(std::string_view name, const auto& names) {
  return std::ranges::find(names, name) != names.end();
}

bool ReadTool(JsonReader& in, Value value, size_t place, Gathered* asked) {
  std::string type, name, description, parameters, strict;
  const bool read = in.Members(value, [&](std::string_view key, Value member) {
    const JsonKind kind = in.Kind(member);
    if (key == "type") return in.String(member, &type);
    if (key == "name") return in.String(member, &name);
    if (key == "description" && kind == JsonKind::kString) return in.String(member, &description);
    if (key == "parameters" && kind == JsonKind::kObject) return in.Raw(member, &parameters);
    if (key == "strict" && kind == JsonKind::kBool) return in.Raw(member, &strict);
    return in.Skip(member);
  });
  if (!read) return false;
  if (type.empty()) return in.Fail("needs a 'type'");
  if (type != "function") {
    asked->left_out.push_back(fmt::format("tools[{}]:{}", place, type));
    return true;
  }
  if (name.empty()) return in.Fail("needs a 'name'");
  std::string function = R"({"name":)" + JsonString(name);
  if (!description.empty()) function += R"(,"description":)" + JsonString(description);
  if (!parameters.empty()) function += R"(,"parameters":)" + parameters;
  if (!strict.empty()) function += R"(,"strict":)" + strict;
  asked->tools.push_back({name, R"({"type":"function","function":)" + function + "}}"});
  return true;
}

bool ReadTools(JsonReader& in, Value value, Gathered* asked) {
  size_t place = 0;
  return in.Items(value, [&](Value item) { return ReadTool(in, item, place++, asked); });
}

bool ReadAllowed(JsonReader& in, Value value, Pick* pick) {
  pick->allowed.emplace();
  return in.Items(value, [&](Value item) {
    std::string& name = pick->allowed->emplace_back();
    return in.Members(item, [&](std::string_view key, Value member) {
      return key == "name" ? in.String(member, &name) : in.Skip(member);
    });
  });
}

bool ReadPick(JsonReader& in, Value value, Gathered* asked) {
  Pick& pick = asked->pick.emplace();
  std::string mode;
  if (in.Kind(value) == JsonKind::kString) {
    if (!in.String(value, &pick.type)) return false;
  } else if (!in.Members(value, [&](std::string_view key, Value member) {
               if (key == "type") return in.String(member, &pick.type);
               if (key == "name") return in.String(member, &pick.name);
               if (key == "mode") return in.String(member, &mode);
               if (key == "tools") return ReadAllowed(in, member, &pick);
               return in.Skip(member);
             })) {
    return false;
  }
  if (pick.type == "function") return !pick.name.empty() || in.Fail("needs the function's 'name'");
  if (pick.type == "allowed_tools") pick.type = mode.empty() ? "auto" : mode;
  return IsAmong(pick.type, std::array<std::string_view, 3>{"auto", "none", "required"}) ||
         in.Fail(
             "must be auto, none, required, a function or allowed_tools: hosted tools do not "
             "run here");
}

// {"type","name","schema","strict","description"} -> response_format
bool ReadFormat(JsonReader& in, Value value, std::string* format) {
  std::string type, inner;
  bool has_schema = false;
  const bool read = in.Members(value, [&](std::string_view key, Value member) {
    if (key == "type") return in.String(member, &type);
    const bool kept = key == "name" || key == "schema" || key == "strict" || key == "description";
    if (!kept || in.Kind(member) == JsonKind::kNull) return in.Skip(member);
    has_schema |= key == "schema";
    inner += (inner.empty() ? "" : ",") + JsonString(key) + ':';
    std::string raw;
    if (!in.Raw(member, &raw)) return false;
    inner += raw;
    return true;
  });
  if (!read) return false;
  if (type == "text") return true;
  if (type == "json_object") {
    *format = R"({"type":"json_object"})";
    return true;
  }
  if (type != "json_schema" || !has_schema) {
    return in.Fail("needs a 'type' of text, json_object or json_schema, the last with a 'schema'");
  }
  *format = R"({"type":"json_schema","json_schema":{)" + inner + "}}";
  return true;
}

bool ReadText(JsonReader& in, Value value, Gathered* asked) {
  return in.Members(value, [&](std::string_view key, Value member) {
    if (in.Kind(member) == JsonKind::kNull) return in.Null(member);
    if (key == "format") return ReadFormat(in, member, &asked->format);
    if (key == "verbosity") return in.String(member, &asked->verbosity);
    return in.Skip(member);
  });
}

bool ReadReasoning(JsonReader& in, Value value, Gathered* asked) {
  return in.Members(value, [&](std::string_view key, Value member) {
    return key == "effort" ? in.String(member, &asked->effort) : in.Skip(member);
  });
}

bool ReadNumber(JsonReader& in, Value value, std::string* out) {
  double number = 0;
  if (in.Kind(value) != JsonKind::kNumber) return in.Number(value, &number);
  return in.Raw(value, out);
}

bool ReadLimit(JsonReader& in, Value value, Gathered* asked) {
  int64_t most = 0;
  if (!in.Int(value, &most)) return false;
  if (most < 1) return in.Fail("must be at least 1");
  asked->max_tokens = most;
  return true;
}

bool ReadParallel(JsonReader& in, Value value, Gathered* asked) {
  bool parallel = true;
  if (!in.Bool(value, &parallel)) return false;
  asked->parallel = parallel;
  return true;
}

// Says nothing that an answer would differ by: an empty list, false, the default.
bool SaysNothing(std::string_view raw) {
  return raw == "[]" || raw == "{}" || raw == "false" || raw == "0" || raw == R"("auto")" ||
         raw == R"("disabled")" || raw == R"("default")";
}

bool ReadOther(JsonReader& in, std::string_view key, Value value, Gathered* asked) {
  std::string raw;
  if (!in.Raw(value, &raw)) return false;
  for (const auto& [name, instead] : kRefused) {
    if (key != name || raw == "false") continue;
    return in.Fail(
        fmt::format("is not served: nothing is kept here between two requests. "
                    "Leave it out and {}",
                    instead));
  }
  const bool stored = key == "store" && raw == "true";
  const bool truncated = key == "truncation" && raw == R"("auto")";
  const bool silent = IsAmong(key, kWithoutEffect) || SaysNothing(raw);
  if (stored || truncated || !silent) asked->left_out.emplace_back(key);
  asked->raw.insert_or_assign(std::string(key), std::move(raw));
  return true;
}

bool ReadKnown(JsonReader& in, std::string_view key, Value value, Gathered* asked) {
  if (key == "model") return in.String(value, &asked->model);
  if (key == "input") {
    asked->has_input = true;
    return asked->input.Read(in, value, &asked->left_out);
  }
  if (key == "instructions") return in.String(value, &asked->instructions);
  if (key == "tools") return ReadTools(in, value, asked);
  if (key == "tool_choice") return ReadPick(in, value, asked);
  if (key == "text") return ReadText(in, value, asked);
  if (key == "reasoning") return ReadReasoning(in, value, asked);
  if (key == "max_output_tokens") return ReadLimit(in, value, asked);
  if (key == "temperature") return ReadNumber(in, value, &asked->temperature);
  if (key == "top_p") return ReadNumber(in, value, &asked->top_p);
  if (key == "parallel_tool_calls") return ReadParallel(in, value, asked);
  if (key == "user") return in.String(value, &asked->user);
  return in.Bool(value, &asked->stream);
}

bool ReadMember(JsonReader& in, std::string_view key, Value value, Gathered* asked) {
  constexpr std::array<std::string_view, 13> kKnown = {
      "model", "input",     "instructions",      "tools", "tool_choice",
      "text",  "reasoning", "max_output_tokens", "top_p", "parallel_tool_calls",
      "user",  "stream",    "temperature"};
  if (in.Kind(value) == JsonKind::kNull) return in.Null(value);
  if (!IsAmong(key, kKnown)) return ReadOther(in, key, value, asked);
  Span span;
  if (!in.Spanned(value, &span, [&] { return ReadKnown(in, key, value, asked); })) return false;
  if (key != "input") asked->raw.insert_or_assign(std::string(key), std::string(in.Text(span)));
  return true;
}

Error WrongChoice(std::string message) {
  return InvalidInput(std::move(message)).Param("tool_choice");
}

// The tools that may be called, and the choice among them.
Result<std::string> ToolsJson(const Gathered& asked) {
  const Pick pick = asked.pick.value_or(Pick{});
  std::vector<std::string> offered;
  bool has_picked = false;
  for (const OfferedTool& tool : asked.tools) {
    if (pick.allowed && !IsAmong(tool.name, *pick.allowed)) continue;
    has_picked |= tool.name == pick.name;
    offered.push_back(tool.json);
  }
  if (pick.type == "function" && !has_picked) {
    return Fail(
        WrongChoice(fmt::format("'tool_choice' names the function '{}', which is not among "
                                "the tools",
                                pick.name)));
  }
  if (pick.type == "required" && offered.empty()) {
    return Fail(WrongChoice("'tool_choice' asks for a call, and there is no function to call"));
  }
  if (offered.empty()) return std::string();
  std::string out = fmt::format(R"(,"tools":[{}])", fmt::join(offered, ","));
  if (pick.type == "function") {
    out +=
        R"(,"tool_choice":{"type":"function","function":{"name":)" + JsonString(pick.name) + "}}";
  } else if (!pick.type.empty()) {
    out += R"(,"tool_choice":)" + JsonString(pick.type);
  }
  if (asked.parallel) out += fmt::format(R"(,"parallel_tool_calls":{})", *asked.parallel);
  return out;
}

void AppendText(std::string* body, std::string_view name, const std::string& text) {
  if (!text.empty()) *body += fmt::format(R"(,"{}":{})", name, JsonString(text));
}

void AppendRaw(std::string* body, std::string_view name, const std::string& raw) {
  if (!raw.empty()) *body += fmt::format(R"(,"{}":{})", name, raw);
}

Result<std::string> BodyOf(Gathered& asked) {
  TRY(const std::string tools, ToolsJson(asked));
  std::string messages = asked.input.Take();
  if (messages.empty()) {
    return Fail(InvalidInput("'input' must hold at least one message").Param("input"));
  }
  std::string body = R"({"model":)" + JsonString(asked.model) + R"(,"messages":[)";
  if (!asked.instructions.empty()) {
    body += R"({"role":"system","content":)" + JsonString(asked.instructions) + "},";
  }
  body += messages + ']';
  if (asked.max_tokens) body += fmt::format(R"(,"max_completion_tokens":{})", *asked.max_tokens);
  body += tools;
  AppendRaw(&body, "response_format", asked.format);
  AppendText(&body, "verbosity", asked.verbosity);
  AppendText(&body, "reasoning_effort", asked.effort);
  AppendRaw(&body, "temperature", asked.temperature);
  AppendRaw(&body, "top_p", asked.top_p);
  AppendText(&body, "user", asked.user);
  if (asked.stream) body += R"(,"stream":true)";
  return body + '}';
}

std::string Repeated(const Gathered& asked) {
  std::string out;
  for (const auto& [name, otherwise] : kRepeated) {
    const auto found = asked.raw.find(name);
    if (!out.empty()) out += ',';
    out += JsonString(name) + ':';
    out += found == asked.raw.end() ? otherwise : std::string_view(found->second);
  }
  return out;
}

}  // namespace

Result<ResponsesAsked> ChatFromResponses(std::string& body) {
  Gathered asked;
  JsonReader in(body);
  const bool read = in.Document(
      [&](std::string_view key, Value value) { return ReadMember(in, key, value, &asked); });
  if (!read) return Fail(InvalidInput(in.problem().message).Param(in.problem().path));
  if (asked.model.empty()) return Fail(InvalidInput("the request has no 'model'").Param("model"));
  if (!asked.has_input) return Fail(InvalidInput("the request has no 'input'").Param("input"));
  ResponsesAsked out;
  TRY(out.body, BodyOf(asked));
  out.repeated = Repeated(asked);
  out.left_out = std::move(asked.left_out);
  return out;
}

}  // namespace understudy
