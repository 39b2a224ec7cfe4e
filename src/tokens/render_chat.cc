// RenderChat: what llama-server makes of a request, and then what kChatTemplate makes of that.
#include <fmt/format.h>

#include "tokens/chat_template.h"
#include "tokens/template_json.h"

namespace understudy {
namespace {

Error Wrong(std::string message, const std::string& where) {
  return InvalidInput(std::move(message)).At(where);
}

// The text of a message: null is empty, text parts are joined by line breaks.
Result<std::string> ContentOf(const json::value& message, const std::string& where) {
  const json::value* content = Find(message, "content");
  if (content == nullptr && StringOr(message, "role") != "assistant") {
    return Fail(Wrong("the message has no content", where));
  }
  if (content == nullptr || content->is_null()) return std::string();
  if (const auto* text = content->if_string()) return std::string(*text);
  const auto* parts = content->if_array();
  if (parts == nullptr) {
    return Fail(Wrong("content is neither text nor a list of parts", where));
  }
  std::string joined;
  for (const json::value& part : *parts) {
    const json::value* text = Find(part, "text");
    if (StringOr(part, "type") != "text" || text == nullptr || !text->is_string()) {
      return Fail(Wrong("a part of the content is no text; the model takes nothing else", where));
    }
    if (&part != &parts->front()) joined += '\n';
    joined += text->get_string();
  }
  return joined;
}

// {"name", "description", "parameters"} of a tool, as llama-server hands it to the template.
Result<std::string> ToolJson(const json::value& tool, const std::string& where) {
  const json::value* function = Find(tool, "function");
  const json::value* name = function ? Find(*function, "name") : nullptr;
  if (StringOr(tool, "type") != "function" || name == nullptr || !name->is_string()) {
    return Fail(Wrong("the tool is no function with a name", where));
  }
  const json::value* description = Find(*function, "description");
  if (description != nullptr && !description->is_string()) {
    return Fail(Wrong("the tool's description is no text", where));
  }
  const json::value* parameters = Find(*function, "parameters");
  const json::object shown{{"name", *name},
                           {"description", description ? *description : json::value("")},
                           {"parameters", parameters ? *parameters : json::value(json::object())}};
  std::string text;
  AppendTemplateJson(text, shown);
  return text;
}

Result<std::string> CallJson(const json::value& call, const std::string& where) {
  const json::value* function = Find(call, "function");
  const json::value* name = function ? Find(*function, "name") : nullptr;
  const json::value* arguments = function ? Find(*function, "arguments") : nullptr;
  if (StringOr(call, "type") != "function" || name == nullptr || !name->is_string() ||
      arguments == nullptr) {
    return Fail(Wrong("the tool call is no function with a name and arguments", where));
  }
  std::string text = "{\"name\": ";
  AppendTemplateJson(text, *name);
  text += ", \"arguments\": ";
  if (const auto* source = arguments->if_string()) {
    const auto parsed = ParseArguments(*source);
    if (!parsed) return Fail(Wrong("the arguments are no JSON: " + parsed.error().message, where));
    AppendTemplateJson(text, *parsed);
  } else {
    AppendTemplateJson(text, *arguments);
  }
  text += '}';
  return text;
}

class Renderer {
 public:
  Renderer(const json::array& messages, const json::array& tools)
      : messages_(messages), tools_(tools) {}

  Result<RenderedChat> Run(bool wants_answer) && {
    size_t first = 0;
    if (!messages_.empty() && RoleOf(0) == "system") first = 1;
    if (first == 1 || !tools_.empty()) TRY_VOID(AddHead(first == 1));
    for (size_t i = first; i < messages_.size(); ++i) TRY_VOID(AddMessage(i));
    if (wants_answer) Add(SegmentKind::kTemplate, "<|im_start|>assistant\n");
    return std::move(chat_);
  }

 private:
  // "developer" is llama-server's "system".
  std::string_view RoleOf(size_t i) const {
    const std::string_view role = StringOr(messages_[i], "role");
    return role == "developer" ? "system" : role;
  }
  bool IsTool(size_t i) const { return i < messages_.size() && RoleOf(i) == "tool"; }
  static std::string Place(size_t i) { return fmt::format("messages[{}]", i); }

  void Add(SegmentKind kind, std::string text) {
    if (!text.empty()) chat_.segments.push_back({kind, std::move(text)});
  }
  void Begin(std::string_view role, size_t message, std::string header) {
    chat_.turns.push_back({std::string(role), message, chat_.segments.size(), 0});
    Add(SegmentKind::kTemplate, std::move(header));
  }
  void End(SegmentKind mark) {
    Add(mark, "<|im_end|>");
    Add(SegmentKind::kTemplate, "\n");
    chat_.turns.back().end = chat_.segments.size();
  }

  Status AddHead(bool has_system) {
    Begin("system", has_system ? 0 : kNoMessage, "<|im_start|>system\n");
    if (has_system) {
      TRY(std::string content, ContentOf(messages_[0], Place(0)));
      Add(SegmentKind::kInput, std::move(content));
    }
    if (!tools_.empty()) {
      Add(SegmentKind::kTemplate, has_system ? "\n<tools>\n" : "<tools>\n");
      for (size_t i = 0; i < tools_.size(); ++i) {
        TRY(std::string tool, ToolJson(tools_[i], fmt::format("tools[{}]", i)));
        Add(SegmentKind::kInput, std::move(tool));
        Add(SegmentKind::kTemplate, "\n");
      }
      Add(SegmentKind::kTemplate, "</tools>");
    }
    End(SegmentKind::kTemplate);
    return {};
  }

  Status AddMessage(size_t i) {
    const std::string_view role = RoleOf(i);
    if (role == "tool") return AddResult(i);
    if (role == "assistant") return AddAnswer(i);
    if (role.empty()) return Fail(Wrong("the message has no role", Place(i)));
    TRY(std::string content, ContentOf(messages_[i], Place(i)));
    Begin(role, i, "<|im_start|>");
    Add(SegmentKind::kInput, std::string(role));
    Add(SegmentKind::kTemplate, "\n");
    Add(SegmentKind::kInput, std::move(content));
    End(SegmentKind::kTemplate);
    return {};
  }

  Status AddResult(size_t i) {
    TRY(std::string content, ContentOf(messages_[i], Place(i)));
    if (i == 0 || !IsTool(i - 1)) Begin("tool", i, "<|im_start|>user");
    Add(SegmentKind::kTemplate, "\n<tool_response>\n");
    Add(SegmentKind::kInput, std::move(content));
    Add(SegmentKind::kTemplate, "\n</tool_response>");
    if (!IsTool(i + 1)) End(SegmentKind::kTemplate);
    return {};
  }

  Status AddAnswer(size_t i) {
    TRY(std::string content, ContentOf(messages_[i], Place(i)));
    const json::value* calls = Find(messages_[i], "tool_calls");
    if (calls == nullptr && Find(messages_[i], "content") == nullptr) {
      return Fail(Wrong("the message has neither content nor tool_calls", Place(i)));
    }
    Begin("assistant", i, "<|im_start|>assistant\n");
    bool is_first = content.empty();
    Add(SegmentKind::kAnswer, std::move(content));
    if (calls != nullptr && calls->is_array()) {
      for (size_t k = 0; k < calls->get_array().size(); ++k) {
        const std::string where = fmt::format("{}.tool_calls[{}]", Place(i), k);
        TRY(std::string call, CallJson(calls->get_array()[k], where));
        Add(SegmentKind::kAnswerMark, is_first ? "<tool_call>\n" : "\n<tool_call>\n");
        Add(SegmentKind::kAnswer, std::move(call));
        Add(SegmentKind::kAnswerMark, "\n</tool_call>");
        is_first = false;
      }
    }
    End(SegmentKind::kAnswerMark);
    return {};
  }

  const json::array& messages_;
  const json::array& tools_;
  RenderedChat chat_;
};

}  // namespace

Result<RenderedChat> RenderChat(const json::array& messages, const json::array& tools,
                                bool wants_answer) {
  return Renderer(messages, tools).Run(wants_answer);
}

}  // namespace understudy
