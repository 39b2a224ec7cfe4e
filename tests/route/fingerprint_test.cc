#include "route/fingerprint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "route/request_fixture.h"

namespace understudy {
namespace {

uint64_t FingerprintOf(const ChatRequest& request) {
  Prompt prompt;
  ReadPrompt(request, prompt);
  return prompt.Fingerprint();
}
uint64_t OfSystem(const std::string& system) {
  return FingerprintOf(Ask(system, "hello"));
}
Frame FrameOf(const std::string& system) {
  Prompt prompt;
  ReadPrompt(Ask(system, "hello"), prompt);
  return Frame::Of(prompt);
}
size_t Match(const Frame& frame, const ChatRequest& request) {
  Prompt prompt;
  ReadPrompt(request, prompt);
  return frame.Match(prompt);
}

TEST(Fingerprint, MasksWhatVariesBetweenCalls) {
  const uint64_t one = OfSystem(R"(Today is Monday, 3 March 2026. Order 1234 of "Anna Miller".)");
  EXPECT_EQ(one, OfSystem(R"(Today is Friday, 17 October 2025. Order 99 of "Bo".)"));
  EXPECT_EQ(one, OfSystem(R"(Today is 2026-01-02. Order a7f3-99c1 of "Cleo Ray"!)"));
  EXPECT_NE(one, OfSystem(R"(Today is Monday, 3 March 2026. Offer 1234 of "Anna Miller".)"));
}

TEST(Fingerprint, KeepsWhatAnAuthorWrites) {
  EXPECT_NE(OfSystem("Label the mail."), OfSystem("Sort the mail."));
  EXPECT_EQ(OfSystem("Label  the mail"), OfSystem("label the MAIL!"));
  EXPECT_EQ(OfSystem("In Room_12"), OfSystem("In Room_7"));
  EXPECT_NE(OfSystem("In Room_12"), OfSystem("In Hall_12"));
  // Keys of JSON are the author's, though they are quoted.
  EXPECT_NE(OfSystem(R"({"name": ...})"), OfSystem(R"({"title": ...})"));
}

TEST(Fingerprint, DoesNotLookAtWhatIsAsked) {
  EXPECT_EQ(FingerprintOf(Ask("Label the mail.", "a")), FingerprintOf(Ask("Label the mail.", "b")));
}

TEST(Fingerprint, ToolsCountInAnyOrder) {
  const Tool find{"find", R"({"type":"object","properties":{"city":{},"day":{"type":"string"}}})"};
  const Tool same{"find", R"({"properties":{"day":{},"city":{}},"type":"object"})"};
  const Tool book{"book", R"({"properties":{"name":{}}})"};
  const Tool other{"find", R"({"properties":{"town":{}}})"};
  const uint64_t both = FingerprintOf(Ask("s", "u", {find, book}));
  EXPECT_EQ(both, FingerprintOf(Ask("s", "u", {book, same})));
  EXPECT_NE(both, FingerprintOf(Ask("s", "u", {find})));
  EXPECT_NE(both, FingerprintOf(Ask("s", "u", {other, book})));
}

TEST(Fingerprint, TakesSchemasThatAreNone) {
  for (const char* schema : {"", "{", "[]", "7", R"({"properties":[]})", R"({"properties":{)"}) {
    EXPECT_NE(FingerprintOf(Ask("s", "u", {{"find", schema}})), FingerprintOf(Ask("s", "u")));
  }
}

TEST(Fingerprint, TellsTheShapesOfAnswersApart) {
  ChatRequest plain = Ask("s", "u"), json = plain, schema = plain, after_tool = plain;
  json.response_format = ResponseFormat::kJsonObject;
  schema.response_format = ResponseFormat::kJsonSchema;
  schema.response_schema = R"({"properties":{"city":{}}})";
  after_tool.messages.push_back({.role = Role::kTool, .text = "[]"});
  const std::vector<uint64_t> all{FingerprintOf(plain), FingerprintOf(json), FingerprintOf(schema),
                                  FingerprintOf(after_tool)};
  for (size_t i = 0; i < all.size(); ++i) {
    for (size_t j = 0; j < i; ++j) EXPECT_NE(all[i], all[j]);
  }
}

TEST(Fingerprint, ReadsOnlyPartsOfAHugePrompt) {
  std::string huge(size_t{4} << 20, 'x');
  for (size_t i = 0; i < huge.size(); i += 7) huge[i] = ' ';
  Prompt prompt;
  ReadPrompt(Ask(huge, "u"), prompt);
  EXPECT_LE(prompt.words.size(), kMaxSystemBytes / 6);
}

TEST(Fingerprint, BytesHashFollowsEveryPart) {
  const ChatRequest one = Ask("s", "u", {{"find", "{}"}});
  EXPECT_EQ(PromptBytesHash(one), PromptBytesHash(Ask("s", "other", {{"find", "{}"}})));
  EXPECT_NE(PromptBytesHash(one), PromptBytesHash(Ask("t", "u", {{"find", "{}"}})));
  EXPECT_NE(PromptBytesHash(one), PromptBytesHash(Ask("s", "u", {{"find", "{ }"}})));
}

constexpr char kLong[] =
    "You are the desk of {}. Answer in one short sentence, never promise anything, and always "
    "name the number of the case that you speak of.";

std::string Desk(std::string_view name) {
  std::string text = kLong;
  return text.replace(text.find("{}"), 2, name);
}

TEST(Frame, KnowsALongPromptWithOtherWordsInIt) {
  const Frame frame = FrameOf(Desk("Contoso"));
  ASSERT_TRUE(frame.is_long());
  EXPECT_GT(Match(frame, Ask(Desk("Fabrikam"), "u")), Frame::kShingles);
  EXPECT_EQ(Match(frame, Ask("You are the desk of Contoso. Write a long poem.", "u")), 0u);
  EXPECT_EQ(Match(frame, Ask(Desk("Contoso"), "u", {{"find", "{}"}})), 0u) << "another shape";
}

TEST(Frame, KnowsAShortPromptByAllItsWords) {
  const Frame frame = FrameOf("Label the mail 7.");
  EXPECT_GT(Match(frame, Ask("Label the mail 8.", "u")), 0u);
  EXPECT_EQ(Match(frame, Ask("Label the mail now 8.", "u")), 0u);
  EXPECT_GT(Match(FrameOf(""), Ask("", "u")), 0u);
}

TEST(Frame, VariableWordsAreThoseThatTheFrameLacks) {
  Prompt contoso, fabrikam;
  ReadPrompt(Ask(Desk("Contoso"), "u"), contoso);
  ReadPrompt(Ask(Desk("Fabrikam"), "u"), fabrikam);
  Frame frame = Frame::Of(contoso);
  std::erase_if(frame.shingles, [&](uint32_t shingle) {
    return !std::ranges::binary_search(fabrikam.shingles, shingle);
  });
  std::vector<uint32_t> words;
  VariableWords(fabrikam, frame, words);
  EXPECT_THAT(words, testing::ElementsAre(SkeletonWordHash("fabrikam")));
  VariableWords(fabrikam, Frame::Of(fabrikam), words);
  EXPECT_THAT(words, testing::IsEmpty());
}

TEST(Frame, CountsCommonMembers) {
  EXPECT_EQ(CountCommon(std::vector<uint32_t>{1, 3, 5, 9}, std::vector<uint32_t>{2, 3, 9, 11}), 2u);
  EXPECT_EQ(CountCommon({}, std::vector<uint32_t>{2}), 0u);
}

}  // namespace
}  // namespace understudy
