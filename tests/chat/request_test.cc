#include "chat/request.h"

#include <gtest/gtest.h>

#include "base/json.h"

namespace understudy {
namespace {

constexpr std::string_view kUser = R"("messages":[{"role":"user","content":"hi"}])";

// A body with a user's message and one more member.
std::string With(std::string_view member) {
  return "{" + std::string(kUser) + "," + std::string(member) + "}";
}

ChatRequest Parsed(std::string_view body) {
  auto request = ParseChatRequest(std::string(body));
  EXPECT_TRUE(request) << body << ": " << request.error().message;
  return request.value_or(ChatRequest{});
}

void ExpectInvalid(std::string_view body, std::string_view param) {
  const auto request = ParseChatRequest(std::string(body));
  ASSERT_FALSE(request) << body;
  EXPECT_EQ(request.error().kind, ErrorKind::kInvalidInput) << body;
  EXPECT_EQ(request.error().source, ErrorSource::kClient) << body;
  EXPECT_EQ(request.error().param, param) << body << ": " << request.error().message;
  EXPECT_FALSE(request.error().message.empty());
}

std::string Nested(size_t depth) {
  return std::string(depth, '[') + std::string(depth, ']');
}

TEST(ChatRequest, ReadsEverything) {
  const auto request =
      Parsed(R"( {"model":"m\u00e9","stream":true,"stream_options":{"include_usage":true},
    "messages":[{"role":"system","content":"be \"kind\""},
      {"role":"user","name":"ann","content":[{"type":"text","text":"a"},{"type":"text","text":"b"},
        {"type":"image_url","image_url":{"url":"data:x"}}]},
      {"role":"assistant","content":null,"tool_calls":[
        {"id":"c1","type":"function","function":{"name":"f","arguments":"{\"x\": 1}"}},
        {"id":"c2","type":"function","function":{"name":"g","arguments":"{"}}]},
      {"role":"tool","tool_call_id":"c1","content":"4"}],
    "tools":[{"type":"function","function":{"name":"f","parameters":{"type" : "object"}}},
             {"type":"web_search"},{"type":"function","function":{"name":"g"}}],
    "tool_choice":{"type":"function","function":{"name":"g"}},
    "response_format":{"type":"json_schema","json_schema":{"name":"s","schema":{"a":1.0}}},
    "n":3,"max_tokens":5,"max_completion_tokens":6,"seed":-7,"temperature":0.5,
    "logprobs":true,"top_logprobs":2,"user":"u"} )");
  EXPECT_EQ(request.model, "m\xC3\xA9");
  EXPECT_TRUE(request.stream);
  EXPECT_TRUE(request.include_usage);
  ASSERT_EQ(request.messages.size(), 4u);
  EXPECT_EQ(request.messages[0].role, Role::kSystem);
  EXPECT_EQ(request.messages[0].text, "be \"kind\"");
  EXPECT_EQ(request.messages[1].name, "ann");
  EXPECT_EQ(request.messages[1].text, "a\nb");
  EXPECT_TRUE(request.messages[1].has_image);
  EXPECT_FALSE(request.messages[0].has_image);
  const Message& assistant = request.messages[2];
  EXPECT_FALSE(assistant.has_content);
  ASSERT_EQ(assistant.tool_calls.size(), 2u);
  EXPECT_EQ(assistant.tool_calls[0].arguments, "{\"x\": 1}");
  EXPECT_EQ(assistant.tool_calls[1].index, 1);
  EXPECT_EQ(assistant.tool_calls[1].id, "c2");
  EXPECT_EQ(request.messages[3].role, Role::kTool);
  EXPECT_EQ(request.messages[3].tool_call_id, "c1");
  ASSERT_EQ(request.tools.size(), 2u);
  EXPECT_EQ(request.tools[0].parameters, R"({"type" : "object"})");
  EXPECT_EQ(request.tools[1].name, "g");
  EXPECT_EQ(request.tools[1].parameters, "");
  EXPECT_EQ(request.tool_choice, ToolChoice::kFunction);
  EXPECT_EQ(request.forced_tool, "g");
  EXPECT_EQ(request.response_format, ResponseFormat::kJsonSchema);
  EXPECT_EQ(request.response_schema, R"({"a":1.0})");
  EXPECT_EQ(request.n, 3);
  EXPECT_EQ(request.max_tokens, 6);
  EXPECT_EQ(request.seed, -7);
  EXPECT_EQ(request.temperature, 0.5);
  EXPECT_TRUE(request.logprobs);
  EXPECT_EQ(request.top_logprobs, 2);
  EXPECT_EQ(request.user, "u");
  EXPECT_EQ(LastUserText(request), "a\nb");
}

TEST(ChatRequest, DefaultsWhereNothingIsSaid) {
  const auto request = Parsed(With(R"("x":1)"));
  EXPECT_EQ(request.model, "");
  EXPECT_FALSE(request.stream || request.include_usage || request.logprobs);
  EXPECT_EQ(request.n, 1);
  EXPECT_FALSE(request.max_tokens || request.seed || request.temperature);
  EXPECT_EQ(request.tool_choice, ToolChoice::kAuto);
  EXPECT_EQ(request.response_format, ResponseFormat::kText);
  EXPECT_TRUE(request.model_span.empty() && request.stream_span.empty());
}

TEST(ChatRequest, NullCountsAsAbsent) {
  const auto request = Parsed(With(
      R"("model":null,"stream":null,"stream_options":null,"tools":null,"tool_choice":null,
         "response_format":null,"n":null,"max_tokens":null,"max_completion_tokens":null,"seed":null,
         "temperature":null,"logprobs":null,"top_logprobs":null,"user":null)"));
  EXPECT_EQ(request.n, 1);
  EXPECT_FALSE(request.max_tokens || request.seed || request.temperature || request.stream);
  EXPECT_FALSE(request.model_span.empty());
  EXPECT_FALSE(request.stream_options_span.empty());
}

TEST(ChatRequest, KeepsTheBodyByteForByte) {
  const std::string body =
      With("\n \"x\" : 1.0E+02 ,\"y\":\"\\u00e9\\/\", \"z\":12345678901234567890123");
  EXPECT_EQ(Parsed(body).body, body);
}

TEST(ChatRequest, MaxTokensStandsWhereTheNewNameIsAbsent) {
  EXPECT_EQ(Parsed(With(R"("max_tokens":5)")).max_tokens, 5);
  EXPECT_EQ(Parsed(With(R"("max_completion_tokens":6,"max_tokens":5)")).max_tokens, 6);
  EXPECT_EQ(Parsed(With(R"("max_tokens":-1)")).max_tokens, -1);
}

TEST(ChatRequest, EscapedKeysAreTheSameKeys) {
  const auto request = Parsed(R"({"mod\u0065l":"m","\u006dessages":[{"r\u006fle":"user"}]})");
  EXPECT_EQ(request.model, "m");
  EXPECT_EQ(request.messages.size(), 1u);
  ExpectInvalid(With(R"("model":"a","mod\u0065l":"b")"), "model");
}

TEST(ChatRequest, MembersWeReadMayNotBeGivenTwice) {
  ExpectInvalid(With(R"("model":"a","model":"a")"), "model");
  ExpectInvalid(With(R"("stream":true,"stream":null)"), "stream");
  ExpectInvalid(With(std::string(kUser)), "messages");
  ExpectInvalid(R"({"messages":[{"role":"user","role":"tool"}]})", "messages[0].role");
  ExpectInvalid(R"({"messages":[{"role":"user"},{"role":"user","content":"a","content":"b"}]})",
                "messages[1].content");
  ExpectInvalid(With(R"("tools":[{"type":"function","function":{"name":"a","name":"b"}}])"),
                "tools[0].function.name");
}

TEST(ChatRequest, MembersWeDoNotReadMayBeAnything) {
  Parsed(With(R"("x":1,"x":{"x":[2,{}]},"metadata":{"a":null},"top_p":"0.5","stop":7)"));
  Parsed(R"({"messages":[{"role":"user","content":"a","cache":1,"cache":2}]})");
}

TEST(ChatRequest, MessagesAreRequired) {
  ExpectInvalid("{}", "messages");
  ExpectInvalid(R"({"model":"m"})", "messages");
  ExpectInvalid(R"({"messages":null})", "messages");
  ExpectInvalid(R"({"messages":{}})", "messages");
  ExpectInvalid(R"({"messages":"hi"})", "messages");
  ExpectInvalid(R"({"messages":[]})", "messages");
  ExpectInvalid(R"({"messages":["hi"]})", "messages[0]");
  ExpectInvalid(R"({"messages":[{}]})", "messages[0]");
  ExpectInvalid(R"({"messages":[{"role":null}]})", "messages[0]");
  ExpectInvalid(R"({"messages":[{"role":1}]})", "messages[0].role");
}

TEST(ChatRequest, ContentInEveryShape) {
  const auto text_of = [](std::string_view content) {
    const auto request =
        Parsed(R"({"messages":[{"role":"system","content":)" + std::string(content) + "}]}");
    return std::pair(request.messages.at(0).text, request.messages.at(0).has_content);
  };
  EXPECT_EQ(text_of("null"), std::pair(std::string(), false));
  EXPECT_EQ(text_of(R"("")"), std::pair(std::string(), true));
  EXPECT_EQ(text_of("[]"), std::pair(std::string(), true));
  EXPECT_EQ(text_of(R"([{"type":"text","text":"a"},{"text":"b","type":"text"}])"),
            std::pair(std::string("a\nb"), true));
  EXPECT_EQ(text_of(R"([{"type":"refusal","refusal":"no"}])"), std::pair(std::string("no"), true));
  EXPECT_EQ(text_of(R"("\ud83d\ude00\t\u0000")"),
            std::pair(std::string("\xF0\x9F\x98\x80\t\0", 6), true));
  EXPECT_FALSE(Parsed(R"({"messages":[{"role":"user"}]})").messages[0].has_content);
}

TEST(ChatRequest, ContentOfWrongTypes) {
  ExpectInvalid(R"({"messages":[{"role":"user","content":7}]})", "messages[0].content");
  ExpectInvalid(R"({"messages":[{"role":"user","content":{}}]})", "messages[0].content");
  ExpectInvalid(R"({"messages":[{"role":"user","content":["a"]}]})", "messages[0].content[0]");
  ExpectInvalid(R"({"messages":[{"role":"user","content":[{"text":"a"}]}]})",
                "messages[0].content[0]");
  ExpectInvalid(R"({"messages":[{"role":"user","content":[{"type":"text","text":1}]}]})",
                "messages[0].content[0].text");
}

TEST(ChatRequest, Roles) {
  const auto role = [](std::string_view name) {
    return Parsed(R"({"messages":[{"role":")" + std::string(name) + R"("}]})").messages.at(0).role;
  };
  for (const Role known :
       {Role::kSystem, Role::kDeveloper, Role::kUser, Role::kAssistant, Role::kTool}) {
    EXPECT_EQ(role(Name(known)), known);
  }
  EXPECT_EQ(role("function"), Role::kOther);
}

TEST(ChatRequest, ToolCallsOfMessages) {
  const auto call = [](std::string_view text) {
    const auto request =
        Parsed(R"({"messages":[{"role":"assistant","tool_calls":[)" + std::string(text) + "]}]}");
    return request.messages.at(0).tool_calls.at(0);
  };
  EXPECT_EQ(call(R"({"id":"a","function":{"name":"f","arguments":{"x": 1}}})").arguments,
            R"({"x": 1})");
  EXPECT_EQ(call(R"({"id":"a","function":{"name":"f","arguments":null}})").arguments, "");
  const auto custom = call(R"({"id":"a","type":"custom","custom":{"name":"f","input":"free"}})");
  EXPECT_TRUE(custom.custom);
  EXPECT_EQ(custom.arguments, "free");
  EXPECT_TRUE(Parsed(R"({"messages":[{"role":"assistant","tool_calls":null}]})")
                  .messages[0]
                  .tool_calls.empty());
  ExpectInvalid(R"({"messages":[{"role":"assistant","tool_calls":{}}]})", "messages[0].tool_calls");
  ExpectInvalid(R"({"messages":[{"role":"assistant","tool_calls":[{"id":5}]}]})",
                "messages[0].tool_calls[0].id");
}

TEST(ChatRequest, Tools) {
  EXPECT_TRUE(Parsed(With(R"("tools":[])")).tools.empty());
  EXPECT_EQ(
      Parsed(With(R"("tools":[{"function":{"name":"f","parameters":null}}])")).tools[0].parameters,
      "");
  EXPECT_TRUE(Parsed(With(R"("tools":[{"type":"custom","custom":{"name":"f"}}])")).tools.empty());
  ExpectInvalid(With(R"("tools":{})"), "tools");
  ExpectInvalid(With(R"("tools":[1])"), "tools[0]");
  ExpectInvalid(With(R"("tools":[{"type":"function"}])"), "tools[0]");
  ExpectInvalid(With(R"("tools":[{"type":"function","function":{}}])"), "tools[0].function");
  ExpectInvalid(With(R"("tools":[{"type":"function","function":{"name":1}}])"),
                "tools[0].function.name");
}

TEST(ChatRequest, ToolChoiceInEveryShape) {
  const auto choice = [](std::string_view value) {
    return Parsed(With(R"("tool_choice":)" + std::string(value))).tool_choice;
  };
  EXPECT_EQ(choice(R"("auto")"), ToolChoice::kAuto);
  EXPECT_EQ(choice(R"("none")"), ToolChoice::kNone);
  EXPECT_EQ(choice(R"("required")"), ToolChoice::kRequired);
  EXPECT_EQ(choice(R"("any")"), ToolChoice::kRequired);
  EXPECT_EQ(choice(R"("new word")"), ToolChoice::kAuto);
  EXPECT_EQ(choice(R"({"function":{"name":"f"},"type":"function"})"), ToolChoice::kFunction);
  EXPECT_EQ(choice(R"({"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[]}})"),
            ToolChoice::kRequired);
  EXPECT_EQ(choice(R"({"type":"allowed_tools","allowed_tools":{"mode":"auto"}})"),
            ToolChoice::kAuto);
  EXPECT_EQ(choice(R"({"type":"custom","custom":{"name":"f"}})"), ToolChoice::kRequired);
  EXPECT_EQ(choice(R"({"type":"web_search"})"), ToolChoice::kAuto);
  ExpectInvalid(With(R"("tool_choice":true)"), "tool_choice");
  ExpectInvalid(With(R"("tool_choice":["auto"])"), "tool_choice");
  ExpectInvalid(With(R"("tool_choice":{"type":"function"})"), "tool_choice");
  ExpectInvalid(With(R"("tool_choice":{"type":"function","function":"f"})"),
                "tool_choice.function");
}

TEST(ChatRequest, ResponseFormatInEveryShape) {
  const auto format = [](std::string_view value) {
    const auto request = Parsed(With(R"("response_format":)" + std::string(value)));
    return std::pair(request.response_format, request.response_schema);
  };
  using enum ResponseFormat;
  EXPECT_EQ(format(R"({"type":"text"})"), std::pair(kText, std::string()));
  EXPECT_EQ(format(R"({"type":"json_object"})"), std::pair(kJsonObject, std::string()));
  EXPECT_EQ(format(R"({"type":"json_object","schema":{"a": 1}})"),
            std::pair(kJsonSchema, std::string(R"({"a": 1})")));
  EXPECT_EQ(format(R"({"json_schema":{"schema":true},"type":"json_schema"})"),
            std::pair(kJsonSchema, std::string("true")));
  EXPECT_EQ(format(R"({"type":"json_schema","json_schema":{"name":"x"}})"),
            std::pair(kJsonSchema, std::string()));
  EXPECT_EQ(format(R"({"type":"structural_tag"})"), std::pair(kText, std::string()));
  ExpectInvalid(With(R"("response_format":"json")"), "response_format");
  ExpectInvalid(With(R"("response_format":{})"), "response_format");
  ExpectInvalid(With(R"("response_format":{"type":"json_schema"})"), "response_format");
  ExpectInvalid(With(R"("response_format":{"type":"json_schema","json_schema":7})"),
                "response_format.json_schema");
}

TEST(ChatRequest, WrongTypesNameTheMember) {
  const std::pair<const char*, const char*> cases[] = {
      {R"("model":1)", "model"},
      {R"("stream":"true")", "stream"},
      {R"("stream":1)", "stream"},
      {R"("stream_options":true)", "stream_options"},
      {R"("stream_options":{"include_usage":1})", "stream_options.include_usage"},
      {R"("n":"1")", "n"},
      {R"("n":1.5)", "n"},
      {R"("n":0)", "n"},
      {R"("n":129)", "n"},
      {R"("n":-1)", "n"},
      {R"("n":99999999999999999999)", "n"},
      {R"("max_tokens":"5")", "max_tokens"},
      {R"("max_completion_tokens":1e3)", "max_completion_tokens"},
      {R"("seed":9223372036854775808)", "seed"},
      {R"("temperature":"hot")", "temperature"},
      {R"("temperature":1e999)", "temperature"},
      {R"("logprobs":5)", "logprobs"},
      {R"("top_logprobs":true)", "top_logprobs"},
      {R"("top_logprobs":-1)", "top_logprobs"},
      {R"("user":{})", "user"},
  };
  for (const auto& [member, param] : cases) ExpectInvalid(With(member), param);
}

TEST(ChatRequest, MessagesOfErrorsSayWhatWasExpected) {
  const auto request = ParseChatRequest(With(R"("n":"1")"));
  EXPECT_EQ(request.error().message, "'n' must be an integer, not a string");
}

// Each breaks the grammar of RFC 8259 somewhere, also far from what we read.
const std::vector<std::string> kMalformed = {
    "",
    " ",
    "null",
    "7",
    "\"x\"",
    "[]",
    "[{" + std::string(kUser) + "}]",
    "{",
    "{" + std::string(kUser),
    "{" + std::string(kUser) + "]",
    "{" + std::string(kUser) + "}}",
    "{" + std::string(kUser) + "} x",
    "{" + std::string(kUser) + "},",
    "{" + std::string(kUser) + ",}",
    "{," + std::string(kUser) + "}",
    With("\"x\""),
    With("\"x\":"),
    With("\"x\" 1"),
    With("x:1"),
    With("'x':1"),
    With("1:1"),
    With("\"x\":[1,2"),
    With("\"x\":[1 2]"),
    With("\"x\":[1,]"),
    With("\"x\":[,1]"),
    With("\"x\":[1}"),
    With("\"x\":{\"a\":1]"),
    With("\"x\":{\"a\"}"),
    With("\"x\":{\"a\":1,}"),
    With("\"x\":{{}}"),
    With("\"x\":tru"),
    With("\"x\":truee"),
    With("\"x\":nul"),
    With("\"x\":NaN"),
    With("\"x\":Infinity"),
    With("\"x\":01"),
    With("\"x\":-"),
    With("\"x\":1."),
    With("\"x\":.5"),
    With("\"x\":+1"),
    With("\"x\":1e"),
    With("\"x\":1e+"),
    With("\"x\":0x1"),
    With("\"x\":1a"),
    With("\"x\":1\"a\""),
    With("\"x\":\"a\"b"),
    With("\"x\":\"a\"\"b\""),
    With("\"x\":\"a\":1"),
    With("\"x\":\"a\" :\"b\",\"y\":{\"c\":2}}"),
    With("\"x\":[\"a\":1]"),
    With("\"x\":1:2"),
    With("\"x\":\"\\x\""),
    With("\"x\":\"\\u12\""),
    With("\"x\":\"\\u12g4\""),
    With("\"x\":\"\\ud800\""),
    With("\"x\":\"\\udc00\""),
    With("\"x\":\"\\ud800\\u0041\""),
    With("\"x\":\"\\ud800\\ud800\""),
    With("\"x\":\"a\nb\""),
    With("\"x\":\"a\tb\""),
    With(std::string("\"x\":\"a\0b\"", 9)),
    With("\"x\":\"\xFF\""),
    With("\"x\":\"\xC0\x80\""),
    With("\"x\":\"\xED\xA0\x80\""),
    With("\"x\":\"\xC3\""),
    With("\"\\ud800\":1"),
    With("\"x\":\"unclosed"),
    With("\"x\":/*c*/1"),
    With("\"x\":1//c"),
    "\xEF\xBB\xBF{" + std::string(kUser) + "}",
    std::string("{") + '\0' + std::string(kUser) + "}",
    "{" + std::string(kUser) + "}" + '\0',
    "{" + std::string(kUser) + "\f}",
};

TEST(ChatRequest, MalformedJsonFails) {
  for (const std::string& body : kMalformed) {
    ExpectInvalid(body, "");
    EXPECT_FALSE(ParseJson(body).has_value() && ParseJson(body)->is_object()) << body;
  }
}

TEST(ChatRequest, MalformedValuesOfMembersWeReadFail) {
  for (const char* member :
       {"\"model\":tru", "\"model\":\"a", "\"stream\":tru", "\"stream\":nul", "\"n\":01",
        "\"temperature\":1.", "\"tools\":nul", "\"tools\":[{]", "\"tool_choice\":nulll",
        "\"response_format\":n", "\"user\":\"\\q\"", "\"user\":\"a\":1",
        "\"tool_choice\":{\"type\":\"function\":\"s\",\"x\":{}}}"}) {
    EXPECT_FALSE(ParseChatRequest(With(member)).has_value()) << member;
  }
}

TEST(ChatRequest, DepthIsLimited) {
  Parsed(With("\"x\":" + Nested(kMaxJsonDepth - 1)));
  EXPECT_FALSE(ParseChatRequest(With("\"x\":" + Nested(kMaxJsonDepth))).has_value());
  EXPECT_FALSE(ParseChatRequest(With("\"x\":" + Nested(200'000))).has_value());
  EXPECT_FALSE(ParseChatRequest("{\"messages\":" + Nested(200'000) + "}").has_value());
  EXPECT_FALSE(ParseChatRequest(With("\"x\":" + std::string(200'000, '['))).has_value());
}

TEST(ChatRequest, HugeNumbersPassThrough) {
  const std::string body = With("\"x\":" + std::string(10'000, '9') + ",\"y\":1e99999,\"z\":-0.0");
  EXPECT_EQ(Parsed(body).body, body);
}

TEST(ChatRequest, LargeBodiesAndSmallOnesAfterThem) {
  const std::string text(3U << 20, 'x');
  const auto large = Parsed(R"({"messages":[{"role":"user","content":")" + text + "\"}]}");
  EXPECT_EQ(large.messages[0].text, text);
  EXPECT_EQ(Parsed(With(R"("n":2)")).n, 2);
}

TEST(ChatRequest, LastUserTextIsEmptyWithoutAUser) {
  EXPECT_EQ(LastUserText(Parsed(R"({"messages":[{"role":"system","content":"s"}]})")), "");
}

}  // namespace
}  // namespace understudy
