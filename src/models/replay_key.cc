#include "models/replay_key.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "base/json.h"

namespace understudy {
namespace {

constexpr std::array<std::string_view, 10> kIgnored = {"model",
                                                       "stream",
                                                       "stream_options",
                                                       "user",
                                                       "store",
                                                       "metadata",
                                                       "service_tier",
                                                       "safety_identifier",
                                                       "prompt_cache_key",
                                                       "prompt_cache_retention"};

enum Field : uint32_t { kAnywhere = 1, kLast = 2, kTool = 3 };

std::string TextOf(const json::value& message) {
  const json::value* content = Find(message, "content");
  if (!content) return {};
  if (content->is_string()) return std::string(content->get_string());
  std::string joined;
  if (!content->is_array()) return joined;
  for (const auto& part : content->get_array()) {
    joined += StringOr(part, "text");
    joined += ' ';
  }
  return joined;
}

bool IsSpace(char c) {
  return c == ' ' || (c >= '\t' && c <= '\r');
}

std::string Normalised(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  bool gap = false;
  for (const char c : text) {
    if (IsSpace(c)) {
      gap = !out.empty();
      continue;
    }
    if (gap) out += ' ';
    gap = false;
    out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
  }
  return out;
}

std::vector<std::string> ToolNames(const json::value& request) {
  std::vector<std::string> names;
  const json::value* tools = Find(request, "tools");
  if (!tools || !tools->is_array()) return names;
  for (const auto& tool : tools->get_array()) {
    const json::value* function = Find(tool, "function");
    names.emplace_back(function ? StringOr(*function, "name") : StringOr(tool, "name"));
  }
  std::sort(names.begin(), names.end());
  return names;
}

// Lengths go before the texts, so that no two lists of texts give the same bytes.
void AddField(std::string& key, std::string_view text) {
  key += std::to_string(text.size());
  key += ':';
  key += text;
}

// The second key and the tokens come from the same texts.
void AddTexts(ReplayKeys& keys, const json::value& request) {
  std::string loose, last;
  const json::value* messages = Find(request, "messages");
  if (messages && messages->is_array()) {
    for (const auto& message : messages->get_array()) {
      const std::string text = TextOf(message);
      const std::string_view role = StringOr(message, "role");
      AddTokens(keys.tokens, text, kAnywhere);
      if (role == "system" || role == "developer") AddField(loose, Normalised(text));
      if (role == "user" || role == "tool") last = text;
    }
  }
  AddTokens(keys.tokens, last, kLast);
  const std::string wanted = Normalised(last);
  keys.has_loose = !wanted.empty();
  loose += '|';
  AddField(loose, wanted);
  for (const std::string& name : ToolNames(request)) {
    AddField(loose, name);
    AddTokens(keys.tokens, name, kTool);
  }
  if (keys.has_loose) keys.loose = FastHash128(loose);
}

}  // namespace

Result<ReplayKeys> MakeReplayKeys(std::string_view request) {
  TRY(json::value parsed, ParseJson(request));
  auto* members = parsed.if_object();
  if (!members) return Fail(InvalidInput("a request must be a JSON object"));
  ReplayKeys keys;
  AddTexts(keys, parsed);
  SortTokens(keys.tokens);
  for (const std::string_view name : kIgnored) members->erase(name);
  for (auto member = members->begin(); member != members->end();) {
    member = member->value().is_null() ? members->erase(member) : member + 1;
  }
  keys.exact = FastHash128(CanonicalJson(parsed));
  return keys;
}

}  // namespace understudy
