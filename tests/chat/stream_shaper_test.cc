#include "chat/stream_shaper.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kOffered =
    R"({"messages":[{"role":"user","content":"x"}],"tools":[)"
    R"({"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"g"}}])";

ChatRequest Asking(std::string_view more = "") {
  auto request = ParseChatRequest(kOffered + std::string(more) + "}");
  EXPECT_TRUE(request) << request.error().ToString();
  return *std::move(request);
}

std::string Delta(std::string_view delta, std::string_view finish = "null", int choice = 0) {
  return fmt::format(
      R"({{"id":"c","model":"m","x":1.50,"choices":[{{"index":{},"delta":{},"finish_reason":{}}}]}})",
      choice, delta, finish);
}
std::string Calls(std::string_view calls) {
  return Delta(R"({"tool_calls":[)" + std::string(calls) + "]}");
}
std::string Text(std::string_view text) {
  return Delta(R"({"content":)" + JsonString(text) + "}");
}
const std::string kStop = Delta("{}", R"("stop")");
constexpr const char* kUsage =
    R"({"id":"c","model":"m","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}})";

struct Shaped {
  std::vector<std::string> payloads;
  ChatAnswer answer;    // the sum that is recorded
  ChatAnswer received;  // what a client makes of the payloads
};

// Adds up chunks as OpenAI's clients do: by index alone, all else taken as it comes.
struct NaiveClient {
  void Add(const json::value& chunk) {
    EXPECT_EQ(StringOr(chunk, "id"), id.empty() ? StringOr(chunk, "id") : id);
    id = StringOr(chunk, "id");
    EXPECT_FALSE(id.empty());
    EXPECT_FALSE(StringOr(chunk, "model").empty());
    for (const auto& choice : chunk.at("choices").as_array()) {
      const json::value* delta = Find(choice, "delta");
      if (const json::value* list = Find(*delta, "tool_calls")) {
        for (const auto& piece : list->as_array()) AddCall(piece);
      }
    }
  }
  void AddCall(const json::value& piece) {
    ASSERT_TRUE(piece.at("index").is_int64());
    const auto index = static_cast<size_t>(piece.at("index").as_int64());
    ASSERT_LE(index, calls.size()) << "a gap";
    const json::value& function = piece.at("function");
    if (index == calls.size()) {
      calls.emplace_back();
      EXPECT_FALSE(StringOr(piece, "id").empty()) << "not in the first piece";
      EXPECT_FALSE(StringOr(function, "name").empty()) << "not in the first piece";
      EXPECT_EQ(StringOr(piece, "type"), "function");
    }
    calls[index].id += StringOr(piece, "id");
    calls[index].name += StringOr(function, "name");
    const json::value* arguments = Find(function, "arguments");
    if (arguments) {
      ASSERT_TRUE(arguments->is_string());
      calls[index].arguments += StringOr(function, "arguments");
    }
  }
  std::string id;
  std::vector<ToolCall> calls;
};

Shaped Shape(const ChatRequest& request, const std::vector<std::string>& data, bool end = true) {
  StreamShaper shaper(request, "ours", 1'700'000'000'000);
  std::vector<ChatChunk> out;
  for (const std::string& text : data) {
    auto chunk = ParseChatChunk(text);
    EXPECT_TRUE(chunk) << text << ": " << chunk.error().message;
    if (chunk) shaper.Add(*std::move(chunk), out);
  }
  if (end) shaper.End(out);
  Shaped shaped;
  AnswerBuilder received;
  for (ChatChunk& chunk : out) {
    received.Add(chunk);
    shaped.payloads.push_back(std::move(chunk.data));
  }
  shaped.answer = std::move(shaper).Build();
  shaped.received = std::move(received).Build(0);
  EXPECT_TRUE(SameAnswer(shaped.answer, shaped.received)) << shaped.answer.body;
  return shaped;
}

std::vector<ToolCall> CallsOf(const std::vector<std::string>& payloads) {
  NaiveClient client;
  for (const std::string& payload : payloads) client.Add(ParseJson(payload).value());
  return client.calls;
}

std::string LastFinish(const std::vector<std::string>& payloads) {
  std::string finish;
  for (const std::string& payload : payloads) {
    const auto value = ParseJson(payload).value();
    for (const auto& choice : value.at("choices").as_array()) {
      const auto said = StringOr(choice, "finish_reason");
      if (!said.empty()) finish = said;
    }
  }
  return finish;
}

TEST(StreamShaper, WhatIsInShapeGoesByteForByte) {
  const std::vector<std::string> data{
      Delta(R"({"role":"assistant","content":""})"),
      Text("a < b [1]"),
      Calls(R"({"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}})"),
      Calls(R"({"index":0,"function":{"arguments":"{}"}})"),
      Calls(R"({"index":1,"id":"b","type":"function","function":{"name":"g","arguments":"{"}})"),
      Calls(R"({"index":0,"function":{"arguments":" "}},{"index":1,"function":{"arguments":"}"}})"),
      Delta("{}", R"("tool_calls")")};
  const ChatRequest request = Asking();
  EXPECT_EQ(Shape(request, data).payloads, data);
  const ChatRequest with_usage = Asking(R"(,"stream_options":{"include_usage":true})");
  auto more = data;
  more.emplace_back(kUsage);
  EXPECT_EQ(Shape(with_usage, more).payloads, more);
}

// Item by item: what upstreams send, and what must come of it.
struct Broken {
  const char* name;
  std::vector<std::string> pieces;
  std::vector<std::pair<std::string, std::string>> calls;  // name, arguments
};

class BrokenCalls : public ::testing::TestWithParam<Broken> {};

TEST_P(BrokenCalls, ArriveWhole) {
  std::vector<std::string> data{Delta(R"({"role":"assistant","content":null})")};
  for (const std::string& piece : GetParam().pieces) data.push_back(Calls(piece));
  data.push_back(kStop);
  const ChatRequest request = Asking();
  const Shaped shaped = Shape(request, data);
  const auto calls = CallsOf(shaped.payloads);
  ASSERT_EQ(calls.size(), GetParam().calls.size());
  for (size_t i = 0; i < calls.size(); ++i) {
    EXPECT_EQ(calls[i].name, GetParam().calls[i].first);
    EXPECT_EQ(calls[i].arguments, GetParam().calls[i].second);
    for (size_t j = 0; j < i; ++j) EXPECT_NE(calls[i].id, calls[j].id);
  }
  EXPECT_EQ(LastFinish(shaped.payloads), "tool_calls");
  EXPECT_THAT(shaped.payloads.back(), HasSubstr("\"x\":1.5")) << "what nobody knows stays";
}

const Broken kBroken[] = {
    {"MissingIndices",
     {R"({"id":"a","function":{"name":"f","arguments":"{"}})", R"({"function":{"arguments":"}"}})",
      R"({"id":"b","function":{"name":"g","arguments":"{}"}})"},
     {{"f", "{}"}, {"g", "{}"}}},
    {"AllIndicesZero",
     {R"({"index":0,"id":"a","function":{"name":"f","arguments":"{}"}})",
      R"({"index":0,"id":"b","function":{"name":"f","arguments":"{"}})",
      R"({"index":0,"function":{"arguments":"}"}})"},
     {{"f", "{}"}, {"f", "{}"}}},
    {"CollidingButEveryPieceHasItsId",
     {R"({"index":0,"id":"a","function":{"name":"f","arguments":"{"}})",
      R"({"index":0,"id":"b","function":{"name":"g","arguments":"["}})",
      R"({"index":0,"id":"a","function":{"arguments":"}"}})",
      R"({"index":0,"id":"b","function":{"arguments":"]"}})"},
     {{"f", "{}"}, {"g", "[]"}}},
    {"FromOne",
     {R"({"index":1,"id":"a","function":{"name":"f","arguments":"{}"}})",
      R"({"index":2,"id":"b","function":{"name":"g","arguments":"{}"}})"},
     {{"f", "{}"}, {"g", "{}"}}},
    {"NullTextAndFraction",
     {R"({"index":null,"id":"a","function":{"name":"f","arguments":"{}"}})",
      R"({"index":"1","id":"b","function":{"name":"g","arguments":"{"}})",
      R"({"index":1.0,"id":"b","function":{"arguments":"}"}})"},
     {{"f", "{}"}, {"g", "{}"}}},
    {"NoIdsAtAll",
     {R"({"index":0,"function":{"name":"f","arguments":"{\"a\":1}"}})",
      R"({"index":0,"function":{"name":"f","arguments":"{\"a\":2}"}})",
      R"({"index":0,"function":{"name":"g","arguments":"{}"}})"},
     {{"f", "{\"a\":1}"}, {"f", "{\"a\":2}"}, {"g", "{}"}}},
    {"NameAndIdInEveryPiece",
     {R"({"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{"}})",
      R"({"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"}"}})",
      R"({"index":0,"id":"a","type":"function","function":{"name":"f","arguments":""}})"},
     {{"f", "{}"}}},
    {"AnotherIdInEveryPiece",
     {R"({"index":0,"id":"a1","function":{"name":"f","arguments":"{"}})",
      R"({"index":0,"id":"a2","function":{"name":null,"arguments":"}"}})"},
     {{"f", "{}"}}},
    {"OneIdForSeveralCalls",
     {R"({"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{}"}})",
      R"({"index":1,"id":"a","type":"function","function":{"name":"f","arguments":""}})",
      R"({"index":1,"function":{"arguments":"{\"a\":2}"}})",
      R"({"index":2,"id":"a","type":"function","function":{"name":"g","arguments":"{}"}})"},
     {{"f", "{}"}, {"f", "{\"a\":2}"}, {"g", "{}"}}},
    {"ACallThatNeverGetsAName",
     {R"({"index":0,"id":"a","type":"function","function":{"arguments":"{}"}})",
      R"({"index":1,"id":"b","type":"function","function":{"name":"g","arguments":"{"}})",
      R"({"index":1,"function":{"arguments":"}"}})"},
     {{"g", "{}"}}},
    {"TheNameComesLate",
     {R"({"index":0,"id":"a","function":{"arguments":"{"}})",
      R"({"index":0,"function":{"name":"f","arguments":"\"b\""}},{"index":0,"function":{"arguments":":1}"}})"},
     {{"f", "{\"b\":1}"}}},
    {"ArgumentsAsAnObject",
     {R"({"index":0,"id":"a","type":"function","function":{"name":"f","arguments":{"b":1}}})"},
     {{"f", "{\"b\":1}"}}},
};
INSTANTIATE_TEST_SUITE_P(StreamShaper, BrokenCalls, ::testing::ValuesIn(kBroken),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(StreamShaper, OneIdAndOneModelThroughout) {
  const ChatRequest request = Asking();
  for (const char* second : {R"("id":"","model":"")", R"("id":"d","model":"n")", R"("y":0)"}) {
    const auto shaped =
        Shape(request,
              {Text("a"),
               fmt::format(R"({{{},"choices":[{{"delta":{{"content":"b"}}}}]}})", second), kStop});
    ASSERT_EQ(shaped.payloads.size(), 3u);
    EXPECT_EQ(shaped.payloads[0], Text("a"));
    const auto value = ParseJson(shaped.payloads[1]).value();
    EXPECT_EQ(StringOr(value, "id"), "c");
    EXPECT_EQ(StringOr(value, "model"), "m");
  }
  const auto nameless = Shape(request, {R"({"choices":[{"delta":{"content":"b"}}]})",
                                        R"({"choices":[{"delta":{},"finish_reason":"stop"}]})"});
  const auto first = ParseJson(nameless.payloads.at(0)).value();
  EXPECT_THAT(std::string(StringOr(first, "id")), ::testing::StartsWith("chatcmpl-"));
  EXPECT_EQ(StringOr(first, "model"), "ours");
  EXPECT_EQ(StringOr(ParseJson(nameless.payloads.at(1)).value(), "id"), StringOr(first, "id"));
  EXPECT_EQ(nameless.answer.id, StringOr(first, "id")) << "what is recorded is what was sent";
}

TEST(StreamShaper, AFirstChunkWithoutChoicesWaitsForItsName) {
  const ChatRequest request = Asking();
  const auto shaped =
      Shape(request,
            {R"({"id":"","model":"","choices":[],"prompt_filter_results":[7]})", Text("a"), kStop});
  ASSERT_EQ(shaped.payloads.size(), 3u);
  EXPECT_THAT(shaped.payloads[0], HasSubstr("prompt_filter_results"));
  EXPECT_THAT(shaped.payloads[0], HasSubstr(R"("id":"c")"));
  EXPECT_EQ(shaped.payloads[1], Text("a"));
}

TEST(StreamShaper, FinishSaysToolCallsExactlyWhenThereAreSome) {
  const ChatRequest request = Asking();
  const std::string call =
      Calls(R"({"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{"}})");
  const std::pair<const char*, const char*> with_call[] = {{"stop", "tool_calls"},
                                                           {"tool_calls", "tool_calls"},
                                                           {"eos", "tool_calls"},
                                                           {"length", "length"},
                                                           {"content_filter", "content_filter"}};
  for (const auto& [said, right] : with_call) {
    const auto shaped = Shape(request, {call, Delta("{}", JsonString(said))});
    EXPECT_EQ(LastFinish(shaped.payloads), right);
  }
  const std::pair<const char*, const char*> without[] = {
      {"stop", "stop"}, {"tool_calls", "stop"}, {"length", "length"}, {"eos", "eos"}};
  for (const auto& [said, right] : without) {
    EXPECT_EQ(LastFinish(Shape(request, {Text("a"), Delta("{}", JsonString(said))}).payloads),
              right);
  }
  const std::string legacy = Delta(R"({"function_call":{"name":"f"}})", R"("function_call")");
  EXPECT_EQ(Shape(request, {legacy}).payloads.at(0), legacy);
}

TEST(StreamShaper, AFinishIsAddedWhereTheUpstreamForgotIt) {
  const ChatRequest request = Asking();
  EXPECT_EQ(LastFinish(Shape(request, {Text("a")}).payloads), "stop");
  EXPECT_EQ(LastFinish(Shape(request, {Calls(R"({"id":"a","function":{"name":"f"}})")}).payloads),
            "tool_calls");
  EXPECT_EQ(LastFinish(Shape(request, {Text("a")}, false).payloads), "") << "it broke off";
}

TEST(StreamShaper, UsageComesIfAskedForOnceAtTheEndWithoutChoices) {
  const std::string with_choices =
      R"({"id":"c","model":"m","choices":[{"index":0,"delta":{"content":"a"}}],)"
      R"("usage":{"prompt_tokens":3,"completion_tokens":2}})";
  const ChatRequest asked = Asking(R"(,"stream_options":{"include_usage":true})");
  const ChatRequest unasked = Asking();
  const std::vector<std::vector<std::string>> streams = {
      {Text("a"), kStop, kUsage}, {with_choices, kStop}, {kUsage, with_choices, kUsage, kStop}};
  for (const auto& stream : streams) {
    const auto told = Shape(asked, stream);
    int usages = 0;
    for (const auto& payload : told.payloads) {
      const auto value = ParseJson(payload).value();
      const json::value* usage = Find(value, "usage");
      if (!usage || usage->is_null()) continue;
      ++usages;
      EXPECT_TRUE(value.at("choices").as_array().empty());
      EXPECT_EQ(&payload, &told.payloads.back());
      EXPECT_EQ(IntOr(*usage, "completion_tokens", 0), 2);
    }
    EXPECT_EQ(usages, 1);
    const auto untold = Shape(unasked, stream);
    for (const auto& payload : untold.payloads) EXPECT_THAT(payload, Not(HasSubstr("\"usage\":{")));
    EXPECT_EQ(untold.answer.usage.completion_tokens, 2) << "counted all the same";
    EXPECT_TRUE(untold.answer.usage.known);
  }
}

TEST(StreamShaper, UsageIsEstimatedWhereTheUpstreamTellsNone) {
  const ChatRequest asked = Asking(R"(,"stream_options":{"include_usage":true})");
  const auto shaped = Shape(asked, {Text("eight by"), kStop});
  const auto last = ParseJson(shaped.payloads.back()).value();
  EXPECT_EQ(IntOr(last.at("usage"), "completion_tokens", 0), 2);
  EXPECT_GT(IntOr(last.at("usage"), "prompt_tokens", 0), 5);
  EXPECT_FALSE(shaped.answer.usage.known);
  EXPECT_EQ(shaped.answer.usage.completion_tokens, 2);
}

TEST(StreamShaper, TheSharesOfSeveralChoicesAreAddedUp) {
  const ChatRequest asked = Asking(R"(,"n":2,"stream_options":{"include_usage":true})");
  const auto shaped =
      Shape(asked, {Text("a"), kStop, kUsage, Delta(R"({"content":"b"})", R"("stop")", 1), kUsage});
  EXPECT_EQ(shaped.answer.usage.completion_tokens, 4);
  EXPECT_EQ(shaped.answer.usage.prompt_tokens, 3);
  EXPECT_THAT(shaped.payloads.back(), HasSubstr(R"("completion_tokens":4)"));
}

TEST(StreamShaper, ACallLeftInTheContentBecomesOne) {
  const ChatRequest request = Asking();
  const std::string text =
      "Sure.\n<tool_call>\n{\"name\":\"g\",\"arguments\":{\"a\":\"<b>\"}}\n</tool_call>";
  for (size_t cut = 1; cut < text.size(); cut += 3) {
    const auto shaped = Shape(request, {Text(text.substr(0, cut)), Text(text.substr(cut)), kStop});
    EXPECT_EQ(shaped.received.choices.at(0).content, "Sure.\n") << cut;
    const auto calls = CallsOf(shaped.payloads);
    ASSERT_EQ(calls.size(), 1u) << cut;
    EXPECT_EQ(calls[0].name, "g");
    EXPECT_EQ(calls[0].arguments, R"({"a":"<b>"})");
    EXPECT_EQ(LastFinish(shaped.payloads), "tool_calls");
  }
}

TEST(StreamShaper, AnUnclosedEnvelopeNeverLeaks) {
  const ChatRequest request = Asking();
  const auto shaped = Shape(request, {Text("Well, <tool"), Text("_call>{\"name\":\"f\",\"argu"),
                                      Delta("{}", R"("length")")});
  EXPECT_EQ(shaped.received.choices.at(0).content, "Well, ");
  EXPECT_TRUE(CallsOf(shaped.payloads).empty());
  EXPECT_EQ(LastFinish(shaped.payloads), "length");
  const auto text = Shape(request, {Text("1 <"), Text(" 2 and <tool"), kStop});
  EXPECT_EQ(text.received.choices.at(0).content, "1 < 2 and <tool") << "no envelope at all";
  const ChatRequest no_tools =
      ParseChatRequest(R"({"messages":[{"role":"user","content":"x"}]})").value();
  const auto essay = Shape(no_tools, {Text("<tool_call> begins a call"), kStop});
  EXPECT_EQ(essay.received.choices.at(0).content, "<tool_call> begins a call");
}

TEST(ShapeAnswer, StaysByteForByteWhereNothingIsWrong) {
  const ChatRequest request = Asking();
  const std::string body =
      R"({ "id":"c","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":null,)"
      R"("tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]},)"
      R"("finish_reason":"tool_calls"}],"usage":{"prompt_tokens":1,"completion_tokens":1}})";
  ChatAnswer answer = ParseChatAnswer(body).value();
  ShapeAnswer(answer, request, "ours", 0);
  EXPECT_EQ(answer.body, body);
}

TEST(ShapeAnswer, CallsThatShareAnIdGetTheirOwn) {
  const ChatRequest request = Asking();
  const std::string call =
      R"({"id":"a","type":"function","function":{"name":"f","arguments":"{}"}})";
  ChatAnswer answer = ParseChatAnswer(R"({"choices":[{"message":{"content":null,"tool_calls":[)" +
                                      call + "," + call + R"(]},"finish_reason":"tool_calls"}]})")
                          .value();
  ShapeAnswer(answer, request, "ours", 0);
  const auto calls = ParseChatAnswer(answer.body).value().choices.at(0).tool_calls;
  ASSERT_EQ(calls.size(), 2u);
  EXPECT_EQ(calls[0].id, "a");
  EXPECT_EQ(calls[1].id.substr(0, 5), "call_");
}

TEST(ShapeAnswer, PutsRightWhatAStreamWould) {
  const ChatRequest request = Asking();
  ChatAnswer answer =
      ParseChatAnswer(
          R"({"z":1,"choices":[{"message":{"content":"so <tool_call>{\"name\":\"g\"}</tool_call>",)"
          R"("tool_calls":[{"function":{"name":"f","arguments":{"a":1}}}]},"finish_reason":"stop"}]})")
          .value();
  ShapeAnswer(answer, request, "ours", 0);
  const auto again = ParseChatAnswer(answer.body).value();
  EXPECT_TRUE(SameAnswer(answer, again));
  EXPECT_EQ(again.model, "ours");
  EXPECT_EQ(again.id.substr(0, 9), "chatcmpl-");
  const Choice& choice = again.choices.at(0);
  EXPECT_EQ(choice.content, "so ");
  EXPECT_EQ(choice.finish, FinishReason::kToolCalls);
  ASSERT_EQ(choice.tool_calls.size(), 2u);
  EXPECT_EQ(choice.tool_calls[0].arguments, R"({"a":1})");
  EXPECT_EQ(choice.tool_calls[1].name, "g");
  EXPECT_FALSE(choice.tool_calls[1].id.empty());
  EXPECT_THAT(answer.body, HasSubstr("\"z\":1"));
  EXPECT_GT(answer.usage.prompt_tokens, 0);
}

}  // namespace
}  // namespace understudy
