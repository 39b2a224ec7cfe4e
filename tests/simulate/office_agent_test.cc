#include "simulate/office_agent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "simulate/reference.h"

namespace understudy {
namespace {

using testing::HasSubstr;

ChatRequest Parsed(const OfficeCall& call) {
  auto request = ParseChatRequest(call.request);
  EXPECT_TRUE(request) << call.request;
  return *std::move(request);
}

TEST(OfficeAgentTest, TheReferenceUnderstandsEveryCall) {
  for (const Half half : {Half::kFirst, Half::kSecond}) {
    const OfficeAgent agent({.seed = 11, .half = half});
    for (const OfficeCall& call : agent.Calls(3000)) {
      EXPECT_EQ(ReferenceReply(Parsed(call)), call.expected) << call.request;
    }
  }
}

TEST(OfficeAgentTest, SessionsArePureFunctionsOfSeedHalfAndIndex) {
  const OfficeAgent a({.seed = 5}), b({.seed = 5}), c({.seed = 6});
  EXPECT_EQ(a.Session(17).front().request, b.Session(17).front().request);
  EXPECT_NE(a.Session(17).front().request, c.Session(17).front().request);
  EXPECT_NE(a.Session(17).front().request, a.Session(18).front().request);
}

TEST(OfficeAgentTest, HalvesShareNoRequest) {
  std::set<std::string> wishes;
  const auto wish = [](const OfficeCall& call) { return std::string(LastUserText(Parsed(call))); };
  for (const OfficeCall& call : OfficeAgent({.seed = 1}).Calls(3000)) wishes.insert(wish(call));
  for (const OfficeCall& call : OfficeAgent({.seed = 1, .half = Half::kSecond}).Calls(3000)) {
    EXPECT_FALSE(wishes.contains(wish(call))) << wish(call);
  }
}

TEST(OfficeAgentTest, OneCallInTenIsOpenEnded) {
  int64_t open = 0, elsewhere = 0, follows = 0;
  const auto calls = OfficeAgent({.seed = 2}).Calls(5000);
  for (const OfficeCall& call : calls) {
    open += call.desk->open_ended ? 1 : 0;
    follows += call.follows ? 1 : 0;
    elsewhere +=
        call.desk->open_ended && call.request.find(kAdviserDesk.system) == std::string::npos;
  }
  EXPECT_GT(open, 5000 * 7 / 100);
  EXPECT_LT(open, 5000 * 13 / 100);
  EXPECT_GT(elsewhere, open / 10);
  EXPECT_LT(elsewhere, open / 3);
  EXPECT_GT(follows, 500);
}

TEST(OfficeAgentTest, FewDrawsCanBeReadInTwoWays) {
  EXPECT_LT(OfficeAgent({.seed = 3}).ShareRedrawn(3000), 0.1);
}

TEST(OfficeAgentTest, LaterCallsHoldTheAnswersAndResultsBefore) {
  const OfficeAgent agent({.seed = 4, .desks = {FindDesk("meetings")}});
  size_t longest = 0;
  for (uint64_t index = 0; index < 60; ++index) {
    const auto calls = agent.Session(index);
    longest = std::max(longest, calls.size());
    EXPECT_FALSE(calls[0].follows);
    for (size_t i = 1; i < calls.size(); ++i) {
      EXPECT_TRUE(calls[i].follows);
      EXPECT_EQ(calls[i].session, calls[0].session);
      EXPECT_THAT(calls[i].request, HasSubstr(calls[i - 1].call_id));
      EXPECT_THAT(calls[i].request, HasSubstr("\"tool\""));
    }
  }
  EXPECT_EQ(longest, 3U);
}

// Whatever an answer says was said in the request: values are copied, not computed.
TEST(OfficeAgentTest, ValuesOfNarrowAnswersStandInTheRequest) {
  for (const OfficeCall& call : OfficeAgent({.seed = 8}).Calls(1000)) {
    if (!call.expected.is_call()) continue;
    const json::value arguments = json::parse(call.expected.arguments);
    for (const auto& member : arguments.as_object()) {
      const std::string value(member.value().as_string());
      bool found = false;
      for (const Message& message : Parsed(call).messages) {
        found = found || message.text.find(value) != std::string::npos;
      }
      EXPECT_TRUE(found) << value << " in " << call.request;
    }
  }
}

TEST(OfficeAgentTest, DesksCanBeChosen) {
  const auto desks = ParseDesks("sort,mail,sort");
  ASSERT_TRUE(desks);
  EXPECT_EQ(desks->size(), 2U);
  for (const OfficeCall& call : OfficeAgent({.seed = 1, .desks = *desks}).Calls(50)) {
    EXPECT_TRUE(call.desk->name == "sort" || call.desk->name == "mail");
  }
  EXPECT_THAT(ParseDesks("mial").error().ToString(),
              testing::AllOf(HasSubstr("\"mial\""), HasSubstr("meetings, reminders")));
}

}  // namespace
}  // namespace understudy
