#include "dataset/canonical.h"

#include <algorithm>

#include <fmt/format.h>

namespace understudy {
namespace {

std::unexpected<Unusable> Refuse(SkipReason reason, std::string detail) {
  return std::unexpected(Unusable{reason, std::move(detail)});
}

std::string Text(const json::string& text) {
  return {text.data(), text.size()};
}

// A member that is absent, or null, or an empty list says nothing.
bool IsNothing(const json::value* value) {
  if (!value || value->is_null()) return true;
  const auto* list = value->if_array();
  return list && list->empty();
}

std::string Serialized(std::string_view role, const json::value& content) {
  return json::serialize(json::object{{"role", role}, {"content", content}});
}

// The text that a part holds; "refusal" parts are the model's own text.
std::expected<std::string, Unusable> PartText(const json::value& part) {
  const std::string_view type = StringOr(part, "type");
  if (type == "text" || type == "input_text" || type == "output_text") {
    return std::string(StringOr(part, "text"));
  }
  if (type == "refusal") return std::string(StringOr(part, "refusal"));
  return Refuse(SkipReason::kNonText, type.empty()
                                          ? "a content part without a type"
                                          : fmt::format("a content part of type {}", type));
}

// Arguments come as text; some logs hold the object itself.
std::expected<std::string, Unusable> Arguments(const json::value* arguments) {
  if (arguments && arguments->is_object()) return json::serialize(*arguments);
  if (!arguments || !arguments->is_string()) {
    return Refuse(SkipReason::kBrokenArguments, "a tool call without arguments");
  }
  const std::string text = Text(arguments->get_string());
  const auto parsed = ParseJson(text);
  if (!parsed) return Refuse(SkipReason::kBrokenArguments, parsed.error().message);
  if (!parsed->is_object()) {
    return Refuse(SkipReason::kBrokenArguments, "arguments are JSON, but no object");
  }
  return WithoutBlanks(text);
}

}  // namespace

std::string WithoutBlanks(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool in_string = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (in_string && c == '\\' && i + 1 < text.size()) {
      out += c;
      out += text[++i];
      continue;
    }
    if (c == '"') in_string = !in_string;
    if (in_string || (c != ' ' && c != '\n' && c != '\r' && c != '\t')) out += c;
  }
  return out;
}

std::expected<std::string, Unusable> ContentText(const json::value* content) {
  if (!content || content->is_null()) return std::string();
  if (content->is_string()) return Text(content->get_string());
  const auto* parts = content->if_array();
  if (!parts) return Refuse(SkipReason::kWrongRoles, "content that is neither text nor parts");
  std::string out;
  for (size_t i = 0; i < parts->size(); ++i) {
    auto text = PartText((*parts)[i]);
    if (!text) return text;
    if (i > 0) out += '\n';
    out += *text;
  }
  return out;
}

std::expected<std::vector<std::string>, Unusable> ToolNames(const json::value& tools) {
  const auto* list = tools.if_array();
  if (!list) return Refuse(SkipReason::kWrongTools, "tools are no list");
  std::vector<std::string> names;
  for (const json::value& tool : *list) {
    const json::value* function = Find(tool, "function");
    const std::string_view name = function ? StringOr(*function, "name") : std::string_view();
    if (name.empty()) {
      return Refuse(SkipReason::kWrongTools,
                    fmt::format("tools[{}] is no named function", names.size()));
    }
    names.emplace_back(name);
  }
  return names;
}

Unusable Canonicalizer::Wrong(std::string_view what) const {
  return {SkipReason::kWrongRoles, fmt::format("messages[{}]: {}", count_, what)};
}

Canonicalizer::Made<std::string> Canonicalizer::Message(const json::value& message) {
  if (!message.is_object()) return std::unexpected(Wrong("no object"));
  const std::string_view role = StringOr(message, "role");
  Made<std::string> made;
  if (role == "assistant") {
    made = Assistant(message);
  } else if (role == "tool") {
    made = ToolResult(message);
  } else if (role == "system" || role == "developer" || role == "user") {
    const auto text = ContentText(Find(message, "content"));
    if (!text) return text;
    made = Serialized(role == "developer" ? "system" : role, json::value(*text));
  } else {
    return std::unexpected(Wrong(role.empty() ? "no role" : "a role that is not known"));
  }
  last_role_ = role;
  ++count_;
  return made;
}

Canonicalizer::Made<std::string> Canonicalizer::Assistant(const json::value& message) {
  const auto text = ContentText(Find(message, "content"));
  if (!text) return text;
  const json::value* recorded = Find(message, "tool_calls");
  if (IsNothing(recorded)) return Serialized("assistant", json::value(*text));
  if (!recorded->is_array()) return std::unexpected(Wrong("tool_calls are no list"));
  auto calls = Calls(recorded->get_array());
  if (!calls) return std::unexpected(calls.error());
  const json::value content = text->empty() ? json::value(nullptr) : json::value(*text);
  return json::serialize(
      json::object{{"role", "assistant"}, {"content", content}, {"tool_calls", *std::move(calls)}});
}

Canonicalizer::Made<json::array> Canonicalizer::Calls(const json::array& calls) {
  json::array out;
  for (const json::value& call : calls) {
    const json::value* function = Find(call, "function");
    if (!function || StringOr(*function, "name").empty()) {
      return std::unexpected(Wrong("a tool call that names no function"));
    }
    auto arguments = Arguments(Find(*function, "arguments"));
    if (!arguments) return std::unexpected(arguments.error());
    calls_.push_back({std::string(StringOr(call, "id")), fmt::format("call{:05}", calls_.size())});
    out.push_back(json::object{{"id", calls_.back().id},
                               {"type", "function"},
                               {"function", json::object{{"name", StringOr(*function, "name")},
                                                         {"arguments", *arguments}}}});
  }
  return out;
}

Canonicalizer::Made<std::string> Canonicalizer::ToolResult(const json::value& message) {
  const std::string_view id = StringOr(message, "tool_call_id");
  const auto call = std::find_if(calls_.rbegin(), calls_.rend(),
                                 [&](const Call& known) { return known.recorded_id == id; });
  if (call == calls_.rend()) return std::unexpected(Wrong("a tool's result without its call"));
  const auto text = ContentText(Find(message, "content"));
  if (!text) return text;
  json::object out{{"role", "tool"}, {"content", *text}, {"tool_call_id", call->id}};
  if (const std::string_view name = StringOr(message, "name"); !name.empty()) out["name"] = name;
  return json::serialize(out);
}

Canonicalizer::Made<std::string> Canonicalizer::Answer(const json::value& message,
                                                       const std::vector<std::string>& offered) {
  const json::value* calls = Find(message, "tool_calls");
  const auto text = ContentText(Find(message, "content"));
  if (!text) return text;
  if (IsNothing(calls) && text->find_first_not_of(" \t\r\n") == std::string::npos) {
    const bool refused = !StringOr(message, "refusal").empty();
    return Refuse(SkipReason::kEmptyAnswer, refused ? "a refusal" : "");
  }
  const auto* list = calls ? calls->if_array() : nullptr;
  for (size_t i = 0; list && i < list->size(); ++i) {
    const json::value* function = Find((*list)[i], "function");
    const std::string_view name = function ? StringOr(*function, "name") : std::string_view();
    if (std::ranges::find(offered, name) == offered.end()) {
      return Refuse(SkipReason::kUnknownTool, fmt::format("tool_calls[{}]", i));
    }
  }
  return Assistant(message);
}

}  // namespace understudy
