// The chat template against a real llama-server: our renderer gives the text that the server
// renders, our ids are those of the server's prompt, and calls in the template's format come back
// as tool_calls.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "chat/answer.h"
#include "models/local_request.h"
#include "models/selftest_model.h"
#include "support/tiny_model.h"
#include "tokens/chat_tokens.h"
#include "tokens/learn_vocabulary.h"
#include "tokens/server_fixture.h"
#include "tokens/text_maker.h"

namespace understudy {
namespace {

using ::understudy::testing::TextMaker;
using ::understudy::testing::TinyModel;
using ::understudy::testing::VocabularyServer;

// Requests with every kind of message, tool and call, full of odd texts.
class ChatMaker {
 public:
  explicit ChatMaker(uint32_t seed) : texts_(seed) {}

  json::object Next() {
    json::object request;
    json::array messages;
    if (Below(2) == 0) messages.push_back(Message(Below(4) == 0 ? "developer" : "system"));
    for (size_t i = 1 + Below(6); i > 0; --i) Add(messages);
    request["messages"] = std::move(messages);
    if (Below(3) > 0) {
      json::array tools;
      for (size_t i = Below(4); i > 0; --i) tools.push_back(Tool());
      request["tools"] = std::move(tools);
    }
    return request;
  }

 private:
  size_t Below(size_t limit) { return texts_.Below(limit); }

  void Add(json::array& messages) {
    switch (Below(5)) {
      case 0: return messages.push_back(Message("assistant"));
      case 1: return messages.push_back(Calls());
      case 2: {
        for (size_t i = 1 + Below(3); i > 0; --i) messages.push_back(Message("tool"));
        return;
      }
      default: return messages.push_back(Message(Below(20) == 0 ? "system" : "user"));
    }
  }

  json::object Message(std::string_view role) {
    json::object message{{"role", role}};
    if (role == "tool") message["tool_call_id"] = "c1";
    // An answer that begins with a line break is where the ids differ on purpose.
    std::string text = texts_.Next();
    if (role == "assistant") text = "> " + text;
    if (Below(8) == 0) {
      json::array parts;
      for (size_t i = 1 + Below(3); i > 0; --i) {
        parts.push_back(json::object{{"type", "text"}, {"text", text}});
      }
      message["content"] = std::move(parts);
    } else {
      message["content"] = std::move(text);
    }
    return message;
  }

  json::object Calls() {
    json::object message = Message("assistant");
    if (Below(2) == 0) message["content"] = nullptr;
    json::array calls;
    for (size_t i = 1 + Below(3); i > 0; --i) {
      json::value arguments = Value(0);
      if (!arguments.is_object()) arguments = json::object{{"x", arguments}};
      calls.push_back(json::object{
          {"id", "c1"},
          {"type", "function"},
          {"function", {{"name", texts_.Next()}, {"arguments", json::serialize(arguments)}}}});
    }
    message["tool_calls"] = std::move(calls);
    return message;
  }

  json::object Tool() {
    json::object function{{"name", Below(4) == 0 ? texts_.Next() : "lookup"}};
    if (Below(3) > 0) function["parameters"] = json::object{{"type", "object"}, {"x", Value(0)}};
    if (Below(3) > 0) function["description"] = texts_.Next();
    if (Below(3) == 0) function["strict"] = true;
    return {{"type", "function"}, {"function", std::move(function)}};
  }

  json::value Value(int depth) {
    switch (Below(depth > 3 ? 6 : 9)) {
      case 0: return nullptr;
      case 1: return Below(2) == 0;
      case 2: return static_cast<int64_t>(Below(1'000'000)) - 500'000;
      case 3: return (static_cast<double>(Below(1'000'000)) - 5e5) / 997;
      case 4:
        return static_cast<double>(Below(100)) *
               std::pow(10.0, static_cast<double>(Below(40)) - 20);
      case 5: return json::string(texts_.Next());
      case 6: {
        json::array array;
        for (size_t i = Below(4); i > 0; --i) array.push_back(Value(depth + 1));
        return array;
      }
      default: {
        json::object object;
        for (size_t i = Below(4); i > 0; --i) object[texts_.Next()] = Value(depth + 1);
        return object;
      }
    }
  }

  TextMaker texts_;
};

Vocabulary LearnedVocabulary() {
  TextMaker maker(5);
  size_t left = 3000;
  std::string text;
  return LearnVocabulary(
             [&]() -> std::optional<std::string_view> {
               if (left-- == 0) return std::nullopt;
               return text = maker.Next();
             },
             {.size = 1024})
      .value();
}

TEST(ChatAndServer, PromptsAreTheSameTextAndTheSameTokens) {
  SKIP_WITHOUT_LLAMA_SERVER();
  const Vocabulary vocabulary = LearnedVocabulary();
  const ChatTokenizer tokenizer(Tokenizer::FromVocabulary(vocabulary).value());
  VocabularyServer server(vocabulary);
  LocalRequestRules rules;
  rules.model = "vocabulary";
  rules.control_texts =
      ControlTexts({"<|endoftext|>", "<|im_start|>", "<|im_end|>", "<tool_call>", "</tool_call>",
                    "<tools>", "</tools>", "<tool_response>", "</tool_response>"});
  ChatMaker maker(9);
  for (int i = 0; i < 1000 && !::testing::Test::HasFailure(); ++i) {
    const std::string body = json::serialize(maker.Next());
    const auto served = LocalChatBody(ParseChatRequest(body).value(), rules, {});
    ASSERT_TRUE(served.has_value()) << served.error().ToString();
    const std::string prompt = server.ApplyTemplate(*served);
    const auto ours = tokenizer.TokenizeRequest(ParseJson(body).value(), nullptr);
    ASSERT_TRUE(ours.has_value()) << ours.error().ToString() << "\n" << body;
    EXPECT_EQ(tokenizer.tokenizer().Decode(ours->ids), prompt) << body;
    EXPECT_EQ(ours->ids, server.Tokenize(prompt)) << body;
  }
}

TEST(ChatAndServer, WhatOneRefusesTheOtherDoesToo) {
  SKIP_WITHOUT_LLAMA_SERVER();
  VocabularyServer server(BytesAndSpecials());
  const auto compare = [&server](std::string_view messages, std::string_view tools = "[]") {
    const auto reply = server.Post("/apply-template",
                                   fmt::format(R"({{"messages":{},"tools":{}}})", messages, tools));
    const auto ours = RenderChat(ParseJson(messages).value().as_array(),
                                 ParseJson(tools).value().as_array(), true);
    EXPECT_EQ(ours.has_value(), reply.status == 200) << messages << tools << reply.body;
    if (!ours || reply.status != 200) return;
    EXPECT_EQ(ours->Text(), StringOr(ParseJson(reply.body).value(), "prompt"));
  };
  const std::string user = R"({"role":"user","content":"u"})";
  for (const char* message :
       {R"({"role":"user"})", R"({"role":"user","content":null})", R"({"content":"x"})",
        R"({"role":"tool","content":null})", R"({"role":"tool","content":{"a":1}})",
        R"({"role":"user","content":5})", R"({"role":"user","content":[]})",
        R"({"role":"user","content":[{"type":"refusal","refusal":"a"}]})",
        R"({"role":"user","content":[{"type":"text"}]})", R"({"role":"odd role","content":"x"})",
        R"({"role":"assistant","content":null})", R"({"role":"assistant"})",
        R"({"role":"assistant","content":"","tool_calls":[]})",
        R"({"role":"assistant","content":"x","tool_calls":null})",
        R"({"role":"assistant","content":"x","reasoning_content":"y"})"}) {
    compare(fmt::format("[{},{},{}]", user, message, user));
  }
  for (const char* arguments :
       {"{nope", "", "5", "[1, 2]", "null", R"("x")", R"({"a":1,"b":2,"a":3})", R"({"a":1} x)",
        R"({"a":1e400})", R"({"a":9223372036854775808,"b":-9223372036854775809,"c":-0})",
        R"({"a":"\ud83d"})", R"({"a":"\ud83d\udc4d","b":0.1,"c":123456789.123456789})"}) {
    compare(fmt::format(R"([{},{{"role":"assistant","tool_calls":[{{"type":"function","function":)"
                        R"({{"name":"f","arguments":{}}}}}]}},{}])",
                        user, JsonString(arguments), user));
  }
  for (const char* call : {R"({"function":{"name":"f","arguments":"{}"}})",
                           R"({"type":"custom","custom":{"name":"f","input":"x"}})",
                           R"({"type":"function","function":{"name":"f","arguments":{"a":1}}})"}) {
    compare(fmt::format(R"([{},{{"role":"assistant","tool_calls":[{}]}},{}])", user, call, user));
  }
  for (const char* tool :
       {R"({"type":"function","function":{"name":"f"}})", R"({"function":{"name":"f"}})",
        R"({"type":"x","function":{"name":"f"}})", R"({"type":"function"})",
        R"({"type":"function","function":{"name":"f","description":null}})",
        R"({"type":"function","function":{"name":"f","parameters":null}})",
        R"({"type":"function","function":{"description":"f"}})"}) {
    compare("[" + user + "]", fmt::format("[{}]", tool));
  }
}

// The model of the self-test writes junk: a bias makes it begin calls until it may write no more,
// and the server's grammar of the format that it found in our template does the rest.
TEST(ChatAndServer, CallsComeBackAsToolCallsStreamedToo) {
  SKIP_WITHOUT_LLAMA_SERVER();
  VocabularyServer server(TinyModel().model);
  for (const char* choice : {"auto", "required"}) {
    const std::string body = fmt::format(
        R"({{"messages":[{{"role":"user","content":"u"}}],"tools":[{{"type":"function","function":)"
        R"({{"name":"first","parameters":{{"type":"object","properties":{{"city":{{"type":"string",)"
        R"("enum":["Oslo"]}}}},"required":["city"],"additionalProperties":false}}}}}}],)"
        R"("max_tokens":400,"temperature":0,"logit_bias":[[{},30]],)"
        R"("tool_choice":"{}","stream":)",
        MakeSelftestVocabulary().tool_call, choice);
    const auto answer =
        ParseChatAnswer(json::serialize(server.Ask("/v1/chat/completions", body + "false}")));
    ASSERT_TRUE(answer.has_value()) << answer.error().ToString();
    ASSERT_FALSE(answer->choices[0].tool_calls.empty()) << answer->body.substr(0, 500);
    const ToolCall& call = answer->choices[0].tool_calls[0];  // the last one may be cut
    EXPECT_EQ(call.name, "first");
    EXPECT_TRUE(SameJson(ParseJson(call.arguments).value(), json::object{{"city", "Oslo"}}));
    const auto stream = server.Post("/v1/chat/completions", body + "true}");
    EXPECT_NE(stream.body.find(R"("tool_calls":[{)"), std::string::npos) << choice;
    EXPECT_NE(stream.body.find(R"("name":"first")"), std::string::npos) << choice;
  }
}

}  // namespace
}  // namespace understudy
