#include "base/file.h"
#include "base/json.h"
#include "cli/latency.h"
#include "cli/run_cli.h"
#include "support/test_server.h"

namespace understudy {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string Answer(const std::string& text) {
  return R"({"id":"c","object":"chat.completion","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":")" +
         text +
         R"("},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":1,"total_tokens":4}})";
}

std::string Line(int number, bool with_answer = true) {
  std::string line = fmt::format(
      R"({{"id":"e{}","session":"s{}","request":{{"model":"big","messages":[{{"role":"user","content":"q{}"}}]}})",
      number, number % 3, number);
  if (with_answer) line += R"(,"response":)" + Answer("yes");
  return line + "}\n";
}

class Replay : public testing::Test {
 protected:
  std::string File(int count, bool with_answer = true) {
    std::string text;
    for (int i = 0; i < count; ++i) text += Line(i, with_answer);
    EXPECT_TRUE(WriteFileAtomically(folder_ / "calls.jsonl", text));
    return (folder_ / "calls.jsonl").string();
  }
  static json::value Report(const Ran& ran) {
    auto report = ParseJson(ran.out);
    EXPECT_TRUE(report) << ran.out << ran.err;
    return report.value_or(json::object());
  }
  TempFolder folder_;
};

TEST_F(Replay, SendsEveryRequestAndComparesTheAnswers) {
  TestServer server([](const TestMessage& request, TestSocket& client) {
    const bool other = request.body.find("q7\"") != std::string::npos;
    client.Send(TestAnswer(200, Answer(other ? "no" : "yes"), "application/json",
                           "x-understudy-outcome: served\r\nx-understudy-model: m\r\n"));
  });
  const Ran ran = RunCli({"replay", File(20), "--to", server.url(), "-c", "4", "--json"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  const auto report = Report(ran);
  EXPECT_EQ(IntOr(report, "answered", 0), 20);
  EXPECT_EQ(IntOr(report, "equal", 0), 19);
  EXPECT_EQ(report.at("first_different").at(0), "e7");
  EXPECT_EQ(IntOr(report.at("outcomes"), "served", 0), 20);
  EXPECT_EQ(IntOr(report, "prompt_tokens", 0), 60);
  EXPECT_GT(IntOr(report.at("latency"), "p50_us", 0), 0);
  EXPECT_EQ(server.request_count(), 20U);
  EXPECT_EQ(server.requests()[0].target(), "/v1/chat/completions");
  const Ran strict = RunCli({"replay", File(20), "--to", server.url(), "--expect-equal"});
  EXPECT_EQ(strict.code, 1);
  EXPECT_THAT(strict.out, AllOf(HasSubstr("19 of 20 recorded answers (95.0 %)"),
                                HasSubstr("different   e7\n")));
}

TEST_F(Replay, PassesModelKeyAndSessionOn) {
  TestServer server(
      [](const TestMessage&, TestSocket& client) { client.Send(TestAnswer(200, Answer("yes"))); });
  ::setenv("UNDERSTUDY_TEST_KEY", "sk-test", 1);
  const Ran ran = RunCli({"replay", File(1), "--to", server.url() + "/api", "--model", "tiny",
                          "--api-key-env", "UNDERSTUDY_TEST_KEY"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  const auto request = server.requests().at(0);
  EXPECT_EQ(request.target(), "/api/chat/completions");
  EXPECT_EQ(request.Header("authorization"), "Bearer sk-test");
  EXPECT_EQ(request.Header("x-understudy-session"), "s0");
  EXPECT_THAT(request.body, HasSubstr("\"tiny\""));
  EXPECT_THAT(ran.out + ran.err, Not(HasSubstr("sk-test")));
}

TEST_F(Replay, ReadsStreamsAndTheirClosingComment) {
  TestServer server([](const TestMessage& request, TestSocket& client) {
    EXPECT_THAT(request.body, HasSubstr("\"stream\":true"));
    client.Send(TestChunkedHead());
    client.Send(
        TestEvent(R"({"choices":[{"index":0,"delta":{"role":"assistant","content":"ye"}}]})"));
    client.Send(
        TestEvent(R"({"choices":[{"index":0,"delta":{"content":"s"},"finish_reason":"stop"}]})"));
    client.Send(TestChunk(": understudy outcome=escalated cost_usd=0 took_ms=1\n\n"));
    client.Send(TestEvent("[DONE]"));
    client.Send(kTestLastChunk);
  });
  const Ran ran = RunCli({"replay", File(3), "--to", server.url(), "--stream", "--json"});
  EXPECT_EQ(ran.code, 0) << ran.err << ran.out;
  const auto report = Report(ran);
  EXPECT_EQ(IntOr(report, "equal", 0), 3);
  EXPECT_EQ(IntOr(report.at("outcomes"), "escalated", 0), 3);
}

TEST_F(Replay, AStreamThatBreaksOffIsNoAnswer) {
  TestServer server([](const TestMessage&, TestSocket& client) {
    client.Send(TestChunkedHead());
    client.Send(TestEvent(R"({"choices":[{"index":0,"delta":{"content":"y"}}]})"));
    client.Send(kTestLastChunk);
  });
  const Ran ran = RunCli({"replay", File(1), "--to", server.url(), "--stream"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, HasSubstr("the stream broke off"));
}

TEST_F(Replay, ErrorsAreCountedByStatusAndTheFirstOnesShown) {
  TestServer server([](const TestMessage& request, TestSocket& client) {
    const bool bad = request.body.find("q0\"") != std::string::npos;
    client.Send(bad ? TestAnswer(429, R"({"error":{"message":"slow\u001bdown"}})")
                    : TestAnswer(200, "not json"));
  });
  const Ran ran = RunCli({"replay", File(2), "--to", server.url()});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out,
              AllOf(HasSubstr("200: 1, 429: 1"), HasSubstr("failed      e0: HTTP 429: slow down"),
                    HasSubstr("failed      e1: "), HasSubstr("answered    0 of 2")));
}

TEST_F(Replay, ADeadEndpointFailsEveryRequest) {
  const Ran ran = RunCli({"replay", File(3), "--to", "http://127.0.0.1:1", "--json"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(IntOr(Report(ran).at("statuses"), "none", 0), 3);
}

TEST_F(Replay, RequestsAndRunsEndInTime) {
  TestServer server([](const TestMessage&, TestSocket&) {});  // never answers
  const Ran slow = RunCli({"replay", File(2), "--to", server.url(), "--timeout", "200ms"});
  EXPECT_EQ(slow.code, 1);
  const Ran ended = RunCli(
      {"replay", File(50), "--to", server.url(), "-c", "2", "--max-time", "300ms", "--json"});
  EXPECT_EQ(ended.code, 1);
  EXPECT_LE(IntOr(Report(ended), "sent", 99), 2);
}

TEST_F(Replay, ARateSpreadsTheRequests) {
  TestServer server(
      [](const TestMessage&, TestSocket& client) { client.Send(TestAnswer(200, Answer("yes"))); });
  const Ran ran = RunCli({"replay", File(11), "--to", server.url(), "--rate", "50", "--json"});
  EXPECT_EQ(ran.code, 0);
  EXPECT_GE(NumberOr(Report(ran), "seconds", 0), 0.2);  // the last begins after 10/50 s
}

TEST_F(Replay, LimitsAndFilesWithoutAnswers) {
  TestServer server(
      [](const TestMessage&, TestSocket& client) { client.Send(TestAnswer(200, Answer("yes"))); });
  const Ran ran =
      RunCli({"replay", File(5, false), "--to", server.url(), "--limit", "2", "--expect-equal"});
  EXPECT_EQ(server.request_count(), 2U);
  EXPECT_EQ(ran.code, 1);  // nothing to be equal to
  EXPECT_THAT(ran.out, Not(HasSubstr("equal")));
}

TEST_F(Replay, BadCommandLinesAndFiles) {
  const std::string file = File(1);
  EXPECT_EQ(RunCli({"replay", file, "--to", "ftp://h"}).code, 2);
  EXPECT_EQ(RunCli({"replay", file, "--to", "http://h", "-c", "0"}).code, 2);
  EXPECT_EQ(RunCli({"replay", file, "--to", "http://h", "--timeout", "soon"}).code, 2);
  EXPECT_EQ(RunCli({"replay", (folder_ / "none").string(), "--to", "http://h"}).code, 4);
  ASSERT_TRUE(WriteFileAtomically(folder_ / "bad", "junk\n"));
  const Ran ran = RunCli({"replay", (folder_ / "bad").string(), "--to", "http://h"});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, AllOf(HasSubstr("bad:1: "), HasSubstr("nothing to send")));
}

TEST(LatenciesTest, PercentilesAreNearestRank) {
  Latencies latencies;
  EXPECT_EQ(latencies.PercentileUs(0.5), 0);
  for (int i = 100; i >= 1; --i) latencies.Add(i);
  EXPECT_EQ(latencies.PercentileUs(0.5), 50);
  EXPECT_EQ(latencies.PercentileUs(0.99), 99);
  EXPECT_EQ(latencies.PercentileUs(1), 100);
  EXPECT_EQ(latencies.PercentileUs(0), 1);
}

}  // namespace
}  // namespace understudy
