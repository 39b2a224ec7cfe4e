// The program as its users run it: serve with signals, record, and what import, exchanges and
// replay make of one another through a running gateway.
#include <fstream>
#include <sstream>

#include "base/file.h"
#include "base/json.h"
#include "chat/exchange_json.h"
#include "cli/process.h"
#include "cli/run_cli.h"
#include "cli/serve_file.h"
#include "support/test_server.h"

namespace understudy {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::string Line(int number) {
  return fmt::format(
      R"({{"id":"e{0}","request":{{"model":"big","messages":[{{"role":"user","content":"question {0}"}}]}},)"
      R"("response":{{"choices":[{{"index":0,"message":{{"role":"assistant","content":"answer {0}"}},"finish_reason":"stop"}}]}}}})"
      "\n",
      number);
}

std::string ReadProc(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/limits", pid));
  return {std::istreambuf_iterator<char>(file), {}};
}

class Serve : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(RunCli({"init", folder_.string()}).code, 0);
    std::string lines;
    for (int i = 0; i < 12; ++i) lines += Line(i);
    ASSERT_TRUE(WriteFileAtomically(folder_ / "calls.jsonl", lines));
    Write("");
  }
  // A gateway whose reference answers from calls.jsonl.
  void Write(std::string_view more) {
    ASSERT_TRUE(WriteFileAtomically(
        folder_ / "config.toml",
        fmt::format("[server]\nlisten = \"127.0.0.1:0\"\nthreads = 1\n[[models]]\nname = "
                    "\"recorded\"\nkind = \"replay\"\nfile = \"calls.jsonl\"\ninput_usd = 1\n{}",
                    more)));
  }
  std::string Calls() { return (folder_ / "calls.jsonl").string(); }
  std::vector<std::string> ServeCommand() { return Understudy({"serve", "-w", folder_.string()}); }
  // Waits until the gateway is found; its URL.
  std::string Url() {
    std::string url;
    EXPECT_TRUE(WaitFor([&] {
      const auto info = FindServe(folder_.string());
      if (info) url = info->url;
      return info.has_value();
    }));
    return url;
  }
  Ran Run(std::vector<std::string> args) {
    args.insert(args.end(), {"-w", folder_.string()});
    return RunCli(args);
  }
  TempFolder folder_;
};

TEST_F(Serve, ImportListReplayRecordAndStop) {
  Process serve(ServeCommand());
  const std::string url = Url();
  const Ran replay = RunCli({"replay", Calls(), "--to", url, "--expect-equal"});
  EXPECT_EQ(replay.code, 0) << replay.out << replay.err;
  EXPECT_THAT(replay.out, AllOf(HasSubstr("12 of 12 recorded answers (100.0 %)"),
                                HasSubstr("served: 12"), HasSubstr("recorded: 12")));
  const Ran streamed = RunCli({"replay", Calls(), "--to", url, "--expect-equal", "--stream"});
  EXPECT_EQ(streamed.code, 0) << streamed.out << streamed.err;
  serve.Signal(SIGTERM);
  EXPECT_EQ(serve.Wait(), 0) << serve.err();
  EXPECT_THAT(serve.out(), AllOf(StartsWith("understudy serves at " + url),
                                 HasSubstr("OPENAI_BASE_URL=" + url + "/v1")));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "run/serve.json"));
  EXPECT_EQ(Run({"exchanges", "list", "--count"}).out, "24\n");
  EXPECT_EQ(Run({"import", Calls()}).code, 0);
  EXPECT_EQ(Run({"exchanges", "list", "--count"}).out, "36\n");
  const auto rows =
      ParseJson(Run({"exchanges", "list", "--json", "--model", "recorded", "-n", "1"}).out);
  ASSERT_TRUE(rows);
  const std::string id(StringOr(rows->at(0), "id"));
  EXPECT_THAT(Run({"exchanges", "show", id}).out,
              AllOf(HasSubstr("answer "), HasSubstr("recorded")));
}

TEST_F(Serve, ASecondOneOnTheSameWorkspaceIsRefused) {
  Process serve(ServeCommand());
  const std::string url = Url();
  Process second(ServeCommand());
  EXPECT_EQ(second.Wait(), 5);
  EXPECT_THAT(second.err(), AllOf(HasSubstr("served already"), HasSubstr(url),
                                  HasSubstr("kill " + std::to_string(serve.pid()))));
  EXPECT_TRUE(FindServe(folder_.string()));
}

TEST_F(Serve, AKilledOneLeavesNothingInTheWay) {
  {
    Process serve(ServeCommand());
    Url();
    serve.Signal(SIGKILL);
    EXPECT_EQ(serve.Wait(), 128 + SIGKILL);
  }
  EXPECT_TRUE(std::filesystem::exists(folder_ / "run/serve.json"));
  EXPECT_FALSE(FindServe(folder_.string()));
  Process serve(ServeCommand());
  Url();
  serve.Signal(SIGINT);
  EXPECT_EQ(serve.Wait(), 0);
}

TEST_F(Serve, SighupReloadsAndABrokenConfigChangesNothing) {
  Process serve(ServeCommand());
  const std::string url = Url();
  Write("[[models]]\nname = \"second\"\nkind = \"replay\"\nfile = \"calls.jsonl\"\n");
  serve.Signal(SIGHUP);
  const auto answers_as_second = [&] {
    const Ran ran = RunCli({"replay", Calls(), "--to", url, "--limit", "1", "--model", "second"});
    return ran.out.find("second: 1") != std::string::npos;
  };
  EXPECT_TRUE(WaitFor(answers_as_second));
  ASSERT_TRUE(WriteFileAtomically(folder_ / "config.toml", "nonsense ="));
  serve.Signal(SIGHUP);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_TRUE(answers_as_second());
  serve.Signal(SIGTERM);
  EXPECT_EQ(serve.Wait(), 0);
  EXPECT_THAT(serve.err(), HasSubstr("was not reloaded"));
}

// A gateway whose reference waits until it is told to answer.
class ServeSlow : public Serve {
 protected:
  ServeSlow()
      : upstream_([this](const TestMessage&, TestSocket& client) {
          if (!WaitFor([this] { return answering_.load(); })) return;
          client.Send(TestAnswer(200, R"({"choices":[{"index":0,"message":{"role":"assistant",)"
                                      R"("content":"late"},"finish_reason":"stop"}]})"));
        }) {}
  void SetUp() override {
    Serve::SetUp();
    ASSERT_TRUE(WriteFileAtomically(
        folder_ / "config.toml",
        fmt::format("[server]\nlisten = \"127.0.0.1:0\"\nthreads = 1\n[[models]]\nname = \"slow\""
                    "\nkind = \"openai\"\nurl = \"{}/v1\"\n",
                    upstream_.url())));
  }
  std::vector<std::string> ReplayCommand(const std::string& url) {
    return Understudy({"replay", Calls(), "--to", url, "--limit", "1", "--timeout", "50s"});
  }
  std::atomic<bool> answering_{false};
  TestServer upstream_;
};

TEST_F(ServeSlow, ARunningRequestIsFinishedAfterTheFirstSignal) {
  Process serve(ServeCommand());
  Process replay(ReplayCommand(Url()));
  ASSERT_TRUE(upstream_.WaitForRequests(1));
  serve.Signal(SIGTERM);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  answering_ = true;
  EXPECT_EQ(replay.Wait(), 0);
  EXPECT_EQ(serve.Wait(), 0) << serve.err();
  EXPECT_EQ(Run({"exchanges", "list", "--count", "--outcome", "served"}).out, "1\n");
}

TEST_F(ServeSlow, ASecondSignalEndsItAtOnce) {
  Process serve(ServeCommand());
  Process replay(ReplayCommand(Url()));
  ASSERT_TRUE(upstream_.WaitForRequests(1));
  serve.Signal(SIGTERM);
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  serve.Signal(SIGINT);
  EXPECT_EQ(serve.Wait(), 130);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "run/serve.json"));
  EXPECT_EQ(replay.Wait(), 1);
  answering_ = true;
}

TEST_F(ServeSlow, AnInterruptedReplayReportsWhatItHas) {
  Process serve(ServeCommand());
  Process replay(ReplayCommand(Url()));
  ASSERT_TRUE(upstream_.WaitForRequests(1));
  replay.Signal(SIGINT);
  EXPECT_EQ(replay.Wait(), 130);
  EXPECT_THAT(replay.out(), HasSubstr("answered    0 of 1"));
  answering_ = true;
}

TEST_F(Serve, RaisesTheLimitOfOpenFiles) {
  Process serve({"bash", "-c",
                 fmt::format("ulimit -Sn 64; exec '{}' serve -w '{}'", UnderstudyBinary().string(),
                             folder_.string())});
  Url();
  const std::string limits = ReadProc(serve.pid());
  const size_t at = limits.find("Max open files");
  ASSERT_NE(at, std::string::npos);
  std::istringstream row(limits.substr(at + 14));
  std::string soft, hard;
  row >> soft >> hard;
  EXPECT_EQ(soft, hard);
}

TEST_F(Serve, ListenFromTheCommandLineWinsAndATakenPortIsSaid) {
  TestServer other([](const TestMessage&, TestSocket&) {});
  const std::string taken = "127.0.0.1:" + std::to_string(other.port());
  Process serve(Understudy({"serve", "-w", folder_.string(), "--listen", taken}));
  EXPECT_NE(serve.Wait(), 0);
  EXPECT_THAT(serve.err(), HasSubstr(taken));
}

TEST_F(Serve, ConfigurationErrorsEndWithTheirCode) {
  ASSERT_TRUE(WriteFileAtomically(folder_ / "config.toml", "[server]\nthreads = -5\n"));
  Process broken(ServeCommand());
  EXPECT_EQ(broken.Wait(), 3);
  Write("[[models]]\nname = \"gone\"\nkind = \"replay\"\nfile = \"none.jsonl\"\n");
  Process missing(ServeCommand());
  EXPECT_NE(missing.Wait(), 0);
  EXPECT_THAT(missing.err(), HasSubstr("none.jsonl"));
  Process nowhere(Understudy({"serve", "-w", (folder_ / "nowhere").string()}));
  EXPECT_EQ(nowhere.Wait(), 4);
}

// A small agent: one chat request to wherever OPENAI_BASE_URL leads.
std::string AgentScript() {
  return R"(curl -sS -m 20 "$OPENAI_BASE_URL/chat/completions" -H "authorization: Bearer $OPENAI_API_KEY" )"
         R"(-H 'content-type: application/json' -d '{"model":"big","messages":[{"role":"user","content":"question 3"}]}')";
}

TEST_F(Serve, RecordStartsAGatewayOfItsOwn) {
  Process record(Understudy({"record", "-w", folder_.string(), "--", "sh", "-c", AgentScript()}));
  EXPECT_EQ(record.Wait(), 0) << record.err();
  EXPECT_THAT(record.out(), HasSubstr("answer 3"));
  EXPECT_THAT(record.err(), AllOf(HasSubstr("recorded 1 exchange"), HasSubstr("recorded: 1"),
                                  HasSubstr("served: 1")));
  EXPECT_EQ(Run({"exchanges", "list", "--count"}).out, "1\n");
}

TEST_F(Serve, RecordUsesTheGatewayThatRuns) {
  Process serve(ServeCommand());
  const std::string url = Url();
  Process record(Understudy({"record", "-w", folder_.string(), "--", "sh", "-c",
                             "echo $OPENAI_BASE_URL; " + AgentScript()}));
  EXPECT_EQ(record.Wait(), 0) << record.err();
  EXPECT_THAT(record.out(), AllOf(HasSubstr(url + "/v1\n"), HasSubstr("answer 3")));
  EXPECT_THAT(record.err(), HasSubstr("recorded 1 exchange"));
  EXPECT_TRUE(FindServe(folder_.string()));
}

TEST_F(Serve, RecordMakesAKeyForItselfWhereKeysAreRequired) {
  ASSERT_EQ(RunCli({"init", folder_.string(), "--api-key", "other"}).code, 0);
  Process record(Understudy({"record", "-w", folder_.string(), "--", "sh", "-c", AgentScript()}));
  EXPECT_EQ(record.Wait(), 0);
  EXPECT_THAT(record.out(), HasSubstr("answer 3"));
}

TEST_F(Serve, RecordPassesArgumentsExitCodesAndSignalsOn) {
  Process args(Understudy({"record", "-w", folder_.string(), "--", "printf", "%s|", "a b", "",
                           "--x", "[1,2]", "--", "-w"}));
  EXPECT_EQ(args.Wait(), 0);
  EXPECT_EQ(args.out(), "a b||--x|[1,2]|--|-w|");
  EXPECT_THAT(args.err(), HasSubstr("nothing was recorded"));
  Process code(Understudy({"record", "-w", folder_.string(), "sh", "-c", "exit 7"}));
  EXPECT_EQ(code.Wait(), 7);
  Process signalled(Understudy({"record", "-w", folder_.string(), "--", "sh", "-c",
                                "trap 'exit 9' TERM; : >\"$0\"; while :; do sleep 0.05; done",
                                (folder_ / "ready").string()}));
  ASSERT_TRUE(WaitFor([&] { return std::filesystem::exists(folder_ / "ready"); }));
  signalled.Signal(SIGTERM);
  EXPECT_EQ(signalled.Wait(), 9);
}

TEST_F(Serve, RecordSaysWhatCannotBeRun) {
  Process none(Understudy({"record", "-w", folder_.string(), "--", "no-such-program-at-all"}));
  EXPECT_EQ(none.Wait(), 127);
  EXPECT_THAT(none.err(), HasSubstr("cannot run no-such-program-at-all"));
  Process denied(Understudy({"record", "-w", folder_.string(), "--", Calls()}));
  EXPECT_EQ(denied.Wait(), 126);
  EXPECT_EQ(RunCli({"record", "-w", folder_.string()}).code, 2);
  EXPECT_EQ(RunCli({"record", "--"}).code, 2);
}

TEST_F(Serve, AReaderThatGoesAwayEndsTheOutputQuietly) {
  std::string many;
  for (int i = 0; i < 5000; ++i) many += Line(100 + i);
  ASSERT_TRUE(WriteFileAtomically(folder_ / "many.jsonl", many));
  ASSERT_EQ(Run({"import", (folder_ / "many.jsonl").string()}).code, 0);
  Process pipeline(
      {"bash", "-c",
       fmt::format("set -o pipefail; '{}' exchanges list --all --jsonl -w '{}' | head -n 1",
                   UnderstudyBinary().string(), folder_.string())});
  EXPECT_EQ(pipeline.Wait(), 128 + SIGPIPE);
  EXPECT_EQ(std::ranges::count(pipeline.out(), '\n'), 1);
  EXPECT_EQ(pipeline.err(), "");
}

}  // namespace
}  // namespace understudy
