#include "chat/tool_envelope.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

std::vector<Tool> Offered() {
  return {{.name = "f", .parameters = ""}, {.name = "g", .parameters = ""}};
}

struct Split {
  std::string text;
  std::vector<ToolCall> calls;
};

Split SplitWhole(const std::vector<Tool>& tools, std::string_view content) {
  ToolEnvelope envelope(tools);
  Split split;
  split.text = envelope.Take(content, split.calls);
  split.text += envelope.End(split.calls);
  return split;
}

TEST(ToolEnvelope, ReadsEveryFormat) {
  const auto tools = Offered();
  for (const char* content : {R"(<tool_call>{"name":"f","arguments":{"a":1}}</tool_call>)",
                              R"(<function_call>{"name":"f","parameters":{"a":1}}</function_call>)",
                              R"([TOOL_CALLS][{"name":"f","arguments":{"a":1}}])",
                              R"(<|python_tag|>{"name":"f","parameters":{"a":1}})",
                              R"(<tool_call>{"name":"f","arguments":"{\"a\":1}"}</tool_call>)",
                              R"(<tool_call>{"name":"f","arguments":{"a":1}})"}) {
    const Split split = SplitWhole(tools, content);
    EXPECT_EQ(split.text, "") << content;
    ASSERT_EQ(split.calls.size(), 1u) << content;
    EXPECT_EQ(split.calls[0].name, "f");
    EXPECT_EQ(split.calls[0].arguments, R"({"a":1})");
    EXPECT_EQ(split.calls[0].index, kNoIndex);
  }
}

TEST(ToolEnvelope, SeveralInARow) {
  const auto tools = Offered();
  const Split split = SplitWhole(
      tools, R"(a<tool_call>{"name":"f"}</tool_call>b<tool_call>{"name":"g"}</tool_call>c)");
  EXPECT_EQ(split.text, "abc");
  ASSERT_EQ(split.calls.size(), 2u);
  EXPECT_EQ(split.calls[1].name, "g");
  EXPECT_EQ(split.calls[1].arguments, "{}");
}

TEST(ToolEnvelope, WhatCallsNothingOnOfferIsText) {
  const auto tools = Offered();
  for (const char* content :
       {R"(<tool_call>{"name":"h"}</tool_call>)", "<tool_call>or so</tool_call>", "<tool_calls>",
        R"(<tool_call>{"name":"f","arguments":[1]}</tool_call>)", "<tool_call></tool_call>"}) {
    const Split split = SplitWhole(tools, content);
    EXPECT_EQ(split.text, content);
    EXPECT_TRUE(split.calls.empty());
  }
}

TEST(ToolEnvelope, TheSameWhereverItIsCut) {
  const auto tools = Offered();
  const std::string content =
      R"(x < y <tool_call>{"name":"f"}</tool_call> [1] <function_call>{"name":"no"}</function_call>)";
  const Split whole = SplitWhole(tools, content);
  ToolEnvelope envelope(tools);
  Split bytewise;
  for (const char c : content) bytewise.text += envelope.Take({&c, 1}, bytewise.calls);
  bytewise.text += envelope.End(bytewise.calls);
  EXPECT_EQ(bytewise.text, whole.text);
  EXPECT_EQ(bytewise.calls.size(), whole.calls.size());
  EXPECT_EQ(whole.calls.size(), 1u);
}

TEST(ToolEnvelope, AHugeUnclosedOneTakesLinearTime) {
  const auto tools = Offered();
  ToolEnvelope envelope(tools);
  std::vector<ToolCall> calls;
  std::string text = envelope.Take("<tool_call>", calls);
  const std::string piece(64, '<');
  for (int i = 0; i < 20'000; ++i) text += envelope.Take(piece, calls);
  EXPECT_EQ(text, "");
  EXPECT_EQ(envelope.End(calls), "");
  EXPECT_TRUE(calls.empty());
}

}  // namespace
}  // namespace understudy
