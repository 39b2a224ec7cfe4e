#include "flywheel/evaluate/judge.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "flywheel/evaluate_fixture.h"

namespace understudy {
namespace {

using testing::ElementsAre;

json::value Message(const std::string& members) {
  return ParseJson(R"({"role":"assistant",)" + members + "}").value();
}

EvalExample Example(const std::string& reference, json::value hints = nullptr) {
  EvalExample example;
  example.reference = Message(reference);
  example.hints = std::move(hints);
  example.kind = KindOf(example.reference, example.hints);
  return example;
}

Judgement Compare(const std::string& reference, const std::string& candidate,
                  const JudgeOptions& options = {}) {
  return Judge(Example(reference), Message(candidate), options);
}

Difference Of(DifferenceKind kind, const char* tool, const char* argument) {
  return {kind, tool, argument};
}

TEST(Judge, CallsAreTrees) {
  const std::string reference = Calls("book", R"({"n":2,"who":{"name":"Ann","age":3},"on":[1,2]})");
  EXPECT_TRUE(
      Compare(reference, Calls("book", R"({"on":[1,2],"who":{"age":3.0,"name":"Ann"},"n":2})"))
          .right);
  EXPECT_THAT(
      Compare(reference, Calls("book", R"({"n":3,"who":{"name":"Bob"},"on":[1,5,6],"x":1})"))
          .differences,
      ElementsAre(
          Of(DifferenceKind::kValue, "book", "n"), Of(DifferenceKind::kValue, "book", "who.name"),
          Of(DifferenceKind::kMissing, "book", "who.age"), Of(DifferenceKind::kValue, "book", "on"),
          Of(DifferenceKind::kExtra, "book", "on"), Of(DifferenceKind::kExtra, "book", "x")));
}

TEST(Judge, WrongMissingAndExtraCallsAreTold) {
  const std::string book = Calls("book", "{}");
  EXPECT_THAT(Compare(book, Calls("find", "{}")).differences,
              ElementsAre(Of(DifferenceKind::kOtherTool, "book", "find")));
  EXPECT_THAT(Compare(book, Says("Sure!")).differences,
              ElementsAre(Of(DifferenceKind::kMissingCall, "book", "")));
  EXPECT_THAT(Compare(book, Calls("book", "{")).differences,
              ElementsAre(Of(DifferenceKind::kNotJson, "book", "")));
  EXPECT_THAT(Compare(Says("yes"), book).differences,
              ElementsAre(Of(DifferenceKind::kExtraCall, "", "book")));
}

TEST(Judge, JsonIsATreeToo) {
  const auto found = Compare(Says(R"({"a":1,"b":2})"), Says(R"({"a":1,"b":3})"));
  EXPECT_FALSE(found.right);
  EXPECT_THAT(found.differences, ElementsAre(Of(DifferenceKind::kValue, "", "b")));
  EXPECT_THAT(Compare(Says(R"({"a":1})"), Says("one")).differences,
              ElementsAre(Of(DifferenceKind::kNotJson, "", "")));
  EXPECT_TRUE(Compare(Says(R"({"a":1,"b":2})"), Says(R"({ "b":2.0,"a":1 })")).right);
}

TEST(Judge, LabelsAndNumbersAreCompared) {
  EXPECT_TRUE(Compare(Says("billing"), Says(" billing\n")).right);
  EXPECT_THAT(Compare(Says("billing"), Says("refund")).differences,
              ElementsAre(Of(DifferenceKind::kContent, "", "")));
  EXPECT_TRUE(Compare(Says("1,200"), Says("1200.0")).right);
  EXPECT_FALSE(Compare(Says("1,200"), Says("1201")).right);
}

TEST(Judge, TextIsRightByItsWordsOrByAStatedOverlap) {
  const std::string reference = Says("Your table for two is booked, see you at seven.");
  const std::string near = Says("Your table for two is booked. See you at eight!");
  EXPECT_FALSE(Compare(reference, near).right);
  EXPECT_TRUE(Compare(reference, near, {0.8}).right);
  EXPECT_FALSE(Compare(reference, near, {0.95}).right);
  EXPECT_FALSE(Compare(Says("billing"), Says("Billing"), {0.5}).right) << "labels are no text";
}

TEST(Judge, ARefusalIsRightInAnyWords) {
  EvalExample example = Example(Says("I'm sorry, but I can't help with that."));
  example.refusal = true;
  EXPECT_TRUE(Judge(example, Message(Says("I cannot assist with this request.")), {}).right);
  EXPECT_TRUE(Judge(example, Message(R"("content":null,"refusal":"No.")"), {}).right);
  EXPECT_FALSE(Judge(example, Message(Says("Here is how.")), {}).right);
  EXPECT_FALSE(Judge(example, Message(Calls("book", "{}")), {}).right);
}

TEST(Judge, OverlapIsTheF1OfWords) {
  EXPECT_EQ(TokenF1("a b c d", "A, b! x y"), 0.5);
  EXPECT_EQ(TokenF1("a a b", "a b b"), 2.0 * 2 / 6);
  EXPECT_EQ(TokenF1("", " ."), 1);
  EXPECT_EQ(TokenF1("a", ""), 0);
}

TEST(Judge, NamesAreReadBack) {
  for (size_t i = 0; i < kDifferenceKindCount; ++i) {
    const auto kind = static_cast<DifferenceKind>(i);
    EXPECT_EQ(ParseDifferenceKind(Name(kind)), kind);
  }
  EXPECT_EQ(ParseDifferenceKind("no"), std::nullopt);
}

}  // namespace
}  // namespace understudy
