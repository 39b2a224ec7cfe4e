#include <gtest/gtest.h>

#include "base/json.h"
#include "chat/request.h"

namespace understudy {
namespace {

std::string Spliced(std::string_view body, std::string_view model, bool stream, bool count_usage) {
  const auto request = ParseChatRequest(std::string(body));
  EXPECT_TRUE(request) << request.error().message;
  const std::string out =
      BodyForUpstream(*request, model, {.stream = stream, .count_usage = count_usage});
  const auto again = ParseChatRequest(out);
  EXPECT_TRUE(again) << out;
  if (again) {
    EXPECT_EQ(again->stream, stream) << out;
    EXPECT_TRUE(model.empty() || again->model == model) << out;
    EXPECT_TRUE(again->include_usage || !stream || !count_usage) << out;
    EXPECT_EQ(again->messages.size(), request->messages.size());
  }
  return out;
}

constexpr std::string_view kMessages = R"("messages":[{"role":"user"}])";

std::string Body(std::string_view before, std::string_view after = "") {
  return "{" + std::string(before) + std::string(kMessages) + std::string(after) + "}";
}

TEST(SpliceBody, EditsInAnyOrder) {
  EXPECT_EQ(SpliceBody("abcdef", {{{4, 5}, "E"}, {{0, 1}, ""}, {{2, 2}, "--"}}), "b--cdEf");
  EXPECT_EQ(SpliceBody("abc", {}), "abc");
  EXPECT_EQ(SpliceBody("abc", {{{3, 3}, "d"}, {{0, 0}, "x"}, {{0, 0}, "y"}}), "xyabcd");
}

TEST(BodyForUpstream, NothingToDoChangesNothing) {
  const std::string body = Body(" \"model\" : \"m\", ", ", \"x\": 1.0e2 ");
  EXPECT_EQ(Spliced(body, "m", false, false), body);
  EXPECT_EQ(Spliced(body, "", false, true), body);
  EXPECT_TRUE(EditsForUpstream(ParseChatRequest(body).value(), "m", {.count_usage = true}).empty());
}

TEST(BodyForUpstream, ReplacesOnlyTheModel) {
  EXPECT_EQ(Spliced(Body(" \"model\" : \"a\\u0062\" , ", ",\"x\":1.50"), "q\"r", false, false),
            Body(" \"model\" : \"q\\\"r\" , ", ",\"x\":1.50"));
  EXPECT_EQ(Spliced(Body(R"("mod\u0065l":null,)"), "m", false, false),
            Body(R"("mod\u0065l":"m",)"));
}

TEST(BodyForUpstream, InsertsWhatIsAbsent) {
  EXPECT_EQ(Spliced(Body(" "), "m", false, false), Body(R"("model":"m", )"));
  EXPECT_EQ(Spliced(Body(""), "m", true, true),
            Body(R"("model":"m","stream":true,"stream_options":{"include_usage":true},)"));
}

TEST(BodyForUpstream, LeadingBlanksStay) {
  EXPECT_EQ(Spliced(" \n\t" + Body(""), "m", false, false), " \n\t" + Body(R"("model":"m",)"));
}

TEST(BodyForUpstream, StreamIsSetAsGiven) {
  EXPECT_EQ(Spliced(Body("", R"(,"stream": false)"), "", true, false),
            Body("", R"(,"stream": true)"));
  EXPECT_EQ(Spliced(Body("", R"(,"stream": true)"), "", false, true),
            Body("", R"(,"stream": false)"));
  EXPECT_EQ(Spliced(Body("", R"(,"stream":null)"), "", true, false), Body("", R"(,"stream":true)"));
  EXPECT_EQ(Spliced(Body("", R"(,"stream":null)"), "", false, false),
            Body("", R"(,"stream":null)"));
}

TEST(BodyForUpstream, UsageIsAskedForWithinTheOptionsThatAreThere) {
  const auto asked = [](std::string_view options) {
    return Spliced(Body(R"("stream":true,"stream_options":)" + std::string(options) + ","), "",
                   true, true);
  };
  const auto body = [](std::string_view options) {
    return Body(R"("stream":true,"stream_options":)" + std::string(options) + ",");
  };
  EXPECT_EQ(asked("null"), body(R"({"include_usage":true})"));
  EXPECT_EQ(asked("{ }"), body(R"({"include_usage":true })"));
  EXPECT_EQ(asked(R"({"include_usage": false, "x":1})"), body(R"({"include_usage": true, "x":1})"));
  EXPECT_EQ(asked(R"({"include_usage":null})"), body(R"({"include_usage":true})"));
  EXPECT_EQ(asked(R"({ "x":{} })"), body(R"({"include_usage":true, "x":{} })"));
  EXPECT_EQ(asked(R"({"include_usage":true})"), body(R"({"include_usage":true})"));
}

TEST(BodyForUpstream, ThinkingThatAConversionPutInGoesOutAgainUnlessWanted) {
  const std::string member = R"(,"reasoning_content":"hm")";
  const std::string body = R"({"messages":[{"role":"assistant","content":"a")" + member + "}]}";
  ChatRequest request = ParseChatRequest(body).value();
  EXPECT_EQ(BodyForUpstream(request, "", {}), body) << "a client's own stays as it came";
  const auto begin = static_cast<uint32_t>(body.find(member));
  request.reasoning = {{begin, begin + static_cast<uint32_t>(member.size())}};
  EXPECT_EQ(BodyForUpstream(request, "", {}),
            R"({"messages":[{"role":"assistant","content":"a"}]})");
  EXPECT_EQ(BodyForUpstream(request, "", {.reasoning = true}), body);
}

TEST(BodyForUpstream, StreamOptionsGoWhereNothingStreams) {
  EXPECT_EQ(
      Spliced(Body(R"("stream":true,"stream_options":{"include_usage":true},)"), "", false, true),
      Body(R"("stream":false,"stream_options":null,)"));
}

TEST(BodyForUpstream, UsageIsLeftAloneUnlessAskedFor) {
  const std::string body = Body(R"("stream":true,"stream_options":{"include_usage":false},)");
  EXPECT_EQ(Spliced(body, "", true, false), body);
}

}  // namespace
}  // namespace understudy
