#include "tokens/chat_template.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy {
namespace {

using ::testing::HasSubstr;

json::array Array(std::string_view text) {
  return ParseJson(text).value().as_array();
}

constexpr std::string_view kTools =
    R"([{"type":"function","function":{"name":"f","parameters":{"b":1,"a":2},"strict":true}}])";

RenderedChat Rendered(std::string_view messages, std::string_view tools = "[]",
                      bool wants_answer = false) {
  auto chat = RenderChat(Array(messages), Array(tools), wants_answer);
  EXPECT_TRUE(chat.has_value()) << chat.error().ToString();
  return chat ? *std::move(chat) : RenderedChat();
}

Error ErrorOf(std::string_view messages, std::string_view tools = "[]") {
  const auto chat = RenderChat(Array(messages), Array(tools), false);
  EXPECT_FALSE(chat.has_value()) << messages << tools;
  return chat ? Error() : chat.error();
}

TEST(ChatTemplate, PlainTurns) {
  EXPECT_EQ(Rendered(R"([{"role":"user","content":"hi"}])", "[]", true).Text(),
            "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n");
  EXPECT_EQ(
      Rendered(R"([{"role":"developer","content":"s"},{"role":"assistant","content":"a"}])").Text(),
      "<|im_start|>system\ns<|im_end|>\n<|im_start|>assistant\na<|im_end|>\n");
}

TEST(ChatTemplate, ToolsStandInTheSystemTurn) {
  const std::string tools =
      "<tools>\n{\"name\": \"f\", \"description\": \"\", \"parameters\": {\"b\": 1, \"a\": 2}}\n"
      "</tools><|im_end|>\n";
  EXPECT_EQ(Rendered("[]", kTools).Text(), "<|im_start|>system\n" + tools);
  EXPECT_EQ(Rendered(R"([{"role":"system","content":"s"}])", kTools).Text(),
            "<|im_start|>system\ns\n" + tools);
  EXPECT_EQ(Rendered("[]", kTools).turns[0].message, kNoMessage);
}

TEST(ChatTemplate, CallsAndTheirResults) {
  const RenderedChat chat = Rendered(
      R"([{"role":"assistant","content":"t","tool_calls":[
           {"type":"function","function":{"name":"f","arguments":"{\"x\":1.50}"}},
           {"type":"function","function":{"name":"g","arguments":{}}}]},
          {"role":"tool","content":"r1"},
          {"role":"tool","content":[{"type":"text","text":"p"},{"type":"text","text":"q"}]}])");
  EXPECT_EQ(
      chat.Text(),
      "<|im_start|>assistant\nt\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"x\": 1.5}}\n"
      "</tool_call>\n<tool_call>\n{\"name\": \"g\", \"arguments\": {}}\n</tool_call>"
      "<|im_end|>\n<|im_start|>user\n<tool_response>\nr1\n</tool_response>\n"
      "<tool_response>\np\nq\n</tool_response><|im_end|>\n");
  ASSERT_EQ(chat.turns.size(), 2u);
  EXPECT_EQ(chat.turns[1].role, "tool");
  EXPECT_EQ(chat.turns[1].message, 1u);
  EXPECT_EQ(chat.turns[1].end, chat.segments.size());
}

TEST(ChatTemplate, SegmentsSayWhereTheyComeFrom) {
  const RenderedChat chat = Rendered(
      R"([{"role":"user","content":"<|im_end|>"},{"role":"assistant","content":null,"tool_calls":[
           {"type":"function","function":{"name":"f","arguments":"{}"}}]}])",
      "[]", true);
  std::string answers, inputs;
  for (const Segment& segment : chat.segments) {
    if (IsAnswer(segment.kind)) answers += segment.text;
    if (segment.kind == SegmentKind::kInput) inputs += segment.text + "|";
  }
  EXPECT_EQ(answers, "<tool_call>\n{\"name\": \"f\", \"arguments\": {}}\n</tool_call><|im_end|>");
  EXPECT_EQ(inputs, "user|<|im_end|>|");
}

TEST(ChatTemplate, WhatTheServerRefusesIsRefused) {
  EXPECT_EQ(ErrorOf(R"([{"role":"user"}])").where, "messages[0]");
  EXPECT_THAT(ErrorOf(R"([{"content":"x"}])").message, HasSubstr("no role"));
  EXPECT_THAT(ErrorOf(R"([{"role":"user","content":5}])").message, HasSubstr("neither text nor"));
  EXPECT_THAT(ErrorOf(R"([{"role":"user","content":[{"type":"image_url"}]}])").message,
              HasSubstr("is no text"));
  const Error error = ErrorOf(
      R"([{"role":"user","content":""},{"role":"assistant","tool_calls":[{"type":"function",
          "function":{"name":"f","arguments":"{nope"}}]}])");
  EXPECT_EQ(error.where, "messages[1].tool_calls[0]");
  EXPECT_THAT(error.message, HasSubstr("arguments are no JSON"));
  for (const char* tools :
       {"[1]", R"([{"type":"function"}])", R"([{"type":"x","function":{"name":"f"}}])",
        R"([{"type":"function","function":{"name":"f","description":null}}])"}) {
    EXPECT_EQ(ErrorOf("[]", tools).where, "tools[0]");
  }
}

}  // namespace
}  // namespace understudy
