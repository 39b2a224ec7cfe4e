#include "simulate/reference.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "simulate/office_agent.h"

namespace understudy {
namespace {

using testing::HasSubstr;

ChatRequest Request(const json::array& messages) {
  auto request =
      ParseChatRequest(json::serialize(json::object{{"model", "m"}, {"messages", messages}}));
  EXPECT_TRUE(request);
  return *std::move(request);
}

json::object Say(std::string_view role, std::string_view text) {
  return {{"role", role}, {"content", text}};
}

std::string Reply(const json::array& messages) {
  return ReferenceReply(Request(messages)).text;
}

TEST(Reference, ReadsARequestByItsWords) {
  const auto reply = ReferenceReply(
      Request({Say("system", FindDesk("reminders")->system),
               Say("user", "Please remind me to call Vera Thornwick in 45 minutes.")}));
  EXPECT_EQ(reply.tool, "nudge_later");
  EXPECT_EQ(reply.arguments, R"({"text": "call Vera Thornwick", "moment": "in 45 minutes"})");
}

TEST(Reference, TakesTheFirstThingThatAToolFound) {
  const json::array messages{
      Say("system", FindDesk("meetings")->system),
      Say("user", "Look for a gap on Friday to see Ada Byron about the lease review."),
      AssistantMessage({{}, "calendar_gaps", "{}"}, "c1"),
      json::object{
          {"role", "tool"}, {"tool_call_id", "c1"}, {"content", R"({"time": ["10:15", "3 pm"]})"}}};
  EXPECT_EQ(
      ReferenceReply(Request(messages)).arguments,
      R"({"subject": "lease review", "with": "Ada Byron", "day": "Friday", "time": "10:15"})");
}

TEST(Reference, IsPoliteToWhatItDoesNotKnow) {
  const std::string system(FindDesk("meetings")->system);
  const auto polite = HasSubstr("simulated reference");
  EXPECT_THAT(Reply({Say("user", "Hello!")}), polite);
  EXPECT_THAT(Reply({Say("system", "Other prompt"), Say("user", "Hello!")}), polite);
  EXPECT_THAT(Reply({Say("system", system), Say("user", "Hello!")}), polite);
  EXPECT_THAT(Reply({Say("system", system)}), polite);
  EXPECT_THAT(Reply({Say("system", system), Say("user", std::string(100'000, ' '))}), polite);
  const std::string wish = "Look for a gap on Friday to see Ada Byron about the lease review.";
  EXPECT_THAT(Reply({Say("system", system), Say("user", wish), Say("tool", "not json")}), polite);
  EXPECT_THAT(Reply({Say("system", system), Say("user", wish), Say("tool", "{}"), Say("tool", "{}"),
                     Say("tool", "{}")}),
              polite);
}

TEST(Reference, AnswersAreWholeAndCounted) {
  const auto call = OfficeAgent({.seed = 1, .desks = {FindDesk("lookup")}}).Session(0).front();
  const auto request = ParseChatRequest(call.request);
  ASSERT_TRUE(request);
  const ChatAnswer answer = ReferenceAnswer(*request, 1'700'000'000'000);
  const auto read = ParseChatAnswer(answer.body);
  ASSERT_TRUE(read);
  EXPECT_TRUE(SameAnswer(*read, answer));
  EXPECT_EQ(read->model, kSimulatedReferenceName);
  EXPECT_EQ(read->choices[0].finish, FinishReason::kToolCalls);
  EXPECT_EQ(read->usage.prompt_tokens,
            std::ssize(call.request) / 4 + (call.request.size() % 4 > 0));
  EXPECT_GT(read->usage.completion_tokens, 3);
  EXPECT_EQ(ReferenceAnswer(*request, 1'700'000'000'000).body, answer.body);
}

}  // namespace
}  // namespace understudy
