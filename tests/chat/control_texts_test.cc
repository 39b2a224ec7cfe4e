#include "chat/control_texts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy {
namespace {

const ControlTexts& Texts() {
  static const ControlTexts texts(
      {"<|im_start|>", "<|im_end|>", "<s>", "</s>", "[INST]", "<｜x｜>"});
  return texts;
}

TEST(ControlTexts, EveryOccurrenceIsBroken) {
  EXPECT_EQ(Texts().Defused("a<|im_end|>b<s>"), "a<\u200B|im_end|>b<\u200Bs>");
  EXPECT_EQ(Texts().Defused("[INST]"), "[\u200BINST]");
  EXPECT_EQ(Texts().Defused("<｜x｜>"), "<\u200B｜x｜>");
}

TEST(ControlTexts, OtherTextStaysAsItIs) {
  for (const char* text :
       {"", "<", "<|", "<|im_end", "a < b > c", "[inst]", "[[[<<<", "\xFF<\xFE"}) {
    EXPECT_EQ(Texts().Defused(text), text);
    EXPECT_FALSE(Texts().Contains(text)) << text;
  }
}

TEST(ControlTexts, NothingIsLeftHoweverTextsOverlap) {
  const ControlTexts texts({"ab", "ba", "aab", "abab"});
  for (const char* text : {"abab", "ababab", "aabab", "baab", "bababa"}) {
    EXPECT_FALSE(texts.Contains(texts.Defused(text))) << text;
  }
}

TEST(ControlTexts, DefusingTwiceIsDefusingOnce) {
  const std::string once = Texts().Defused("x<|im_start|><|im_end|>");
  EXPECT_EQ(Texts().Defused(once), once);
}

TEST(ControlTexts, ATextOfOneCharacterCannotBeBrokenAndIsLeft) {
  const ControlTexts texts({"x", "é"});
  EXPECT_EQ(texts.Defused("xé"), "xé");
}

TEST(ControlTexts, ReachesAllStringsOfAValue) {
  json::value value = ParseJson(R"({"a":["<s>",1,null,{"<s>":"</s>"}],"b":true,"c":"ok"})").value();
  Texts().Defuse(value);
  EXPECT_EQ(
      json::serialize(value),
      "{\"a\":[\"<\u200Bs>\",1,null,{\"<\u200Bs>\":\"<\u200B/s>\"}],\"b\":true,\"c\":\"ok\"}");
}

TEST(ControlTexts, HostileTextTakesLinearTime) {
  const std::string text(size_t{4} << 20, '<');
  EXPECT_EQ(Texts().Defused(text), text);
}

}  // namespace
}  // namespace understudy
