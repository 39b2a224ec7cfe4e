#include "chat/messages_wire.h"

#include <gmock/gmock.h>

#include "base/json.h"
#include "chat/messages_answer.h"
#include "support/golden.h"

namespace understudy {
namespace {

using testing::HasSubstr;

constexpr std::string_view kAsked =
    R"({"model":"m","max_tokens":9,"messages":[{"role":"user","content":"x"}],)"
    R"("stop_sequences":["END"]})";

// A chunk with this choice, or with this usage.
ChatChunk Chunk(std::string_view choice, std::string_view usage = "null") {
  auto chunk = ParseChatChunk(R"({"id":"chatcmpl-7","model":"up","choices":[)" +
                              std::string(choice) + R"(],"usage":)" + std::string(usage) + "}");
  EXPECT_TRUE(chunk) << chunk.error().ToString();
  return *std::move(chunk);
}

ChatChunk Delta(std::string_view delta, std::string_view finish = "null") {
  return Chunk(R"({"index":0,"delta":)" + std::string(delta) + R"(,"finish_reason":)" +
               std::string(finish) + "}");
}

class MessagesWireTest : public testing::Test {
 protected:
  MessagesWireTest() { EXPECT_TRUE(wire_.ReadRequest(std::string(kAsked))); }

  std::string Stream(const std::vector<ChatChunk>& chunks, Usage usage = {20, 7, 4, 0, true}) {
    std::string out;
    for (const ChatChunk& chunk : chunks) wire_.AddChunk(chunk, &out);
    wire_.EndStream(usage, &out);
    return out;
  }

  MessagesWire wire_;
};

ChatAnswer Answer(std::string_view message, std::string_view finish = R"("stop")") {
  auto answer =
      ParseChatAnswer(R"({"id":"chatcmpl-7","model":"up","choices":[{"index":0,"message":)" +
                      std::string(message) + R"(,"finish_reason":)" + std::string(finish) +
                      R"(}],"usage":{"prompt_tokens":20,"completion_tokens":7,)"
                      R"("prompt_tokens_details":{"cached_tokens":4}}})");
  EXPECT_TRUE(answer) << answer.error().ToString();
  return *std::move(answer);
}

TEST_F(MessagesWireTest, StreamsText) {
  EXPECT_TRUE(MatchesGolden(
      "chat/golden/messages_text.txt",
      Stream({Delta(R"({"role":"assistant","content":""})"), Delta(R"({"content":"Hello "})"),
              Delta(R"({"content":"\"world\""})"), Delta("{}", R"("stop")"),
              Chunk("", R"({"prompt_tokens":20,"completion_tokens":7})")})));
}

TEST_F(MessagesWireTest, StreamsThinkingTextAndTwoCalls) {
  EXPECT_TRUE(MatchesGolden(
      "chat/golden/messages_calls.txt",
      Stream({Delta(R"({"reasoning_content":"hm"})"), Delta(R"({"content":"I look."})"),
              Delta(R"({"tool_calls":[{"index":0,"id":"call_a","type":"function",)"
                    R"("function":{"name":"f","arguments":""}}]})"),
              Delta(R"({"tool_calls":[{"index":0,"function":{"arguments":"{\"a\":"}}]})"),
              Delta(R"({"tool_calls":[{"index":0,"function":{"arguments":"1}"}}]})"),
              Delta(R"({"tool_calls":[{"index":1,"id":"call_b","type":"function",)"
                    R"("function":{"name":"g","arguments":"{}"}}]})"),
              Delta("{}", R"("tool_calls")")})));
}

TEST_F(MessagesWireTest, CallsThatComeInTurnsStandInARow) {
  const std::string out = Stream(
      {Delta(
           R"({"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\""}}]})"),
       Delta(
           R"({"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":"{\"y\""}}]})"),
       Delta(R"({"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]})"),
       Delta(R"({"tool_calls":[{"index":1,"function":{"arguments":":2}"}}]})"),
       Delta("{}", R"("tool_calls")")});
  EXPECT_TRUE(MatchesGolden("chat/golden/messages_in_turns.txt", out));
}

TEST_F(MessagesWireTest, AHeldAnswerStreamsTheSameBlocksAndKnowsItsUsage) {
  std::string out;
  const ChatAnswer answer = Answer(
      R"({"role":"assistant","content":"Hello","tool_calls":[{"id":"call_a","type":"function",)"
      R"("function":{"name":"f","arguments":"{\"a\":1}"}}]})",
      R"("tool_calls")");
  ASSERT_TRUE(wire_.AddWhole(answer, 0, &out));
  wire_.EndStream(answer.usage, &out);
  EXPECT_TRUE(MatchesGolden("chat/golden/messages_held.txt", out));
}

TEST_F(MessagesWireTest, AFailureIsAnErrorEvent) {
  std::string out;
  wire_.AddChunk(Delta(R"({"content":"half"})"), &out);
  wire_.BreakStream(Unavailable("the upstream went away"), &out);
  EXPECT_TRUE(
      out.ends_with("event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":"
                    "\"overloaded_error\",\"message\":\"the upstream went away\"}}\n\n"))
      << out;
}

TEST_F(MessagesWireTest, AWholeAnswer) {
  ChatAnswer answer = Answer(
      R"({"role":"assistant","content":"I look.","reasoning_content":"hm","tool_calls":[)"
      R"({"id":"call_a","type":"function","function":{"name":"f","arguments":"{\"a\": 1e400}"}},)"
      R"({"id":"call_b","type":"function","function":{"name":"g","arguments":"{bad"}}]})",
      R"("tool_calls")");
  EXPECT_EQ(wire_.AnswerBody(answer),
            R"({"id":"msg_7","type":"message","role":"assistant","model":"up","content":[)"
            R"({"type":"thinking","thinking":"hm","signature":""},)"
            R"({"type":"text","text":"I look."},)"
            R"({"type":"tool_use","id":"call_a","name":"f","input":{"a": 1e400}},)"
            R"({"type":"tool_use","id":"call_b","name":"g","input":{"invalid_json":"{bad"}}],)"
            R"("stop_reason":"tool_use","stop_sequence":null,"usage":{"input_tokens":16,)"
            R"("cache_creation_input_tokens":0,"cache_read_input_tokens":4,"output_tokens":7}})");
}

TEST_F(MessagesWireTest, EveryStopReason) {
  const auto reason = [&](std::string_view message, std::string_view finish) {
    ChatAnswer answer = Answer(message, finish);
    const auto body = ParseJson(wire_.AnswerBody(answer));
    const json::value* text = Find(*body, "stop_sequence");
    return std::string(StringOr(*body, "stop_reason")) + ' ' + json::serialize(*text);
  };
  constexpr std::string_view kText = R"({"content":"x"})";
  constexpr std::string_view kCall =
      R"({"content":null,"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}}]})";
  EXPECT_EQ(reason(kText, R"("stop")"), "end_turn null");
  EXPECT_EQ(reason(kText, R"("length")"), "max_tokens null");
  EXPECT_EQ(reason(kText, R"("content_filter")"), "refusal null");
  EXPECT_EQ(reason(kText, R"("stop","stop_reason":"END")"), R"(stop_sequence "END")");
  EXPECT_EQ(reason(kText, R"("stop","matched_stop":"END")"), R"(stop_sequence "END")");
  EXPECT_EQ(reason(kText, R"("stop","stop_reason":"not asked for")"), "end_turn null");
  EXPECT_EQ(reason(kText, R"("stop","stop_reason":128009)"), "end_turn null");
  EXPECT_EQ(reason(kCall, R"("tool_calls")"), "tool_use null");
  EXPECT_EQ(reason(kCall, R"("stop")"), "tool_use null");
  EXPECT_EQ(reason(kCall, R"("length")"), "max_tokens null");
  EXPECT_EQ(reason(R"({"content":null,"refusal":"no"})", R"("stop")"), "refusal null");
}

TEST(MessagesError, TypesByStatus) {
  const auto type = [](ErrorKind kind, ErrorSource source) {
    Error error;
    error.kind = kind;
    error.source = source;
    error.message = "m";
    const auto body = ParseJson(MessagesError(error));
    EXPECT_EQ(StringOr(*body, "type"), "error");
    return std::string(StringOr(body->at("error"), "type"));
  };
  using enum ErrorKind;
  constexpr auto kClient = ErrorSource::kClient;
  constexpr auto kTheirs = ErrorSource::kUpstream;
  EXPECT_EQ(type(kInvalidInput, kClient), "invalid_request_error");
  EXPECT_EQ(type(kUnauthorized, kClient), "authentication_error");
  EXPECT_EQ(type(kForbidden, kClient), "permission_error");
  EXPECT_EQ(type(kNotFound, kClient), "not_found_error");
  EXPECT_EQ(type(kTooLarge, kClient), "request_too_large");
  EXPECT_EQ(type(kTooMany, kTheirs), "rate_limit_error");
  EXPECT_EQ(type(kTimeout, kTheirs), "timeout_error");
  EXPECT_EQ(type(kUnavailable, kTheirs), "overloaded_error");
  EXPECT_EQ(type(kUpstream, kTheirs), "api_error");
}

TEST(MessagesError, CarriesTheUpstreamsOwnWords) {
  Error error = ProtocolError("model \"big\" answered 400");
  error.kind = ErrorKind::kContextLength;
  error.source = ErrorSource::kClient;
  error.reply = std::make_shared<UpstreamReply>(
      UpstreamReply{400, "application/json", R"({"error":{"message":"too long by 7"}})"});
  EXPECT_THAT(MessagesError(error), HasSubstr(R"("message":"prompt is too long: too long by 7")"));
}

}  // namespace
}  // namespace understudy
