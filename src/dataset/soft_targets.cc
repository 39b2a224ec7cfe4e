// Recorded logprobs.content (OpenAI API reference, "The chat completion object") onto our tokens.
#include <algorithm>
#include <cmath>
#include <string>

#include "dataset/sequence.h"

namespace understudy {
namespace {

// The token's bytes where they are given (a token may be half a character), else its text.
std::string BytesOf(const json::value& item) {
  const json::value* bytes = Find(item, "bytes");
  const auto* list = bytes ? bytes->if_array() : nullptr;
  if (!list || list->empty()) return std::string(StringOr(item, "token"));
  std::string out;
  for (const json::value& byte : *list) {
    const int64_t* number = byte.if_int64();
    if (!number || *number < 0 || *number > 255) return std::string(StringOr(item, "token"));
    out += static_cast<char>(*number);
  }
  return out;
}

bool Matches(const std::vector<std::string>& recorded, const ChatAsTokens& chat, size_t from,
             const Renderer& renderer) {
  for (size_t i = 0; i < recorded.size(); ++i) {
    if (renderer.Piece(chat.tokens[from + i]) != recorded[i]) return false;
  }
  return true;
}

SoftTarget TargetAt(size_t position, const json::value& item, const Renderer& renderer) {
  SoftTarget target{static_cast<uint32_t>(position), {}};
  const json::value* top = Find(item, "top_logprobs");
  const auto* list = top ? top->if_array() : nullptr;
  for (size_t i = 0; list && i < list->size(); ++i) {
    const auto token = renderer.Find(BytesOf((*list)[i]));
    const double logprob = NumberOr((*list)[i], "logprob", -INFINITY);
    const bool known = std::ranges::any_of(
        target.alternatives, [&](const auto& other) { return token && other.first == *token; });
    // OpenAI writes -9999 for "as good as never".
    if (!token || known || !(logprob > -1000) || logprob > 1e-3) continue;
    target.alternatives.emplace_back(*token, static_cast<float>(std::min(logprob, 0.0)));
  }
  std::ranges::stable_sort(target.alternatives, std::greater<>(),
                           &std::pair<int32_t, float>::second);
  return target;
}

}  // namespace

std::vector<SoftTarget> AlignLogprobs(const json::value& content, const ChatAsTokens& chat,
                                      const AnswerSpan& turn, const Renderer& renderer) {
  const auto* list = content.if_array();
  if (!list) return {};
  std::vector<std::string> recorded;
  for (const json::value& item : *list) recorded.push_back(BytesOf(item));
  // Some servers list the end token with an empty text.
  while (!recorded.empty() && recorded.back().empty()) recorded.pop_back();
  if (recorded.empty()) return {};
  for (size_t from = turn.begin; from + recorded.size() <= turn.end; ++from) {
    if (!Matches(recorded, chat, from, renderer)) continue;
    std::vector<SoftTarget> targets;
    for (size_t i = 0; i < recorded.size(); ++i) {
      SoftTarget target = TargetAt(from + i, (*list)[i], renderer);
      if (!target.alternatives.empty()) targets.push_back(std::move(target));
    }
    return targets;
  }
  return {};
}

}  // namespace understudy
