#include "chat/responses_wire.h"

#include <gmock/gmock.h>

#include "base/json.h"
#include "chat/sse.h"
#include "support/golden.h"

namespace understudy {
namespace {

constexpr int64_t kWallMs = 1'760'000'000'000;

ChatChunk Delta(std::string_view delta, std::string_view finish = "null") {
  auto chunk =
      ParseChatChunk(R"({"id":"chatcmpl-7","model":"up","choices":[{"index":0,"delta":)" +
                     std::string(delta) + R"(,"finish_reason":)" + std::string(finish) + "}]}");
  EXPECT_TRUE(chunk) << chunk.error().ToString();
  return *std::move(chunk);
}

class ResponsesWireTest : public testing::Test {
 protected:
  ResponsesWireTest() {
    EXPECT_TRUE(wire_.ReadRequest(R"({"model":"m","input":"x","instructions":"be brief"})"));
  }

  std::string Stream(const std::vector<ChatChunk>& chunks) {
    std::string out;
    for (const ChatChunk& chunk : chunks) wire_.AddChunk(chunk, &out);
    wire_.EndStream(Usage{20, 7, 4, 3, true}, &out);
    return out;
  }

  // The stream's data, each checked: its type is the event's, and its number follows.
  static std::vector<json::value> Events(const std::string& stream) {
    SseParser parser;
    parser.Feed(stream);
    std::vector<json::value> events;
    while (true) {
      const auto event = parser.Next();
      EXPECT_TRUE(event);
      if (!event || !*event) return events;
      auto data = ParseJson((*event)->data);
      EXPECT_TRUE(data) << (*event)->data;
      if (!data) return events;
      EXPECT_EQ(StringOr(*data, "type"), (*event)->event);
      EXPECT_EQ(IntOr(*data, "sequence_number", -1), static_cast<int64_t>(events.size()));
      events.push_back(*std::move(data));
    }
  }

  ResponsesWire wire_{kWallMs};
};

TEST_F(ResponsesWireTest, StreamsText) {
  EXPECT_TRUE(MatchesGolden(
      "chat/golden/responses_text.txt",
      Stream({Delta(R"({"role":"assistant","content":""})"), Delta(R"({"content":"Hello "})"),
              Delta(R"({"content":"\"world\""})", R"("stop")")})));
}

TEST_F(ResponsesWireTest, StreamsReasoningTextAndTwoCalls) {
  const std::string out =
      Stream({Delta(R"({"reasoning_content":"hm"})"), Delta(R"({"content":"I look."})"),
              Delta(R"({"tool_calls":[{"index":0,"id":"call_a","type":"function",)"
                    R"("function":{"name":"f","arguments":"{\"a\":"}}]})"),
              Delta(R"({"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]})"),
              Delta(R"({"tool_calls":[{"index":1,"id":"call_b","type":"function",)"
                    R"("function":{"name":"g","arguments":"{}"}}]})"),
              Delta("{}", R"("tool_calls")")});
  EXPECT_TRUE(MatchesGolden("chat/golden/responses_calls.txt", out));
}

TEST_F(ResponsesWireTest, ItemIdsMatchThroughout) {
  const auto events =
      Events(Stream({Delta(R"({"content":"I look."})"),
                     Delta(R"({"tool_calls":[{"index":0,"id":"call_a","function":{"name":"f",)"
                           R"("arguments":"{}"}}]})",
                           R"("tool_calls")")}));
  std::vector<std::string> added;
  for (const json::value& event : events) {
    const auto index = static_cast<size_t>(IntOr(event, "output_index", 0));
    if (const json::value* item = Find(event, "item")) {
      const std::string id(StringOr(*item, "id"));
      if (StringOr(event, "type") == "response.output_item.added") added.push_back(id);
      EXPECT_EQ(id, added.at(index));
    }
    if (!Find(event, "item_id")) continue;
    EXPECT_EQ(StringOr(event, "item_id"), added.at(index));
  }
  ASSERT_EQ(added.size(), 2U);
  const json::value& response = events.back().at("response");
  EXPECT_EQ(StringOr(response.at("output").at(0), "id"), added[0]);
  EXPECT_EQ(StringOr(response.at("output").at(1), "id"), added[1]);
  EXPECT_EQ(StringOr(response.at("output").at(1), "call_id"), "call_a");
}

TEST_F(ResponsesWireTest, ALengthLimitMakesItIncomplete) {
  const auto events = Events(Stream({Delta(R"({"content":"cut o"})", R"("length")")}));
  EXPECT_EQ(StringOr(events.back(), "type"), "response.incomplete");
  const json::value& response = events.back().at("response");
  EXPECT_EQ(StringOr(response, "status"), "incomplete");
  EXPECT_EQ(StringOr(response.at("incomplete_details"), "reason"), "max_output_tokens");
  EXPECT_EQ(StringOr(response.at("output").at(0), "status"), "incomplete");
}

TEST_F(ResponsesWireTest, AFailureIsAFailedResponse) {
  std::string out;
  wire_.AddChunk(Delta(R"({"content":"half"})"), &out);
  wire_.BreakStream(Unavailable("the upstream went away"), &out);
  const auto events = Events(out);
  EXPECT_EQ(StringOr(events.back(), "type"), "response.failed");
  const json::value& response = events.back().at("response");
  EXPECT_EQ(StringOr(response.at("error"), "code"), "server_error");
  EXPECT_EQ(StringOr(response.at("error"), "message"), "the upstream went away");
}

TEST_F(ResponsesWireTest, AHeldAnswerStreamsTheSameItems) {
  auto answer = ParseChatAnswer(
      R"({"id":"chatcmpl-7","model":"up","choices":[{"index":0,"message":{"content":"Hello"},)"
      R"("finish_reason":"stop"}],"usage":{"prompt_tokens":2,"completion_tokens":1}})");
  ASSERT_TRUE(answer);
  std::string out;
  ASSERT_TRUE(wire_.AddWhole(*answer, 0, &out));
  wire_.EndStream(answer->usage, &out);
  const auto events = Events(out);
  EXPECT_EQ(StringOr(events.back(), "type"), "response.completed");
  EXPECT_EQ(StringOr(events.back().at("response").at("output").at(0).at("content").at(0), "text"),
            "Hello");
}

TEST_F(ResponsesWireTest, AWholeAnswer) {
  auto answer = ParseChatAnswer(
      R"({"id":"chatcmpl-7","model":"up","choices":[{"index":0,"message":{"content":"I look.",)"
      R"("tool_calls":[{"id":"call_a","type":"function","function":{"name":"f",)"
      R"("arguments":"{\"a\": 1}"}}]},"finish_reason":"tool_calls"}],"usage":{"prompt_tokens":20,)"
      R"("completion_tokens":7,"prompt_tokens_details":{"cached_tokens":4},)"
      R"("completion_tokens_details":{"reasoning_tokens":3}}})");
  ASSERT_TRUE(answer);
  EXPECT_EQ(
      wire_.AnswerBody(*answer),
      R"({"id":"resp_7","object":"response","created_at":1760000000,"status":"completed",)"
      R"("background":false,"error":null,"incomplete_details":null,"model":"up","output":[)"
      R"({"id":"msg_7_0","type":"message","status":"completed","role":"assistant",)"
      R"("content":[{"type":"output_text","text":"I look.","annotations":[],"logprobs":[]}]},)"
      R"({"id":"fc_7_1","type":"function_call","status":"completed","call_id":"call_a",)"
      R"("name":"f","arguments":"{\"a\": 1}"}],"previous_response_id":null,"store":false,)"
      R"("usage":{"input_tokens":20,"input_tokens_details":{"cached_tokens":4},)"
      R"("output_tokens":7,"output_tokens_details":{"reasoning_tokens":3},"total_tokens":27},)"
      R"("instructions":"be brief","max_output_tokens":null,"metadata":{},)"
      R"("parallel_tool_calls":true,"reasoning":{"effort":null,"summary":null},)"
      R"("service_tier":null,"temperature":null,"text":{"format":{"type":"text"}},)"
      R"("tool_choice":"auto","tools":[],"top_p":null,"truncation":"disabled","user":null})");
}

}  // namespace
}  // namespace understudy
