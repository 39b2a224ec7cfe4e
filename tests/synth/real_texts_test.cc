#include "synth/real_texts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/data_files.h"

namespace understudy {
namespace {

using ::testing::HasSubstr;

constexpr size_t kRoom = 2000;

std::string_view Content(const SyntheticExample& example, size_t i) {
  return StringOr(example.messages.at(i), "content");
}

TEST(ParseGsm8k, DropsTheNotesAndNamesTheResult) {
  const auto texts =
      ParseGsm8k(R"({"question": "Two pens at 3?", "answer": "2*3 = $<<2*3=6>>6.\n#### 6"})"
                 "\n\n",
                 "g.jsonl", kRoom);
  ASSERT_TRUE(texts) << texts.error().ToString();
  ASSERT_EQ(texts->examples.size(), 1);
  EXPECT_EQ(texts->rows, 1);
  EXPECT_EQ(texts->examples[0].family, "gsm8k");
  EXPECT_EQ(Content(texts->examples[0], 1), "Two pens at 3?");
  EXPECT_EQ(Content(texts->examples[0], 2), "2*3 = $6.\nAnswer: 6");
}

TEST(ParseGsm8k, BadRowsNameTheirLine) {
  const std::string good = R"({"question": "q", "answer": "a\n#### 1"})";
  for (const std::string_view bad : {"{", "[]", "{}", R"({"question": 1, "answer": "#### 2"})",
                                     R"({"question": "q", "answer": "a"})"}) {
    const auto texts = ParseGsm8k(good + "\n" + std::string(bad), "g.jsonl", kRoom);
    ASSERT_FALSE(texts) << bad;
    EXPECT_THAT(texts.error().ToString(), HasSubstr("g.jsonl:2"));
  }
}

TEST(ParseToolformer, InstructionsAreTheSystemTextUnlessTheyStandAlone) {
  const auto texts =
      ParseToolformer(R"x({"instruction": "Use f(x).", "input": "3", "response": "f(3)"})x"
                      "\n"
                      R"({"instruction": "Say hi.", "input": "", "response": "hi"})"
                      "\n"
                      R"({"instruction": "Say hi.", "input": "", "response": ""})",
                      "t.jsonl", kRoom);
  ASSERT_TRUE(texts) << texts.error().ToString();
  ASSERT_EQ(texts->examples.size(), 2);
  EXPECT_EQ(texts->empty, 1);
  EXPECT_EQ(texts->examples[0].messages.size(), 3);
  EXPECT_EQ(Content(texts->examples[0], 2), "f(3)");
  EXPECT_EQ(texts->examples[1].messages.size(), 2);
}

TEST(ParseMetagpt, SkipsWhatIsLongOrInAnotherScript) {
  const auto row = [](std::string_view question) {
    return fmt::format(R"({{"request": {{"messages": [{{"role": "user", "content": "{}"}}]}}, )"
                       R"("response": {{"choices": [{{"message": {{"content": "done"}}}}]}}}})",
                       question);
  };
  const std::string text =
      row("Write it.") + "\n" + row("写一个") + "\n" + row(std::string(3000, 'a'));
  const auto texts = ParseMetagpt(text, "m.jsonl", kRoom);
  ASSERT_TRUE(texts) << texts.error().ToString();
  EXPECT_EQ(texts->rows, 3);
  EXPECT_EQ(texts->examples.size(), 1);
  EXPECT_EQ(texts->not_english, 1);
  EXPECT_EQ(texts->too_long, 1);
}

TEST(ParseMetagpt, BadRowsAreErrors) {
  for (
      const std::string_view bad :
      {R"({"request": {}})",
       R"({"request": {"messages": [1]}, "response": {"choices": [{"message": {"content": "x"}}]}})"}) {
    const auto texts = ParseMetagpt(bad, "m.jsonl", kRoom);
    ASSERT_FALSE(texts) << bad;
    EXPECT_THAT(texts.error().ToString(), HasSubstr("m.jsonl:1"));
  }
}

TEST(ReadRealTexts, AnAbsentFolderIsNoError) {
  const auto all = ReadRealTexts("/nowhere/at/all", kRoom);
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 3);
  for (const RealTexts& texts : *all) EXPECT_FALSE(texts.found);
}

TEST(ReadRealTexts, ReadsThePublicFiles) {
  const auto file = DataFile("maths/gsm8k_train.jsonl");
  if (!file) GTEST_SKIP() << MissingData("maths/gsm8k_train.jsonl");
  const auto all = ReadRealTexts(file->parent_path().parent_path(), kRoom);
  ASSERT_TRUE(all) << all.error().ToString();
  for (const RealTexts& texts : *all) {
    if (!texts.found) continue;
    EXPECT_EQ(texts.rows, texts.examples.size() + texts.too_long + texts.not_english + texts.empty);
    EXPECT_GT(texts.examples.size(), texts.name == "metagpt" ? 20 : 4000) << texts.name;
    RecordProperty(texts.name, static_cast<int>(texts.examples.size()));
  }
}

}  // namespace
}  // namespace understudy
