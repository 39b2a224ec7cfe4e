#include "reason/verify.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kDateTool =
    R"({"type":"object","properties":{"date":{"type":"string"}},"required":["date"]})";

ChatRequest WithTools() {
  ChatRequest request;
  request.tools = {{.name = "book", .parameters = std::string(kDateTool)}, {.name = "list"}};
  return request;
}

ChatRequest WithFormat(ResponseFormat format, std::string_view schema = {}) {
  ChatRequest request;
  request.response_format = format;
  request.response_schema = schema;
  return request;
}

ChatAnswer Saying(std::string_view content) {
  ChatAnswer answer;
  answer.choices = {{.content = std::string(content), .has_content = true}};
  answer.choices[0].finish = FinishReason::kStop;
  return answer;
}

ChatAnswer Calling(std::string_view tool, std::string_view arguments) {
  ChatAnswer answer;
  answer.choices.resize(1);
  answer.choices[0].tool_calls = {{.name = std::string(tool), .arguments = std::string(arguments)}};
  answer.choices[0].finish = FinishReason::kToolCalls;
  return answer;
}

VerdictKind Kind(const ChatRequest& request, const ChatAnswer& answer, VerifyOptions options = {}) {
  const Verdict verdict = VerifyAnswer(request, answer, options);
  EXPECT_EQ(verdict.detail.empty(), verdict.ok()) << verdict.detail;
  EXPECT_LE(verdict.detail.size(), 200u);
  return verdict.kind;
}

std::string Detail(const ChatRequest& request, const ChatAnswer& answer) {
  return VerifyAnswer(request, answer, {}).detail;
}

TEST(Verify, AnOrdinaryAnswerPasses) {
  EXPECT_EQ(Kind({}, Saying("hello")), VerdictKind::kPass);
  EXPECT_EQ(Kind(WithTools(), Saying("hello")), VerdictKind::kPass);
}

TEST(Verify, EmptyAnswers) {
  EXPECT_EQ(Kind({}, Saying("")), VerdictKind::kEmpty);
  EXPECT_EQ(Kind({}, Saying(" \n\t")), VerdictKind::kEmpty);
  EXPECT_EQ(Kind({}, ChatAnswer{}), VerdictKind::kEmpty);
  EXPECT_EQ(Kind(WithTools(), Calling("list", "")), VerdictKind::kPass);
}

TEST(Verify, Truncation) {
  ChatAnswer answer = Saying("half a sen");
  answer.choices[0].finish = FinishReason::kLength;
  EXPECT_EQ(Kind({}, answer), VerdictKind::kTruncated);
  EXPECT_EQ(Kind({}, answer, {.truncation = false}), VerdictKind::kPass);
}

TEST(Verify, Refusals) {
  ChatAnswer answer = Saying("");
  answer.choices[0].refusal = "I cannot help with that.";
  EXPECT_EQ(Kind({}, answer), VerdictKind::kRefusal);
  EXPECT_THAT(Detail({}, answer), Not(HasSubstr("cannot help")));
  EXPECT_EQ(Kind({}, answer, {.refusals = false}), VerdictKind::kPass);
  EXPECT_EQ(Kind(WithFormat(ResponseFormat::kJsonObject), answer, {.refusals = false}),
            VerdictKind::kPass);
  EXPECT_EQ(Kind({}, Saying("I cannot help with that.")), VerdictKind::kPass);  // words are content
}

TEST(Verify, ToolCallsThatWereDemanded) {
  ChatRequest request = WithTools();
  request.tool_choice = ToolChoice::kRequired;
  EXPECT_EQ(Kind(request, Saying("no")), VerdictKind::kMissingToolCall);
  EXPECT_EQ(Kind(request, Calling("list", "{}")), VerdictKind::kPass);
  request.tool_choice = ToolChoice::kFunction;
  request.forced_tool = "book";
  EXPECT_EQ(Kind(request, Calling("list", "{}")), VerdictKind::kMissingToolCall);
  EXPECT_EQ(Kind(request, Saying("no")), VerdictKind::kMissingToolCall);
  EXPECT_EQ(Kind(request, Calling("book", R"({"date":"x"})")), VerdictKind::kPass);
}

TEST(Verify, ToolsThatWereNotOffered) {
  EXPECT_EQ(Kind(WithTools(), Calling("boook", "{}")), VerdictKind::kUnknownTool);
  EXPECT_EQ(Kind({}, Calling("book", "{}")), VerdictKind::kUnknownTool);
  EXPECT_EQ(Detail(WithTools(), Calling("boook", "{}")),
            "choices[0].tool_calls[0].name: \"boook\" was not offered");
  ChatRequest none = WithTools();
  none.tool_choice = ToolChoice::kNone;
  EXPECT_EQ(Kind(none, Calling("list", "{}")), VerdictKind::kUnknownTool);
}

TEST(Verify, ArgumentsAgainstTheToolsSchema) {
  for (const auto bad :
       {"{", "[]", "\"x\"", "null", "{}", R"({"date":1})", R"({"date":"x"} y)", ""}) {
    EXPECT_EQ(Kind(WithTools(), Calling("book", bad)), VerdictKind::kInvalidArguments) << bad;
  }
  for (const auto bad : {"{", "[]", "null"}) {
    EXPECT_EQ(Kind(WithTools(), Calling("list", bad)), VerdictKind::kInvalidArguments) << bad;
  }
  EXPECT_EQ(Kind(WithTools(), Calling("list", R"({"any":1})")), VerdictKind::kPass);
  EXPECT_EQ(Detail(WithTools(), Calling("book", R"({"date":1})")),
            "choices[0].tool_calls[0].arguments.date: expected string, got number");
  EXPECT_EQ(Kind(WithTools(), Calling("book", "{"), {.schemas = false}), VerdictKind::kPass);
}

TEST(Verify, JsonWhereJsonWasAsked) {
  const ChatRequest object = WithFormat(ResponseFormat::kJsonObject);
  EXPECT_EQ(Kind(object, Saying(R"( {"a":1} )")), VerdictKind::kPass);
  for (const auto bad : {"hello", "{\"a\":1", "```json\n{}\n```", "[1]", "{} {}", "{'a':1}"}) {
    EXPECT_EQ(Kind(object, Saying(bad)), VerdictKind::kInvalidJson) << bad;
  }
  ChatRequest with_tools = WithTools();
  with_tools.response_format = ResponseFormat::kJsonObject;
  EXPECT_EQ(Kind(with_tools, Calling("list", "{}")), VerdictKind::kPass);
}

TEST(Verify, ContentAgainstItsSchema) {
  const ChatRequest request = WithFormat(ResponseFormat::kJsonSchema, R"({"type":"object",
      "properties":{"label":{"enum":["spam","ham"]}},"required":["label"]})");
  EXPECT_EQ(Kind(request, Saying(R"({"label":"ham"})")), VerdictKind::kPass);
  EXPECT_EQ(Kind(request, Saying("ham")), VerdictKind::kInvalidJson);
  EXPECT_EQ(Kind(request, Saying("{}")), VerdictKind::kSchemaViolation);
  EXPECT_EQ(Detail(request, Saying(R"({"label":"eggs"})")),
            "choices[0].content.label: expected one of \"spam\", \"ham\"");
  EXPECT_EQ(Detail(request, Saying("{}")), "choices[0].content: \"label\" is missing");
}

TEST(Verify, ASchemaOfTheRequestThatDoesNotCompileIsNotChecked) {
  for (const auto broken : {"{", R"({"type":"any"})", R"({"$ref":"http://elsewhere"})", "7"}) {
    EXPECT_EQ(Kind(WithFormat(ResponseFormat::kJsonSchema, broken), Saying("{}")),
              VerdictKind::kPass);
    EXPECT_EQ(Kind(WithFormat(ResponseFormat::kJsonSchema, broken), Saying("no")),
              VerdictKind::kInvalidJson);
    ChatRequest request = WithTools();
    request.tools[0].parameters = broken;
    EXPECT_EQ(Kind(request, Calling("book", "{}")), VerdictKind::kPass);
  }
}

TEST(Verify, APatternWeCannotExpressIsSkipped) {
  const ChatRequest request =
      WithFormat(ResponseFormat::kJsonSchema,
                 R"j({"properties":{"a":{"type":"string","pattern":"^(?!x)"}}})j");
  EXPECT_EQ(Kind(request, Saying(R"({"a":"x"})")), VerdictKind::kPass);
  EXPECT_EQ(Kind(request, Saying(R"({"a":1})")), VerdictKind::kSchemaViolation);
}

TEST(Verify, EveryChoiceAndCallMustPass) {
  ChatAnswer answer = Saying("fine");
  answer.choices.push_back(Saying("").choices[0]);
  EXPECT_EQ(Detail({}, answer), "choices[1]: neither content nor a tool call");
  ChatAnswer calls = Calling("list", "{}");
  calls.choices[0].tool_calls.push_back({.name = "book", .arguments = "{}"});
  EXPECT_EQ(Detail(WithTools(), calls), "choices[0].tool_calls[1].arguments: \"date\" is missing");
}

TEST(Verify, TheFirstFailureInOrderIsNamed) {
  ChatAnswer answer = Calling("nonsense", "{");
  answer.choices[0].finish = FinishReason::kLength;
  answer.choices[0].refusal = "no";
  EXPECT_EQ(Kind(WithTools(), answer), VerdictKind::kTruncated);
  answer.choices[0].finish = FinishReason::kStop;
  EXPECT_EQ(Kind(WithTools(), answer), VerdictKind::kRefusal);
  answer.choices[0].refusal.clear();
  EXPECT_EQ(Kind(WithTools(), answer), VerdictKind::kUnknownTool);
}

TEST(Verify, DetailsAreShortAndHoldNoContent) {
  const std::string secret = "4111-1111-1111-1111";
  const ChatRequest request =
      WithFormat(ResponseFormat::kJsonSchema, R"({"items":{"maxLength":1}})");
  EXPECT_THAT(Detail(request, Saying("[\"" + secret + "\"]")), Not(HasSubstr(secret)));
  EXPECT_THAT(Detail(request, Saying(secret + " {")), Not(HasSubstr(secret)));
  EXPECT_THAT(Detail(WithTools(), Calling("book", secret)), Not(HasSubstr(secret)));
  EXPECT_LE(Detail(WithTools(), Calling(std::string(100'000, 'x'), "")).size(), 200u);
}

TEST(Verify, DeepAndHugeAnswersAreBounded) {
  const ChatRequest request = WithFormat(ResponseFormat::kJsonObject);
  EXPECT_EQ(Kind(request, Saying(std::string(100'000, '['))), VerdictKind::kInvalidJson);
  EXPECT_EQ(Kind(WithTools(), Calling("list", R"({"a":)" + std::string(100'000, '['))),
            VerdictKind::kInvalidArguments);
}

TEST(Verify, ThreadsDoNotMeet) {
  const ChatRequest request = WithTools();
  std::vector<std::thread> threads;
  std::atomic<int> passed{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int j = 0; j < 200; ++j) {
        passed += VerifyAnswer(request, Calling("book", R"({"date":"x"})"), {}).ok();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(passed, 800);
}

}  // namespace
}  // namespace understudy
