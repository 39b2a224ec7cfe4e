#include "chat/responses_request.h"

#include <gmock/gmock.h>

#include "base/json.h"
#include "chat/request.h"

namespace understudy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

ResponsesAsked Convert(std::string body) {
  auto asked = ChatFromResponses(body);
  EXPECT_TRUE(asked) << body << ": " << asked.error().ToString();
  if (!asked) return {};
  EXPECT_TRUE(ParseChatRequest(asked->body)) << asked->body;
  EXPECT_TRUE(ParseJson("{" + asked->repeated + "}")) << asked->repeated;
  return *std::move(asked);
}

std::string With(std::string_view members) {
  return R"({"model":"m","input":"hi",)" + std::string(members) + "}";
}

std::string MessagesOf(std::string_view input) {
  const auto asked = Convert(R"({"model":"m","input":)" + std::string(input) + "}");
  const auto body = ParseJson(asked.body);
  return body ? json::serialize(body->at("messages")) : std::string();
}

void ExpectJson(std::string_view actual, std::string_view expected) {
  const auto a = ParseJson(actual), b = ParseJson(expected);
  ASSERT_TRUE(a && b) << actual;
  EXPECT_TRUE(SameJson(*a, *b)) << "got      " << actual << "\nexpected " << expected;
}

Error Refused(std::string body) {
  const auto asked = ChatFromResponses(body);
  EXPECT_FALSE(asked) << body;
  return asked ? Error{} : asked.error();
}

TEST(ChatFromResponses, TheLeast) {
  const auto asked = Convert(R"({"model":"m","input":"hi"})");
  EXPECT_EQ(asked.body, R"({"model":"m","messages":[{"role":"user","content":"hi"}]})");
  EXPECT_THAT(asked.left_out, IsEmpty());
  EXPECT_THAT(asked.repeated, HasSubstr(R"("instructions":null)"));
  EXPECT_THAT(asked.repeated, HasSubstr(R"("tools":[],)"));
}

TEST(ChatFromResponses, EveryMember) {
  const auto asked = Convert(With(
      R"("instructions":"be brief","max_output_tokens":9,"temperature":0.10,"top_p":1.0,
         "parallel_tool_calls":false,"user":"u","stream":true,"metadata":{"k":"v"},"store":false,
         "include":[],"truncation":"disabled","previous_response_id":null,"background":false,
         "tools":[{"type":"function","name":"f","description":"d","strict":true,
                   "parameters":{"type":"object","maximum":1e400}}],
         "tool_choice":{"type":"function","name":"f"},"reasoning":{"effort":"low"},
         "text":{"verbosity":"low","format":{"type":"json_schema","name":"n","strict":true,
                 "schema":{"type":"object"}}})"));
  EXPECT_EQ(
      asked.body,
      R"({"model":"m","messages":[{"role":"system","content":"be brief"},)"
      R"({"role":"user","content":"hi"}],"max_completion_tokens":9,"tools":[{"type":)"
      R"("function","function":{"name":"f","description":"d","parameters":)"
      R"({"type":"object","maximum":1e400},"strict":true}}],"tool_choice":{"type":"function",)"
      R"("function":{"name":"f"}},"parallel_tool_calls":false,"response_format":)"
      R"({"type":"json_schema","json_schema":{"name":"n","strict":true,)"
      R"("schema":{"type":"object"}}},"verbosity":"low","reasoning_effort":"low",)"
      R"("temperature":0.10,"top_p":1.0,"user":"u","stream":true})");
  EXPECT_THAT(asked.left_out, IsEmpty());
  const auto repeated = ParseJson("{" + asked.repeated + "}");
  EXPECT_EQ(StringOr(repeated->at("metadata"), "k"), "v");
  EXPECT_EQ(StringOr(repeated->at("tools").at(0), "name"), "f");
  EXPECT_EQ(IntOr(*repeated, "max_output_tokens", 0), 9);
}

TEST(ChatFromResponses, AToolLoopKeepsItsIdsAndParallelCallsStandInOneMessage) {
  ExpectJson(MessagesOf(R"([
      {"role":"user","content":"weather?"},
      {"type":"reasoning","id":"rs_1","summary":[],"content":[{"type":"reasoning_text","text":"x"}]},
      {"id":"msg_1","content":[{"type":"output_text","text":"I look.","annotations":[]}],
       "role":"assistant","status":"completed","type":"message"},
      {"type":"function_call","id":"fc_1","call_id":"call_1","name":"f","arguments":"{\"a\": 1}"},
      {"type":"function_call","call_id":"call_2","name":"g","arguments":"{}"},
      {"type":"function_call_output","call_id":"call_1","output":"snow"},
      {"type":"function_call_output","call_id":"call_2","output":[
        {"type":"input_text","text":"a"},{"type":"input_image","image_url":"data:x"}]},
      {"role":"user","content":"go on"}])"),
             R"([{"role":"user","content":"weather?"},
      {"role":"assistant","content":"I look.","tool_calls":[
        {"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"a\": 1}"}},
        {"id":"call_2","type":"function","function":{"name":"g","arguments":"{}"}}]},
      {"role":"tool","tool_call_id":"call_1","content":"snow"},
      {"role":"tool","tool_call_id":"call_2","content":"a"},
      {"role":"user","content":[{"type":"text","text":"From the result of tool call call_2"},
        {"type":"image_url","image_url":{"url":"data:x"}}]},
      {"role":"user","content":"go on"}])");
}

TEST(ChatFromResponses, TwoTurnsOfCalls) {
  ExpectJson(MessagesOf(R"([
      {"type":"function_call","call_id":"1","name":"f","arguments":""},
      {"type":"function_call_output","call_id":"1","output":""},
      {"type":"function_call","call_id":"2","name":"f","arguments":"{}"},
      {"type":"message","role":"assistant","content":"said after"},
      {"type":"function_call_output","call_id":"2","output":null}])"),
             R"([{"role":"assistant","content":null,"tool_calls":[
        {"id":"1","type":"function","function":{"name":"f","arguments":""}}]},
      {"role":"tool","tool_call_id":"1","content":""},
      {"role":"assistant","content":"said after","tool_calls":[
        {"id":"2","type":"function","function":{"name":"f","arguments":"{}"}}]},
      {"role":"tool","tool_call_id":"2","content":""}])");
}

TEST(ChatFromResponses, PartsOfEveryKind) {
  ExpectJson(MessagesOf(R"([
      {"role":"developer","content":[{"type":"input_text","text":"a"},
                                     {"type":"input_text","text":"b"}]},
      {"role":"user","content":[{"type":"input_text","text":"what?"},
        {"type":"input_image","image_url":"https://example.com/a.png","detail":"low"},
        {"type":"input_file","filename":"a.pdf","file_data":"data:x"},
        {"type":"input_file","file_id":"file_1"},
        {"type":"input_audio","input_audio":{"data":"AA","format":"wav"}}]},
      {"role":"assistant","content":[{"type":"refusal","refusal":"no"}]}])"),
             R"([{"role":"developer","content":"a\nb"},
      {"role":"user","content":[{"type":"text","text":"what?"},
        {"type":"image_url","image_url":{"url":"https://example.com/a.png","detail":"low"}},
        {"type":"file","file":{"filename":"a.pdf","file_data":"data:x"}},
        {"type":"file","file":{"file_id":"file_1"}},
        {"type":"input_audio","input_audio":{"data":"AA","format":"wav"}}]},
      {"role":"assistant","content":null,"refusal":"no"}])");
}

TEST(ChatFromResponses, NamesWhatItLeavesOut) {
  const auto asked = Convert(
      R"({"model":"m","store":true,"truncation":"auto","include":["reasoning.encrypted_content"],
          "tools":[{"type":"web_search"},{"type":"function","name":"f","parameters":{}}],
          "input":[{"role":"user","content":"x"},
                   {"type":"web_search_call","id":"ws","status":"completed","action":{}},
                   {"type":"custom_tool_call_output","call_id":"c","output":["x"]}]})");
  EXPECT_THAT(asked.left_out, testing::UnorderedElementsAre(
                                  "store", "truncation", "include", "tools[0]:web_search",
                                  "input[1]:web_search_call", "input[2]:custom_tool_call_output"));
  EXPECT_THAT(asked.body, Not(HasSubstr("web_search")));
}

TEST(ChatFromResponses, AllowedToolsAreTheOnesOnOffer) {
  const auto asked = Convert(With(
      R"("tools":[{"type":"function","name":"f"},{"type":"function","name":"g"}],
         "tool_choice":{"type":"allowed_tools","mode":"required",
                        "tools":[{"type":"function","name":"g"}]})"));
  EXPECT_THAT(asked.body, HasSubstr(R"("tools":[{"type":"function","function":{"name":"g"}}],)"
                                    R"("tool_choice":"required")"));
}

TEST(ChatFromResponses, WhatNeedsAMemoryIsRefusedClearly) {
  for (const std::string name : {"previous_response_id", "conversation", "prompt"}) {
    const Error error = Refused(With(JsonString(name) + R"(:"x_1")"));
    EXPECT_EQ(error.kind, ErrorKind::kInvalidInput);
    EXPECT_EQ(error.param, name);
    EXPECT_THAT(error.message, HasSubstr("nothing is kept here"));
  }
  EXPECT_EQ(Refused(With(R"("background":true)")).param, "background");
  EXPECT_THAT(Refused(R"({"model":"m","input":[{"type":"item_reference","id":"x"}]})").message,
              HasSubstr("send the item itself"));
}

TEST(ChatFromResponses, SaysWhatIsWrongAndWhere) {
  const std::pair<std::string, std::string> cases[] = {
      {R"({"input":"x"})", "model"},
      {R"({"model":"m"})", "input"},
      {R"({"model":"m","input":[]})", "input"},
      {R"({"model":"m","input":7})", "input"},
      {R"({"model":"m","input":[{"role":"bot","content":"x"}]})", "input[0]"},
      {R"({"model":"m","input":[{"type":"poem"}]})", "input[0]"},
      {R"({"model":"m","input":[{"role":"user","content":[{"type":"poem"}]}]})", "input[0]"},
      {R"({"model":"m","input":[{"role":"user","content":[{"type":"input_image","file_id":"f"}]}]})",
       "input[0]"},
      {R"({"model":"m","input":[{"type":"function_call","name":"f"}]})", "input[0]"},
      {With(R"("max_output_tokens":0)"), "max_output_tokens"},
      {With(R"("temperature":"hot")"), "temperature"},
      {With(R"("tools":[{"name":"f"}])"), "tools[0]"},
      {With(R"("tool_choice":"all")"), "tool_choice"},
      {With(R"("tool_choice":{"type":"web_search"})"), "tool_choice"},
      {With(R"("tool_choice":"required")"), "tool_choice"},
      {With(R"("tool_choice":{"type":"function","name":"f"})"), "tool_choice"},
      {With(R"("text":{"format":{"type":"json_schema"}})"), "text.format"},
  };
  for (const auto& [body, param] : cases) {
    const Error error = Refused(body);
    EXPECT_EQ(error.kind, ErrorKind::kInvalidInput) << body;
    EXPECT_EQ(error.param, param) << body;
    EXPECT_FALSE(error.message.empty()) << body;
  }
  EXPECT_EQ(Refused("[").kind, ErrorKind::kInvalidInput);
}

}  // namespace
}  // namespace understudy
