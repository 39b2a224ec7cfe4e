#include "reason/signals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace understudy {
namespace {

ChatRequest Request(std::string_view user, std::string_view more = "") {
  return ParseChatRequest(fmt::format(R"({{"messages":[{{"role":"user","content":{}}}]{}}})",
                                      JsonString(user), more))
      .value();
}

ChatAnswer Calls(std::string_view arguments) {
  ToolCall call;
  call.name = "f";
  call.arguments = arguments;
  ChatAnswer answer;
  answer.choices.emplace_back().tool_calls.push_back(std::move(call));
  return answer;
}

ChatAnswer Says(std::string_view content) {
  ChatAnswer answer;
  answer.choices.emplace_back().content = content;
  return answer;
}

float Grounded(std::string_view user, std::string_view arguments) {
  return SignalsOf(Request(user), Calls(arguments)).grounded;
}

TEST(Signals, AreReadFromTheTokens) {
  ChatAnswer answer = Says("x");
  answer.choices[0].token_logprobs = {-0.5F, -2, -0.5F};
  answer.choices[0].token_margins = {4, 0.25F};
  Choice second;
  second.token_logprobs = {-1};
  second.token_margins = {2};
  answer.choices.push_back(std::move(second));
  const Signals signals = SignalsOf(Request("hi"), answer);
  EXPECT_EQ(signals.min_logprob, -2);
  EXPECT_EQ(signals.mean_logprob, -1);
  EXPECT_EQ(signals.low_margin, 0.25F);
  EXPECT_EQ(signals.answer_tokens, 4);
  answer.usage = {.completion_tokens = 9, .known = true};
  EXPECT_EQ(SignalsOf(Request("hi"), answer).answer_tokens, 9);
}

TEST(Signals, AreUnknownWithoutProbabilities) {
  const Signals signals = SignalsOf(Request("hi"), Says("yes"));
  EXPECT_TRUE(std::isnan(signals.min_logprob));
  EXPECT_TRUE(std::isnan(signals.mean_logprob));
  EXPECT_TRUE(std::isnan(signals.low_margin));
  EXPECT_EQ(signals.grounded, 1);
  EXPECT_EQ(signals.answer_tokens, 0);
  EXPECT_EQ(SignalsOf(Request("hi"), {}).grounded, 1) << "no choice at all";
}

TEST(Signals, MarginsComeFromAnswersAndChunksAlike) {
  constexpr std::string_view logprobs =
      R"("logprobs":{"content":[{"token":"a","logprob":-0.25,"top_logprobs":[)"
      R"({"token":"b","logprob":-3},{"token":"a","logprob":-0.25},{"token":"c","logprob":null}]},)"
      R"({"token":"d","logprob":-1,"top_logprobs":[{"token":"d","logprob":-1}]},)"
      R"({"token":"e","logprob":-1,"top_logprobs":null},{"token":"f","logprob":-2}]})";
  const auto whole = ParseChatAnswer(
      fmt::format(R"({{"choices":[{{"message":{{"content":"ad"}},{}}}]}})", logprobs));
  ASSERT_TRUE(whole) << whole.error().ToString();
  EXPECT_THAT(whole->choices[0].token_margins, testing::ElementsAre(2.75F));
  EXPECT_EQ(whole->choices[0].token_logprobs.size(), 4u);
  const auto chunk =
      ParseChatChunk(fmt::format(R"({{"choices":[{{"delta":{{"content":"ad"}},{}}}]}})", logprobs));
  ASSERT_TRUE(chunk);
  AnswerBuilder builder;
  builder.Add(*chunk);
  builder.Add(*chunk);
  EXPECT_THAT(std::move(builder).Build(0).choices[0].token_margins,
              testing::ElementsAre(2.75F, 2.75F));
}

TEST(Signals, ValuesThatOccurInTheRequestAreGrounded) {
  EXPECT_EQ(Grounded("a table at Zum Löwen in san francisco for 2",
                     R"({"name":"ZUM LÖWEN","city":"San  Francisco","seats":2,"when":"noon"})"),
            0.75F);
  EXPECT_EQ(Grounded("x", R"({"a":"y","b":{"c":["z",{"d":3}]}})"), 0);
  EXPECT_EQ(Grounded("x", R"({"a":true,"b":null,"c":""})"), 1) << "nothing to look for";
  EXPECT_EQ(Grounded("x", R"({"a":)"), 1) << "broken arguments are the verdict's business";
}

TEST(Signals, DigitsInOtherSpellingAreNotGrounded) {
  EXPECT_EQ(Grounded("for two people", R"({"n":2})"), 0);
  EXPECT_EQ(Grounded("March 8th", R"({"d":"2019-03-08"})"), 0);
  EXPECT_EQ(Grounded("for 2 people", R"({"n":"2"})"), 1);
  EXPECT_EQ(Grounded("costs 5", R"({"n":5.0})"), 1);
  EXPECT_EQ(Grounded("costs 12.50", R"({"n":"12.50"})"), 1);
}

TEST(Signals, OnlyWholeWordsAndNumbersCount) {
  EXPECT_EQ(Grounded("in 2024", R"({"n":2})"), 0);
  EXPECT_EQ(Grounded("costs 2.5 or 1,200", R"({"a":2,"b":5,"c":200,"d":1})"), 0);
  EXPECT_EQ(Grounded("at 2. Then at 5, or 7", R"({"a":2,"b":5,"c":7})"), 1);
  EXPECT_EQ(Grounded("Bremen or men", R"({"a":"men"})"), 1) << "the second place";
  EXPECT_EQ(Grounded("Bremen", R"({"a":"men"})"), 0);
  EXPECT_EQ(Grounded("größe", R"({"a":"e"})"), 0) << "bytes beyond ASCII are letters";
}

TEST(Signals, EarlierCallsResultsAndOfferedChoicesAreTheRequestsToo) {
  const auto request =
      ParseChatRequest(R"({"messages":[{"role":"system","content":"Today is Friday."},)"
                       R"({"role":"assistant","content":null,"tool_calls":[{"id":"1","type":)"
                       R"("function","function":{"name":"f","arguments":"{\"id\":\"r7\"}"}}]},)"
                       R"({"role":"tool","tool_call_id":"1","content":"{\"place\":\"Oslo\"}"}],)"
                       R"("tools":[{"type":"function","function":{"name":"f","parameters":)"
                       R"({"properties":{"unit":{"enum":["Celsius"]}}}}}]})")
          .value();
  EXPECT_EQ(
      SignalsOf(request, Calls(R"({"a":"Friday","b":"R7","c":"oslo","d":"celsius"})")).grounded, 1);
}

TEST(Signals, JsonContentIsLookedAtAndPlainTextIsNot) {
  EXPECT_EQ(SignalsOf(Request("Ann, 30"), Says("\n {\"name\":\"Ann\",\"age\":31}")).grounded, 0.5F);
  EXPECT_EQ(SignalsOf(Request("Ann"), Says(R"(["Ann","Bob"])")).grounded, 0.5F);
  EXPECT_EQ(SignalsOf(Request("Ann"), Says("Bob")).grounded, 1);
  EXPECT_EQ(SignalsOf(Request("Ann"), Says("{Bob")).grounded, 1);
}

TEST(Signals, HostileTextsEndSoon) {
  const std::string many(300'000, 'a');
  EXPECT_EQ(Grounded(many, R"({"x":")" + std::string(10'000, 'a') + "\"}"), 0);
  std::string values = "[0";
  for (int i = 0; i < 50'000; ++i) values += ",7";
  EXPECT_EQ(SignalsOf(Request(many), Says(values + "]")).grounded, 0);
}

TEST(Signals, AreWrittenAndReadBack) {
  const Signals signals{-2.5F, -0.5F, 0.125F, 0.75F, 12};
  EXPECT_EQ(ToJson(signals), ToJson(SignalsFromJson(ToJson(signals))));
  const json::object unknown = ToJson(SignalsOf(Request("hi"), Says("x")));
  EXPECT_TRUE(unknown.at("low_margin").is_null());
  EXPECT_TRUE(std::isnan(SignalsFromJson(unknown).low_margin));
  EXPECT_TRUE(std::isnan(SignalsFromJson(nullptr).grounded));
}

}  // namespace
}  // namespace understudy
