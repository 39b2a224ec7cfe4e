#include "models/local_request.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"

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

Status SettleTools(json::object& body, const ChatRequest& chat) {
  if (chat.tools.empty()) return {};
  if (chat.tool_choice == ToolChoice::kFunction) TRY_VOID(ForceTool(body, chat.forced_tool));
  const bool must_call =
      chat.tool_choice == ToolChoice::kFunction || chat.tool_choice == ToolChoice::kRequired;
  if (must_call) body.erase("response_format");  // it would win over the tools
  return {};
}

void SettleLogprobs(json::object& body, const ChatRequest& chat, bool signals) {
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
                                  AdapterChoice adapters, const LocalAsk& ask) {
  TRY_VOID(CheckAbilities(chat, rules));
  TRY(json::value value, ParseJson(chat.body));
  json::object& body = value.as_object();  // ParseChatRequest has seen to it
  for (const std::string_view field : kServerFields) body.erase(field);
  for (const char* part : {"messages", "tools", "chat_template_kwargs"}) {
    if (json::value* text = body.if_contains(part)) rules.control_texts.Defuse(*text);
  }
  TRY_VOID(SettleTools(body, chat));
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
  value.get_object()["model"] = model;
  value.get_object().erase("lora");
  return json::serialize(value);
}

}  // namespace understudy
