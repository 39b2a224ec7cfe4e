#include "chat/messages_request.h"

#include <gmock/gmock.h>

#include "base/json.h"
#include "chat/request.h"

namespace understudy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

ConvertedRequest Convert(std::string body, MessagesUse use = MessagesUse::kAnswer) {
  auto converted = ChatFromMessages(body, use);
  EXPECT_TRUE(converted) << body << ": " << converted.error().ToString();
  if (!converted) return {};
  EXPECT_TRUE(ParseChatRequest(converted->body)) << converted->body;
  return *std::move(converted);
}

std::string With(std::string_view members) {
  return R"({"model":"m","max_tokens":9,)" + std::string(members) + "}";
}

// The chat messages that these become, as JSON text.
std::string MessagesOf(std::string_view messages) {
  const auto body = ParseJson(Convert(With(R"("messages":)" + std::string(messages))).body);
  return body ? json::serialize(body->at("messages")) : std::string();
}

void ExpectJson(std::string_view actual, std::string_view expected) {
  const auto a = ParseJson(actual), b = ParseJson(expected);
  ASSERT_TRUE(a && b) << actual;
  EXPECT_TRUE(SameJson(*a, *b)) << "got      " << actual << "\nexpected " << expected;
}

Error Refused(std::string body, MessagesUse use = MessagesUse::kAnswer) {
  const auto converted = ChatFromMessages(body, use);
  EXPECT_FALSE(converted) << body;
  return converted ? Error{} : converted.error();
}

TEST(ChatFromMessages, TheLeast) {
  ExpectJson(Convert(With(R"("messages":[{"role":"user","content":"hi"}])")).body,
             R"({"model":"m","messages":[{"role":"user","content":"hi"}],
                 "max_completion_tokens":9})");
}

TEST(ChatFromMessages, EveryMember) {
  const auto converted = Convert(With(
      R"("messages":[{"role":"user","content":"hi"}],"system":"be brief","stop_sequences":["a","b"],
         "temperature":0.10,"top_p":1.0,"stream":true,"metadata":{"user_id":"u1"},
         "tools":[{"name":"f","description":"d","input_schema":{"type":"object","maximum":1e400}}],
         "tool_choice":{"type":"any","disable_parallel_tool_use":true},
         "output_config":{"format":{"type":"json_schema","schema":{"type":"object"}}})"));
  EXPECT_EQ(converted.body,
            R"({"model":"m","messages":[{"role":"system","content":"be brief"},)"
            R"({"role":"user","content":"hi"}],"max_completion_tokens":9,"tools":[{"type":)"
            R"("function","function":{"name":"f","description":"d","parameters":)"
            R"({"type":"object","maximum":1e400}}}],"tool_choice":"required",)"
            R"("parallel_tool_calls":false,"stop":["a","b"],"temperature":0.10,"top_p":1.0,)"
            R"("response_format":{"type":"json_schema","json_schema":{"name":"output",)"
            R"("strict":true,"schema":{"type":"object"}}},"user":"u1","stream":true})");
  EXPECT_THAT(converted.stops, ElementsAre("a", "b"));
  EXPECT_THAT(converted.left_out, IsEmpty());
}

TEST(ChatFromMessages, AToolLoopKeepsItsIds) {
  ExpectJson(MessagesOf(R"([
      {"role":"user","content":"weather?"},
      {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},
        {"type":"text","text":"I look."},
        {"type":"tool_use","id":"toolu_1","name":"f","input":{"city": "Oslo"}},
        {"type":"tool_use","id":"toolu_2","name":"g","input":{}}]},
      {"role":"user","content":[
        {"type":"tool_result","tool_use_id":"toolu_1","content":"snow"},
        {"type":"tool_result","tool_use_id":"toolu_2","is_error":true,
         "content":[{"type":"text","text":"no such"},{"type":"text","text":"city"}]},
        {"type":"text","text":"go on"}]}])"),
             R"([{"role":"user","content":"weather?"},
      {"role":"assistant","content":"I look.","reasoning_content":"hm","tool_calls":[
        {"id":"toolu_1","type":"function","function":{"name":"f","arguments":"{\"city\": \"Oslo\"}"}},
        {"id":"toolu_2","type":"function","function":{"name":"g","arguments":"{}"}}]},
      {"role":"tool","tool_call_id":"toolu_1","content":"snow"},
      {"role":"tool","tool_call_id":"toolu_2","content":"Error: no such\ncity"},
      {"role":"user","content":"go on"}])");
}

TEST(ChatFromMessages, ThinkingStandsWhereItsSpansSay) {
  const auto converted = Convert(With(R"("system":"s","messages":[
      {"role":"assistant","content":[{"type":"thinking","thinking":"a\"b","signature":"s"},
        {"type":"redacted_thinking","data":"x"},{"type":"text","text":"y"}]},
      {"role":"user","content":"go"},
      {"role":"assistant","content":[{"type":"thinking","thinking":null},
        {"type":"thinking","thinking":"c"},{"type":"thinking","thinking":"d"}]}])"));
  ASSERT_EQ(converted.reasoning.size(), 2U);
  const auto at = [&](size_t i) {
    const Span span = converted.reasoning[i];
    return converted.body.substr(span.begin, span.end - span.begin);
  };
  EXPECT_EQ(at(0), R"(,"reasoning_content":"a\"b")");
  EXPECT_EQ(at(1), R"(,"reasoning_content":"c\nd")");
  EXPECT_THAT(converted.left_out, ElementsAre("redacted_thinking"));
}

TEST(ChatFromMessages, AResultWithoutContentAndACallWithoutText) {
  ExpectJson(MessagesOf(R"([{"role":"assistant","content":[
                               {"type":"tool_use","id":"a","name":"f","input":{}}]},
                            {"role":"user","content":[{"type":"tool_result","tool_use_id":"a"}]}])"),
             R"([{"role":"assistant","content":null,"tool_calls":[
                   {"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]},
                 {"role":"tool","tool_call_id":"a","content":""}])");
}

TEST(ChatFromMessages, ImagesAndDocuments) {
  ExpectJson(MessagesOf(R"([{"role":"user","content":[
        {"type":"image","source":{"type":"base64","media_type":"image/png","data":"AAAA"}},
        {"type":"image","source":{"type":"url","url":"https://example.com/a.png"}},
        {"type":"document","title":"t","source":{"type":"text","media_type":"text/plain","data":"x"}},
        {"type":"document","source":{"type":"base64","media_type":"application/pdf","data":"BB"}},
        {"type":"text","text":"what?","cache_control":{"type":"ephemeral"}}]}])"),
             R"([{"role":"user","content":[
        {"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA"}},
        {"type":"image_url","image_url":{"url":"https://example.com/a.png"}},
        {"type":"text","text":"t\nx"},
        {"type":"file","file":{"filename":"document","file_data":"data:application/pdf;base64,BB"}},
        {"type":"text","text":"what?"}]}])");
}

TEST(ChatFromMessages, AnImageInAResultFollowsAsTheUsers) {
  ExpectJson(MessagesOf(R"([{"role":"user","content":[{"type":"tool_result","tool_use_id":"a",
        "content":[{"type":"text","text":"done"},{"type":"image","source":
          {"type":"base64","media_type":"image/png","data":"AA"}}]}]}])"),
             R"([{"role":"tool","tool_call_id":"a","content":"done"},
                 {"role":"user","content":[
                   {"type":"text","text":"From the result of tool call a"},
                   {"type":"image_url","image_url":{"url":"data:image/png;base64,AA"}}]}])");
}

TEST(ChatFromMessages, SearchResultsAreTexts) {
  constexpr std::string_view kFound =
      R"({"type":"search_result","source":"https://example.com","title":"t",)"
      R"("content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]})";
  ExpectJson(MessagesOf(R"([{"role":"user","content":[{"type":"tool_result","tool_use_id":"i",)"
                        R"("content":[)" +
                        std::string(kFound) + R"(]},)" + std::string(kFound) + "]}]"),
             R"([{"role":"tool","tool_call_id":"i","content":"t\na\nb"},
                 {"role":"user","content":[{"type":"text","text":"t\na\nb"}]}])");
}

TEST(ChatFromMessages, EveryToolChoice) {
  const auto choice = [](std::string_view written) {
    const auto body =
        ParseJson(Convert(With(R"("messages":[{"role":"user","content":"x"}],"tools":[{"name":"f",)"
                               R"("input_schema":{}}],"tool_choice":)" +
                               std::string(written)))
                      .body);
    return json::serialize(body->at("tool_choice"));
  };
  EXPECT_EQ(choice(R"({"type":"auto"})"), R"("auto")");
  EXPECT_EQ(choice(R"({"type":"any"})"), R"("required")");
  EXPECT_EQ(choice(R"({"type":"none"})"), R"("none")");
  EXPECT_EQ(choice(R"({"type":"tool","name":"f"})"),
            R"({"type":"function","function":{"name":"f"}})");
}

TEST(ChatFromMessages, NamesWhatItLeavesOut) {
  const auto converted =
      Convert(With(R"("messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"x"},
                {"type":"server_tool_use","id":"s","name":"web_search","input":{}},
                {"type":"web_search_tool_result","tool_use_id":"s","content":{"error":1}},
                {"type":"text","text":"y"}]}],
              "top_k":5,"thinking":{"type":"enabled","budget_tokens":1024},
              "tools":[{"type":"web_search_20250305","name":"web_search"},
                       {"type":"custom","name":"f","input_schema":{"type":"object"}}])"));
  EXPECT_THAT(converted.left_out, ElementsAre("server_tool_use", "web_search_tool_result", "top_k",
                                              "thinking", "tools[0]:web_search_20250305"));
  EXPECT_THAT(converted.body, HasSubstr(R"("tools":[{"type":"function","function":{"name":"f")"));
}

TEST(ChatFromMessages, ALongUserIsHashed) {
  const auto converted = Convert(With(R"("messages":[{"role":"user","content":"x"}],)"
                                      R"("metadata":{"user_id":")" +
                                      std::string(65, 'u') + R"("})"));
  const auto body = ParseJson(converted.body);
  EXPECT_EQ(StringOr(*body, "user").size(), 64U);
  EXPECT_THAT(converted.body, Not(HasSubstr("uuuu")));
}

TEST(ChatFromMessages, CountingNeedsNoLimit) {
  const std::string body = R"({"model":"m","messages":[{"role":"user","content":"x"}]})";
  EXPECT_EQ(Refused(body).param, "max_tokens");
  EXPECT_THAT(Convert(body, MessagesUse::kCountTokens).body, Not(HasSubstr("max_")));
}

TEST(ChatFromMessages, SaysWhatIsWrongAndWhere) {
  const std::pair<std::string, std::string> cases[] = {
      {R"("messages":7)", "messages"},
      {R"("messages":[])", "messages"},
      {R"("messages":[{"content":"x"}])", "messages[0]"},
      {R"("messages":[{"role":"bot","content":"x"}])", "messages[0]"},
      {R"("messages":[{"role":"user","content":7}])", "messages[0].content"},
      {R"("messages":[{"role":"user","content":[{"text":"x"}]}])", "messages[0].content[0]"},
      {R"("messages":[{"role":"user","content":[{"type":"poem"}]}])", "messages[0].content[0]"},
      {R"("messages":[{"role":"user","content":[{"type":"tool_result"}]}])",
       "messages[0].content[0]"},
      {R"("messages":[{"role":"user","content":[{"type":"image","source":{"type":"file"}}]}])",
       "messages[0].content[0]"},
      {R"("messages":[{"role":"user","content":"x"}],"max_tokens":0)", "max_tokens"},
      {R"("messages":[{"role":"user","content":"x"}],"tools":[{"name":"f"}])", "tools[0]"},
      {R"("messages":[{"role":"user","content":"x"}],"tool_choice":{"type":"all"})", "tool_choice"},
      {R"("messages":[{"role":"user","content":"x"}],"tool_choice":{"type":"any"})", "tool_choice"},
      {R"("messages":[{"role":"user","content":"x"}],"temperature":"hot")", "temperature"},
      {R"("messages":[{"role":"user","content":"x"}],"output_format":{"type":"text"})",
       "output_format"},
  };
  for (const auto& [members, param] : cases) {
    const Error error = Refused(R"({"model":"m",)" + members +
                                (param == "max_tokens" ? "}" : R"(,"max_tokens":9})"));
    EXPECT_EQ(error.kind, ErrorKind::kInvalidInput) << members;
    EXPECT_EQ(error.param, param) << members;
    EXPECT_FALSE(error.message.empty()) << members;
  }
  EXPECT_EQ(Refused(R"({"max_tokens":9,"messages":[{"role":"user","content":"x"}]})").param,
            "model");
  EXPECT_EQ(Refused("{").kind, ErrorKind::kInvalidInput);
}

}  // namespace
}  // namespace understudy
