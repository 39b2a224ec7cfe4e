// A renderer of bytes: ChatML whose tokens are bytes and a few structure tokens. Small enough to
// read by eye, and it nests as real templates do, or not, on demand.
#pragma once

#include <string>
#include <string_view>

#include "dataset/renderer.h"

namespace understudy::testing {

inline constexpr int32_t kStart = 256, kEnd = 257;

class ByteRenderer : public Renderer {
 public:
  bool refuses_tools = false;  // as a template without tools does
  bool hides_history = false;  // writes earlier assistant turns in another way

  Result<ChatAsTokens> Render(const json::array& messages,
                              const json::value& tools) const override {
    if (refuses_tools && !tools.is_null()) return Fail(InvalidInput("this template has no tools"));
    ChatAsTokens chat;
    if (!tools.is_null()) Put(chat, "tools" + json::serialize(tools) + "\n");
    for (size_t i = 0; i < messages.size(); ++i) {
      const bool assistant = StringOr(messages[i], "role") == "assistant";
      chat.tokens.push_back(kStart);
      Put(chat, std::string(StringOr(messages[i], "role")) + "\n");
      const size_t begin = chat.tokens.size();
      if (hides_history && assistant && i + 1 < messages.size()) Put(chat, "(old)");
      Put(chat, StringOr(messages[i], "content"));
      if (const auto* calls = understudy::Find(messages[i], "tool_calls"))
        Put(chat, json::serialize(*calls));
      chat.tokens.push_back(kEnd);
      if (assistant) chat.answers.push_back({i, begin, chat.tokens.size()});
      Put(chat, "\n");
    }
    return chat;
  }
  std::string_view Piece(int32_t token) const override {
    static const std::string bytes = [] {
      std::string all;
      for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
      return all;
    }();
    if (token == kStart) return "<s>";
    if (token == kEnd) return "<e>";
    return std::string_view(bytes).substr(static_cast<size_t>(token), 1);
  }
  std::optional<int32_t> Find(std::string_view piece) const override {
    if (piece == "<s>") return kStart;
    if (piece == "<e>") return kEnd;
    if (piece.size() != 1) return std::nullopt;
    return static_cast<unsigned char>(piece[0]);
  }

  std::string Text(std::span<const int32_t> tokens) const {
    std::string out;
    for (const int32_t token : tokens) out += Piece(token);
    return out;
  }

 private:
  static void Put(ChatAsTokens& chat, std::string_view text) {
    for (const char c : text) chat.tokens.push_back(static_cast<unsigned char>(c));
  }
};

// {"id", "session", "request": {"messages", MORE}, "response": {"choices": [{"message"}]}}
inline std::string Line(std::string_view session, std::string_view messages,
                        std::string_view answer, std::string_view more = "",
                        std::string_view choice_more = "") {
  return fmt::format(
      R"({{"id":"x","session":"{}","request":{{"model":"m","messages":[{}]{}}},"response":{{"choices":)"
      R"([{{"index":0,"message":{}{}}}]}}}})"
      "\n",
      session, messages, more, answer, choice_more);
}
inline std::string User(std::string_view text) {
  return fmt::format(R"({{"role":"user","content":"{}"}})", text);
}
inline std::string Said(std::string_view text) {
  return fmt::format(R"({{"role":"assistant","content":"{}"}})", text);
}
inline std::string Called(std::string_view id, std::string_view name, std::string_view arguments) {
  return fmt::format(
      R"({{"role":"assistant","content":null,"tool_calls":[{{"id":"{}","type":"function",)"
      R"("function":{{"name":"{}","arguments":{}}}}}]}})",
      id, name, JsonString(arguments));
}
inline constexpr std::string_view kTools =
    R"(,"tools":[{"type":"function","function":{"name":"find","parameters":{}}}])";

}  // namespace understudy::testing
