#include <future>
#include <set>

#include "base/file.h"
#include "base/json.h"
#include "base/runtime.h"
#include "chat/exchange_json.h"
#include "cli/process.h"
#include "cli/run_cli.h"
#include "cli/simulate_report.h"
#include "simulate/reference_server.h"
#include "support/gateway_fixture.h"
#include "support/test_server.h"

namespace understudy {
namespace {

using std::chrono::milliseconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class Simulate : public testing::Test {
 protected:
  ~Simulate() override {
    if (!server_) return;
    auto stopped = std::make_shared<std::promise<void>>();
    server_->Stop(milliseconds(0), [stopped] { stopped->set_value(); });
    stopped->get_future().wait();
    runtime_.Stop();
    runtime_.Join();
  }
  // A real simulated reference on loopback; its URL.
  std::string Reference(ReferencePace pace = {}) {
    pace.first_token = milliseconds(0);
    pace.tokens_per_s = 0;
    server_ = std::make_unique<ReferenceServer>(runtime_.contexts(), pace);
    EXPECT_TRUE(server_->Listen("127.0.0.1:0"));
    runtime_.Start();
    return server_->url();
  }
  std::string Path(const std::string& name) const { return (folder_ / name).string(); }
  std::vector<Exchange> Exchanges(const std::string& name) const {
    std::vector<Exchange> all;
    std::istringstream lines(ReadFile(Path(name)).value_or(""));
    for (std::string line; std::getline(lines, line);) {
      auto exchange = ParseExchangeLine(line);
      EXPECT_TRUE(exchange) << line;
      if (exchange) all.push_back(*std::move(exchange));
    }
    return all;
  }
  static json::value Report(const Ran& ran) {
    auto report = ParseJson(ran.out);
    EXPECT_TRUE(report) << ran.out << ran.err;
    return report.value_or(json::object());
  }

  TempFolder folder_;
  Runtime runtime_{1};
  std::unique_ptr<ReferenceServer> server_;
};

TEST_F(Simulate, TheReferenceAnswersTheAgentRight) {
  const std::string url = Reference();
  for (const std::string part : {"first", "second"}) {
    const Ran ran = RunCli(
        {"simulate", "agent", "--to", url, "--calls", "150", "--part", part, "--check", "--json"});
    EXPECT_EQ(ran.code, 0) << ran.err << ran.out;
    const auto report = Report(ran);
    EXPECT_EQ(IntOr(report.at("all"), "right", 0), 150);
    EXPECT_EQ(IntOr(report.at("all"), "errors", 1), 0);
    EXPECT_EQ(IntOr(report.at("all").at("models"), "simulated-reference", 0), 150);
    EXPECT_GT(NumberOr(report.at("desks").at("meetings"), "p95_ms", 0), 0);
    EXPECT_EQ(report.at("desks").as_object().size(), Desks().size());
  }
}

TEST_F(Simulate, StreamsAreReadTheSame) {
  const Ran ran =
      RunCli({"simulate", "agent", "--to", Reference(), "--calls", "60", "--stream", "--check"});
  EXPECT_EQ(ran.code, 0) << ran.err << ran.out;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("100.0 %"), HasSubstr("exact match 60 of 60"),
                             HasSubstr("simulated-reference: 60")));
}

TEST_F(Simulate, WritesWhatHappened) {
  const Ran ran = RunCli({"simulate", "agent", "--to", Reference(), "--calls", "20", "--only",
                          "sort", "--out", Path("o.jsonl")});
  EXPECT_EQ(ran.code, 0) << ran.err;
  const auto exchanges = Exchanges("o.jsonl");
  ASSERT_EQ(exchanges.size(), 20U);
  for (const Exchange& exchange : exchanges) {
    EXPECT_EQ(exchange.agent, "simulated-office");
    EXPECT_TRUE(ParseChatAnswer(exchange.response));
    EXPECT_THAT(exchange.extra, AllOf(HasSubstr(R"("desk":"sort")"), HasSubstr(R"("right":true)")));
  }
}

TEST_F(Simulate, WithoutAnEndpointItWritesTheExpectedAnswers) {
  const Ran ran = RunCli({"simulate", "agent", "--calls", "300", "--out", Path("a.jsonl")});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("300 exchanges with their expected answers"));
  std::set<std::string> ids;
  for (const Exchange& exchange : Exchanges("a.jsonl")) {
    ids.insert(exchange.id);
    const auto request = ParseChatRequest(exchange.request);
    const auto answer = ParseChatAnswer(exchange.response);
    ASSERT_TRUE(request && answer);
    EXPECT_TRUE(SameAnswer(*answer, ReferenceAnswer(*request, 0)));
  }
  EXPECT_EQ(ids.size(), 300U);
  // The same again, byte for byte; and others for another seed.
  RunCli({"simulate", "agent", "--dry-run", "--calls", "300", "--out", Path("b.jsonl")});
  RunCli({"simulate", "agent", "--calls", "300", "--seed", "2", "--out", Path("c.jsonl")});
  EXPECT_EQ(*ReadFile(Path("a.jsonl")), *ReadFile(Path("b.jsonl")));
  EXPECT_NE(*ReadFile(Path("a.jsonl")), *ReadFile(Path("c.jsonl")));
  const Ran piped = RunCli({"simulate", "agent", "--calls", "3", "--out", "-", "--json"});
  EXPECT_EQ(std::ranges::count(piped.out, '\n'), 3);
  EXPECT_THAT(piped.err, HasSubstr(R"("written":3)"));
}

TEST_F(Simulate, WrongAnswersAreCountedAndEndTheirSession) {
  TestServer server([](const TestMessage& request, TestSocket& client) {
    EXPECT_EQ(request.Header("x-understudy-agent"), "simulated-office");
    EXPECT_THAT(request.Header("x-understudy-session"), HasSubstr("sim-first-1-"));
    client.Send(TestAnswer(
        200, AnswerBody("wrong"), "application/json",
        "x-understudy-outcome: escalated\r\nx-understudy-model: big\r\nx-understudy-verdict: "
        "pass\r\nx-understudy-task: t-1\r\n"));
  });
  const Ran ran = RunCli(
      {"simulate", "agent", "--to", server.url(), "--calls", "40", "--only", "meetings", "--json"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  const auto all = Report(ran).at("all");
  EXPECT_EQ(IntOr(all, "calls", 0), 40);
  EXPECT_LT(IntOr(all, "sent", 99), 40);  // what follows a wrong answer is never asked
  EXPECT_EQ(IntOr(all, "right", 9), 0);
  EXPECT_EQ(IntOr(all, "escalated", 0), IntOr(all, "sent", 1));
  EXPECT_EQ(IntOr(all.at("models"), "big", 0), IntOr(all, "sent", 1));
  EXPECT_EQ(IntOr(Report(ran).at("tasks"), "t-1", 0), IntOr(all, "sent", 1));
  EXPECT_EQ(IntOr(Report(ran).at("verdicts"), "pass", 0), IntOr(all, "sent", 1));
  EXPECT_EQ(RunCli({"simulate", "agent", "--to", server.url(), "--calls", "5", "--check"}).code, 1);
}

TEST_F(Simulate, FailedCallsAreErrors) {
  const Ran ran = RunCli({"simulate", "agent", "--to", Reference({.error_share = 1}), "--calls",
                          "12", "--only", "sort", "--out", Path("e.jsonl")});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("failed: sim-first-1-0-0: HTTP "), HasSubstr("told to")));
  for (const Exchange& exchange : Exchanges("e.jsonl")) {
    EXPECT_EQ(exchange.outcome, Outcome::kUpstreamError);
    EXPECT_EQ(exchange.response, "");
  }
  EXPECT_EQ(RunCli({"simulate", "agent", "--to", "http://127.0.0.1:1", "--calls", "2"}).code, 1);
}

TEST_F(Simulate, BadCommandLines) {
  const auto agent = [](std::vector<std::string> args) {
    args.insert(args.begin(), {"simulate", "agent"});
    return RunCli(args);
  };
  const Ran nothing = agent({});
  EXPECT_EQ(nothing.code, 2);
  EXPECT_THAT(nothing.err, HasSubstr("Name --to URL, or --out FILE"));
  EXPECT_EQ(agent({"--to", "ftp://h"}).code, 2);
  EXPECT_EQ(agent({"--to", "http://h", "--dry-run"}).code, 2);
  EXPECT_EQ(agent({"--to", "http://h", "--calls", "0"}).code, 2);
  EXPECT_EQ(agent({"--to", "http://h", "--part", "third"}).code, 2);
  const Ran desk = agent({"--out", Path("x"), "--only", "sort,mial"});
  EXPECT_EQ(desk.code, 2);
  EXPECT_THAT(desk.err, AllOf(HasSubstr("no desk \"mial\""), HasSubstr("mail")));
  const Ran folder = agent({"--out", Path("no/such/folder.jsonl")});
  EXPECT_EQ(folder.code, 1);
  EXPECT_THAT(folder.err, HasSubstr("cannot be written"));
  EXPECT_EQ(RunCli({"simulate", "reference", "--listen", "nowhere"}).code, 2);
  EXPECT_EQ(RunCli({"simulate", "reference", "--jitter", "9"}).code, 2);
  EXPECT_EQ(RunCli({"simulate", "reference", "--error-share", "1.5"}).code, 2);
}

TEST_F(Simulate, TheReferenceServesUntilASignal) {
  Process server(Understudy({"simulate", "reference", "--listen", "unix:" + Path("r.sock")}));
  ASSERT_TRUE(WaitFor([&] { return std::filesystem::exists(Path("r.sock")); }));
  const Ran ran = RunCli({"simulate", "agent", "--to", "unix:" + Path("r.sock") + ":/v1", "--calls",
                          "3", "--only", "sort", "--check"});
  EXPECT_EQ(ran.code, 0) << ran.err << ran.out;
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(), 0);
  EXPECT_THAT(server.out(), HasSubstr("the simulated reference answers at"));
  EXPECT_THAT(server.err(), HasSubstr("3 calls answered"));
}

}  // namespace
}  // namespace understudy
