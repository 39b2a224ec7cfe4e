#include "synth/draft.h"

#include "synth/phrase.h"

namespace understudy {

void Draft::System(std::string_view text) {
  if (!text.empty()) Say("system", text);
}

void Draft::Say(std::string_view role, std::string_view text) {
  example_.messages.push_back(json::object{{"role", role}, {"content", text}});
}

void Draft::Call(std::string_view id, std::string_view name, const json::object& arguments) {
  json::object call{{"id", id},
                    {"type", "function"},
                    {"function", json::object{{"name", name}, {"arguments", DumpJson(arguments)}}}};
  auto& messages = example_.messages;
  if (!messages.empty()) {
    if (auto* calls = messages.back().as_object().if_contains("tool_calls")) {
      calls->as_array().push_back(std::move(call));
      return;
    }
  }
  json::object message{{"role", "assistant"}, {"content", nullptr}};
  message["tool_calls"] = json::array{std::move(call)};
  messages.push_back(std::move(message));
}

void Draft::Result(std::string_view id, std::string_view text) {
  example_.messages.push_back(
      json::object{{"role", "tool"}, {"tool_call_id", id}, {"content", text}});
}

void Draft::Tool(json::object function) {
  if (!example_.tools.is_array()) example_.tools = json::array();
  example_.tools.as_array().push_back(
      json::object{{"type", "function"}, {"function", std::move(function)}});
}

}  // namespace understudy
