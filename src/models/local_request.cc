#include "models/local_request.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/json.h"
#include "models/grammar_schema.h"

namespace understudy {
namespace {

// Fields of llama-server's own that a client has no business with.
constexpr std::string_view kServerFields[] = {
    "lora",          "id_slot", "response_fields",      "return_progress", "timings_per_token",
    "return_tokens", "verbose", "reasoning_in_content", "n_probs",         "post_sampling_probs",
};

constexpr int kSignalCandidates = 2;  // the likeliest, and the one it was preferred to

Error Unsupported(std::string message, std::string_view param) {
  Error error = InvalidInput(std::move(message));
  error.kind = ErrorKind::kUnsupported;
  return std::move(error).Param(param);
}

bool WantsFormat(const ChatRequest& chat) {
  return chat.response_format != ResponseFormat::kText;
}

Status CheckAbilities(const ChatRequest& chat, const LocalRequestRules& rules) {
  if (chat.n > rules.slots) {
    return Fail(Unsupported(fmt::format("{} gives at most {} answers at once (its slots), not {}",
                                        rules.model, rules.slots, chat.n),
                            "n"));
  }
  for (const Message& message : chat.messages) {
    if (message.has_image && !rules.takes_images) {
      return Fail(Unsupported(rules.model + " takes text only", "messages"));
    }
  }
  if (!chat.tools.empty() && WantsFormat(chat) && chat.tool_choice == ToolChoice::kAuto) {
    return Fail(Unsupported(rules.model + " cannot offer tools and enforce a response format in "
                                          "one request",
                            "response_format"));
  }
  return {};
}

std::string_view FunctionName(const json::value& tool) {
  const json::value* function = Find(tool, "function");
  return function ? StringOr(*function, "name") : std::string_view{};
}

// Leaves only the forced function.
Status ForceTool(json::object& body, const std::string& name) {
  json::array only;
  if (const json::value* tools = body.if_contains("tools"); tools && tools->is_array()) {
    for (const json::value& tool : tools->get_array()) {
      if (FunctionName(tool) == name) only.push_back(tool);
    }
  }
  if (only.empty()) {
    return Fail(InvalidInput(fmt::format("tool_choice names the function {}, which is not among "
                                         "the tools",
                                         name))
                    .Param("tool_choice"));
  }
  body["tools"] = std::move(only);
  body["tool_choice"] = "required";
  return {};
}

template <class Wanted>
void KeepOnly(json::array& tools, Wanted wanted) {
  json::array kept;
  for (json::value& tool : tools) {
    if (wanted(std::as_const(tool))) kept.push_back(std::move(tool));
  }
  tools = std::move(kept);
}

std::vector<std::string> AllowedNames(const json::value& allowed) {
  std::vector<std::string> names;
  const json::value* tools = Find(allowed, "tools");
  if (!tools || !tools->is_array()) return names;
  for (const json::value& tool : tools->get_array()) names.emplace_back(FunctionName(tool));
  return names;
}

// tool_choice {"type": "allowed_tools"}: only those are offered, and its mode is the choice.
void OfferAllowed(json::object& body, json::array& tools) {
  const json::value* choice = body.if_contains("tool_choice");
  const json::value* allowed = choice ? Find(*choice, "allowed_tools") : nullptr;
  if (!allowed) return;
  const auto names = AllowedNames(*allowed);
  const std::string mode(StringOr(*allowed, "mode", "auto"));
  KeepOnly(tools, [&](const json::value& tool) {
    return std::find(names.begin(), names.end(), FunctionName(tool)) != names.end();
  });
  body["tool_choice"] = mode;
}

void WidenTools(json::array& tools, SchemaWidth width) {
  for (json::value& tool : tools) {
    json::value* function = tool.as_object().if_contains("function");
    json::value* parameters = function && function->is_object()
                                  ? function->get_object().if_contains("parameters")
                                  : nullptr;
    if (!parameters || parameters->is_null()) continue;
    json::value widened = GrammarSchema(*parameters);
    const bool is_object = StringOr(widened, "type") == "object";  // arguments are one
    *parameters = width == SchemaWidth::kAny || !is_object ? AnyObjectSchema() : std::move(widened);
  }
}

Status SettleTools(json::object& body, const ChatRequest& chat, SchemaWidth width) {
  json::value* value = body.if_contains("tools");
  if (!value || !value->is_array()) return {};
  json::array& tools = value->get_array();
  KeepOnly(tools, [](const json::value& tool) {
    return tool.is_object() && StringOr(tool, "type", "function") == "function";
  });
  if (chat.tool_choice == ToolChoice::kFunction) TRY_VOID(ForceTool(body, chat.forced_tool));
  json::array& offered = body["tools"].get_array();
  OfferAllowed(body, offered);
  if (offered.empty()) {
    body.erase("tools");
    body.erase("tool_choice");
    return {};
  }
  if (width != SchemaWidth::kUsual) WidenTools(offered, width);
  const bool must_call =
      chat.tool_choice == ToolChoice::kFunction || chat.tool_choice == ToolChoice::kRequired;
  if (chat.tool_choice == ToolChoice::kRequired) body["tool_choice"] = "required";  // also "any"
  if (must_call) body.erase("response_format");  // it would win over the tools
  return {};
}

void SettleFormat(json::object& body, const ChatRequest& chat, SchemaWidth width) {
  if (chat.response_format != ResponseFormat::kJsonSchema || !body.contains("response_format"))
    return;
  const auto schema = ParseJson(chat.response_schema);
  if (!schema || width == SchemaWidth::kAny) {
    body["response_format"] = json::object{{"type", "json_object"}};
    return;
  }
  body["response_format"] =
      json::object{{"type", "json_schema"},
                   {"json_schema", {{"name", "answer"}, {"schema", GrammarSchema(*schema)}}}};
}

// It takes text parts only.
void SettleParts(json::array& parts) {
  for (json::value& part : parts) {
    if (StringOr(part, "type") != "refusal") continue;
    const std::string text(StringOr(part, "refusal"));
    part = json::object{{"type", "text"}, {"text", text}};
  }
}

// It parses an earlier call's arguments, to render them. What a model wrote wrongly is kept as
// text.
void SettleArguments(json::value& calls) {
  if (!calls.is_array()) return;
  for (json::value& call : calls.get_array()) {
    json::value* function = call.is_object() ? call.get_object().if_contains("function") : nullptr;
    if (!function || !function->is_object()) continue;
    json::value& arguments = function->get_object()["arguments"];
    if (arguments.is_object()) continue;
    const std::string text(arguments.is_string() ? arguments.get_string().c_str() : "");
    if (text.empty()) {
      arguments = "{}";
    } else if (!ParseJson(text)) {
      arguments = json::serialize(json::object{{"arguments", text}});
    }
  }
}

void SettleMessages(json::object& body) {
  json::value* messages = body.if_contains("messages");
  if (!messages || !messages->is_array()) return;
  for (json::value& item : messages->get_array()) {
    if (!item.is_object()) continue;
    json::object& message = item.get_object();
    if (!message.contains("content")) message["content"] = nullptr;
    if (message["content"].is_array()) SettleParts(message["content"].get_array());
    json::value* calls = message.if_contains("tool_calls");
    if (calls) SettleArguments(*calls);
    if (calls && (calls->is_null() || (calls->is_array() && calls->get_array().empty()))) {
      message.erase("tool_calls");
    }
    if (message["content"].is_null() && !message.contains("tool_calls")) message["content"] = "";
  }
}

void SettleLogprobs(json::object& body, const ChatRequest& chat, bool signals) {
  if (!chat.logprobs) body.erase("top_logprobs");  // alone, it is refused
  if (!chat.logprobs && !signals) return;
  if (chat.tools.empty()) {
    if (chat.logprobs) return;  // as it came
    body["logprobs"] = true;
    body["top_logprobs"] = kSignalCandidates;
    return;
  }
  body.erase("logprobs");
  body.erase("top_logprobs");
  body["n_probs"] = chat.logprobs ? std::max(1, chat.top_logprobs) : kSignalCandidates;
}

// The least of what the client allows and of `most` tokens.
void BoundAnswer(json::object& body, int64_t most) {
  for (const char* limit : {"max_completion_tokens", "max_tokens"}) {
    const int64_t asked = IntOr(body, limit, 0);
    if (asked > 0) most = std::min(most, asked);
    body.erase(limit);
  }
  body["max_tokens"] = most;
}

json::array LoraList(AdapterChoice adapters) {
  json::array list;
  for (size_t id = 0; id < adapters.loaded; ++id) {
    const double scale = static_cast<int>(id) == adapters.applied ? 1.0 : 0.0;
    list.push_back(json::object{{"id", id}, {"scale", scale}});
  }
  return list;
}

}  // namespace

Result<std::string> LocalChatBody(const ChatRequest& chat, const LocalRequestRules& rules,
                                  AdapterChoice adapters, const LocalAsk& ask, SchemaWidth width) {
  TRY_VOID(CheckAbilities(chat, rules));
  TRY(json::value value, ParseJson(chat.body));
  json::object& body = value.as_object();  // ParseChatRequest has seen to it
  for (const std::string_view field : kServerFields) body.erase(field);
  for (const char* part : {"messages", "tools", "chat_template_kwargs"}) {
    if (json::value* text = body.if_contains(part)) rules.control_texts.Defuse(*text);
  }
  SettleMessages(body);
  TRY_VOID(SettleTools(body, chat, width));
  SettleFormat(body, chat, width);
  SettleLogprobs(body, chat, ask.signals);
  if (ask.stop_text) body["verbose"] = true;
  body["model"] = rules.model;
  body["stream"] = true;
  body["stream_options"] = json::object{{"include_usage", true}};
  body["lora"] = LoraList(adapters);
  const bool greedy = ask.greedy || adapters.applied != kNoAdapter;
  if (greedy && chat.n <= 1) body["temperature"] = 0;
  if (ask.most_tokens > 0) BoundAnswer(body, ask.most_tokens);
  return json::serialize(value);
}

Result<std::string> LocalEmbeddingsBody(std::string_view body, const std::string& model) {
  TRY(json::value value, ParseJson(body));
  if (!value.is_object()) return Fail(InvalidInput("the request is no JSON object"));
  const json::value* size = value.get_object().if_contains("dimensions");
  if (size && !size->is_null()) {
    return Fail(
        Unsupported(model + " has one size of vectors; it cannot shorten them", "dimensions"));
  }
  value.get_object()["model"] = model;
  value.get_object().erase("lora");
  return json::serialize(value);
}

}  // namespace understudy
