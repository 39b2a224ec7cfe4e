#include "flywheel/cluster/answers.h"

#include "dataset/canonical.h"

namespace understudy {
namespace {

std::vector<std::string> ToolsCalled(const json::value& answer) {
  std::vector<std::string> tools;
  const json::value* calls = Find(answer, "tool_calls");
  const auto* list = calls ? calls->if_array() : nullptr;
  if (!list) return tools;
  for (const json::value& call : *list) {
    const json::value* function = Find(call, "function");
    if (function) tools.emplace_back(StringOr(*function, "name"));
  }
  return tools;
}

std::vector<std::string> MembersOf(const json::value& answer) {
  std::vector<std::string> members;
  const auto text = ContentText(Find(answer, "content"));
  const auto value = text ? ParseJson(*text) : Result<json::value>(json::value());
  const auto* object = value ? value->if_object() : nullptr;
  if (!object) return members;
  for (const auto& member : *object) members.push_back("json " + std::string(member.key()));
  return members;
}

}  // namespace

uint32_t Names::operator[](std::string_view text) {
  if (const auto known = numbers_.find(text); known != numbers_.end()) return known->second;
  const auto number = static_cast<uint32_t>(texts_.size());
  texts_.emplace_back(text);
  numbers_.emplace(texts_.back(), number);
  return number;
}

Answered AnsweredBy(const json::value& answer, bool wants_json) {
  static const json::value kWantsJson{{"response_format", {{"type", "json_object"}}}};
  Answered out;
  out.kind = KindOf(answer, wants_json ? kWantsJson : json::value(nullptr));
  out.coarse = Name(out.kind);
  out.tools = ToolsCalled(answer);
  if (out.kind == TargetKind::kToolCall && !out.tools.empty()) out.coarse += ' ' + out.tools[0];
  if (out.kind == TargetKind::kJson) out.fine = MembersOf(answer);
  if (out.kind == TargetKind::kLabel) {
    const auto text = ContentText(Find(answer, "content"));
    if (text) out.fine.push_back("label " + *text);
  }
  if (out.fine.empty()) out.fine.push_back(out.coarse);
  return out;
}

}  // namespace understudy
