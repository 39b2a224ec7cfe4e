#include "dataset/score.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dataset/chat_fixture.h"

namespace understudy::testing {
namespace {

json::value Text(std::string_view text) {
  return json::object{{"role", "assistant"}, {"content", text}};
}
json::value Call(std::string_view name, std::string_view arguments) {
  return ParseJson(Called("id", name, arguments)).value();
}
bool Same(std::string_view reference, std::string_view candidate) {
  return ExactMatch(Text(reference), Text(candidate));
}

TEST(Score, KnowsWhatAnAnswerIs) {
  EXPECT_EQ(KindOf(Call("find", "{}"), nullptr), TargetKind::kToolCall);
  EXPECT_EQ(KindOf(Text(R"({"a":1})"), nullptr), TargetKind::kJson);
  EXPECT_EQ(KindOf(Text("[1]"), nullptr), TargetKind::kJson);
  EXPECT_EQ(KindOf(Text("ReserveRestaurant"), nullptr), TargetKind::kLabel);
  EXPECT_EQ(KindOf(Text("out of scope"), nullptr), TargetKind::kLabel);
  EXPECT_EQ(KindOf(Text(" -1,234.50 "), nullptr), TargetKind::kNumber);
  EXPECT_EQ(KindOf(Text("It is at 71 Saint Peter."), nullptr), TargetKind::kText);
  EXPECT_EQ(KindOf(Text("nan"), nullptr), TargetKind::kLabel);
  const json::value asks = json::object{{"response_format", json::object{{"type", "json_object"}}}};
  EXPECT_EQ(KindOf(Text("NONE"), asks), TargetKind::kJson);
}

TEST(Score, ToolCallsAsTrees) {
  const json::value reference = Call("find", R"({"a": 1, "b": {"c": [1, 2]}})");
  EXPECT_TRUE(ExactMatch(reference, Call("find", R"({"b":{"c":[1.0,2]},"a":1.0})")));
  EXPECT_FALSE(ExactMatch(reference, Call("find", R"({"b":{"c":[2,1]},"a":1})")));
  EXPECT_FALSE(ExactMatch(reference, Call("lose", R"({"a":1,"b":{"c":[1,2]}})")));
  EXPECT_FALSE(ExactMatch(reference, Call("find", R"({"a":1})")));
  EXPECT_FALSE(ExactMatch(reference, Call("find", R"({"a":"1","b":{"c":[1,2]}})")));
  EXPECT_FALSE(ExactMatch(reference, Call("find", R"({"a":)")));
  EXPECT_FALSE(ExactMatch(reference, Text("find")));
  EXPECT_FALSE(ExactMatch(Text("find"), reference));
}

TEST(Score, ContentByItsKind) {
  EXPECT_TRUE(Same(R"({"a":1,"b":2})", " {\"b\": 2.0, \"a\": 1}\n"));
  EXPECT_FALSE(Same(R"({"a":1})", R"({"a":2})"));
  EXPECT_FALSE(Same(R"({"a":1})", "```json\n{\"a\":1}\n```"));
  EXPECT_TRUE(Same("NONE", " NONE\n"));
  EXPECT_FALSE(Same("NONE", "none"));
  EXPECT_FALSE(Same("a b", "a  b"));  // a label, not text
  EXPECT_TRUE(Same("1200", "1,200.0"));
  EXPECT_FALSE(Same("1200", "1,20"));
  EXPECT_FALSE(Same("1200", "1201"));
  EXPECT_FALSE(Same("1200", ""));
  EXPECT_TRUE(Same("It  is\nthere.", " It is there. "));
  EXPECT_FALSE(Same("It is there.", "It is here."));
}

TEST(Score, SumsUp) {
  Scorecard card;
  card.Add(TargetKind::kToolCall, true);
  card.Add(TargetKind::kToolCall, false);
  card.Add(TargetKind::kLabel, true);
  EXPECT_EQ(ToText(card), "exact match 2 of 3 (66.7 %): tool_call 1/2, label 1/1");
  EXPECT_EQ(ToJson(card).at("kinds").at("tool_call").at("right"), 1);
  EXPECT_EQ(ToText(Scorecard{}), "nothing was scored");
}

}  // namespace
}  // namespace understudy::testing
