// A deployment's whole life under the real program: `serve` with the learned router, scripted
// models, and `deploy` beside it, which moves what is proven and tells the gateway by SIGHUP. Other
// clients keep asking all the while, and none of their requests is lost.
#include <atomic>
#include <map>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/binomial.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/process.h"
#include "cli/run_cli.h"
#include "cli/serve_file.h"
#include "route/acceptance.h"
#include "route/deployments.h"
#include "support/gateway_fixture.h"
#include "support/small_tasks.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;
using ::testing::AnyOf;
using ::testing::HasSubstr;

constexpr double kShare = 0.25;     // of the canary
constexpr double kExplored = 0.02;  // LearnedOptions
constexpr double kChance = 1e-6;    // that a count is as odd as this by accident

std::string CallBody(std::string_view prompt, std::string_view user) {
  return fmt::format(R"({{"model":"gpt-4o","messages":[{{"role":"system","content":"{}"}},)"
                     R"({{"role":"user","content":"{}"}}]}})",
                     prompt, user);
}

// 0.95 for every call that is like those of its task.
AcceptanceModel Accepting() {
  AcceptanceModel model;
  model.worse = 0.1, model.sure = 0.9, model.held = true;
  model.dims = kEmbeddingSize;
  model.tasks = {{.id = "t-1", .name = "label-mail", .before = 0.5, .after = 0.1}};
  model.before.bias = 2.944;
  model.before.weights.assign(model.before_inputs(), 0);
  model.before.means.assign(model.before_inputs(), 0);
  model.after.bias = 2.944;
  model.after.weights.assign(kSignalInputs, 0);
  model.after.means.assign(kSignalInputs, 0);
  model.policy = PolicyName(model);
  return model;
}

// Says what it is told to, once it may.
class Scripted {
 public:
  explicit Scripted(std::string says) : says_(std::move(says)) {}
  void Say(std::string says) {
    const std::lock_guard lock(mutex_);
    says_ = std::move(says);
  }
  void Hold(bool held) { held_ = held; }
  std::string url() const { return server_.url() + "/v1"; }
  size_t asked() const { return asked_; }

 private:
  std::string Said() {
    const std::lock_guard lock(mutex_);
    return says_;
  }

  std::mutex mutex_;
  std::string says_;
  std::atomic<bool> held_{false};
  std::atomic<size_t> asked_{0};
  TestServer server_{[this](const TestMessage&, TestSocket& client) {
    ++asked_;
    (void)WaitFor([&] { return !held_; });
    client.Send(TestAnswer(200, AnswerBody(Said())));
  }};
};

class DeployServe : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(RunCli({"init", folder_.string()}).code, 0);
    ASSERT_TRUE(MakeFolders(folder_ / "runs/cluster/1"));
    ASSERT_TRUE(MakeFolders(folder_ / "runs/router/1"));
    ASSERT_TRUE(WriteFileAtomically(folder_ / "runs/cluster/1" / kAssignerFile,
                                    SerializeTaskModel(SmallTasks())));
    ASSERT_TRUE(WriteFileAtomically(folder_ / "runs/router/1/router.json",
                                    json::serialize(ToJson(Accepting()))));
    ASSERT_TRUE(WriteFileAtomically(
        folder_ / "config.toml",
        fmt::format("[server]\nlisten = \"127.0.0.1:0\"\nthreads = 1\n[routing]\nshadows = 4\n"
                    "[[models]]\nname = \"big\"\nkind = \"openai\"\nurl = \"{}\"\n"
                    "[[models]]\nname = \"tiny\"\nkind = \"openai\"\nsmall = true\nurl = \"{}\"\n",
                    big_.url(), tiny_.url())));
    serve_ = std::make_unique<Process>(Understudy({"serve", "-w", folder_.string()}));
    ASSERT_TRUE(WaitFor([&] {
      const auto info = FindServe(folder_.string());
      if (info)
        port_ = static_cast<uint16_t>(std::stoi(info->url.substr(info->url.rfind(':') + 1)));
      return info.has_value();
    }));
    for (int i = 0; i < 2; ++i) others_.emplace_back([this] { AskOnAndOn(); });
  }
  void TearDown() override {
    ended_ = true;
    for (std::thread& other : others_) other.join();
    tiny_.Hold(false);
  }

  // Calls of a task that nobody deploys, one after another on one connection.
  void AskOnAndOn() {
    TestSocket socket = TestSocket::Connect(port_);
    const std::string call = HttpBytes({.body = CallBody(kDeskPrompt, "book a table for two")});
    while (!ended_) {
      socket.Send(call);
      const TestMessage answer = socket.ReceiveMessage();
      const bool right = answer.status() == 200 && answer.body == AnswerBody("ham");
      right ? ++answered_ : ++lost_;
      if (!right) return;
    }
  }

  struct Answer {
    std::string by, reason, outcome, body;
    bool by_tiny() const { return by == "tiny"; }
  };
  Answer Ask(const std::string& session, std::string_view user = "your parcel is late") {
    TestSocket socket = TestSocket::Connect(port_);
    socket.Send(HttpBytes(
        {.body = CallBody(kMailPrompt, user), .headers = {"x-understudy-session: " + session}}));
    const TestMessage answer = socket.ReceiveMessage();
    EXPECT_EQ(answer.status(), 200) << answer.body;
    ++asked_;
    return {answer.Header("x-understudy-model"), answer.Header("x-understudy-reason"),
            answer.Header("x-understudy-outcome"), answer.body};
  }
  // Calls of as many new sessions; how many of them tiny answered.
  int AskMany(int calls) {
    int by_tiny = 0;
    for (int i = 0; i < calls; ++i) by_tiny += Ask(fmt::format("s-{}", ++sessions_)).by_tiny();
    return by_tiny;
  }
  // Until the gateway goes by what was deployed.
  bool Serves(std::string_view reason) {
    return WaitFor([&] {
      return Ask(fmt::format("w-{}", ++sessions_)).reason.find(reason) != std::string::npos;
    });
  }

  Ran Deploy(std::vector<std::string> args) {
    args.insert(args.begin(), "deploy");
    args.insert(args.end(), {"-w", folder_.string()});
    Ran ran = RunCli(args);
    EXPECT_EQ(ran.code, 0) << ran.err;
    return ran;
  }
  void Start() {
    Deploy({"start", "--task", "t-1", "--model", "tiny", "--share", fmt::format("{}", kShare),
            "--worse", "10", "--sure", "90", "--tasks", "runs/cluster/1", "--router",
            "runs/router/1/router.json"});
    EXPECT_TRUE(Serves("is in the shadow"));
  }
  DeploymentStage Stage() {
    return LoadDeployments(DeploymentsPath(folder_.path()))->deployments.at(0).stage;
  }
  std::string Id() {
    return LoadDeployments(DeploymentsPath(folder_.path()))->deployments.at(0).id;
  }
  // Calls and steps by turns until the test has moved it; what the step says of it.
  json::value StepUntil(DeploymentStage stage) {
    json::value said;
    for (int i = 0; i < 60 && Stage() != stage; ++i) {
      AskMany(20);
      const auto out = ParseJson(Deploy({"step", "--json"}).out);
      if (out) said = out->at("deployments").at(0);
    }
    EXPECT_EQ(Stage(), stage) << json::serialize(said);
    return said;
  }
  // Ends the program; all that it recorded, by its own account.
  int64_t RecordedCalls() {
    ended_ = true;
    for (std::thread& other : others_) other.join();
    others_.clear();
    serve_->Signal(SIGTERM);
    EXPECT_EQ(serve_->Wait(), 0) << serve_->err();
    return std::atoll(RunCli({"exchanges", "list", "--count", "-w", folder_.string()}).out.c_str());
  }
  void NothingWasLost() {
    const int64_t recorded = RecordedCalls();
    EXPECT_EQ(lost_, 0);
    EXPECT_GT(answered_, 100);
    EXPECT_EQ(recorded, answered_ + asked_);
  }

  TempFolder folder_;
  Scripted big_{"ham"}, tiny_{"ham"};
  std::unique_ptr<Process> serve_;
  uint16_t port_ = 0;
  int sessions_ = 0;
  int64_t asked_ = 0;
  std::vector<std::thread> others_;
  std::atomic<bool> ended_{false};
  std::atomic<int64_t> answered_{0}, lost_{0};
};

// As odd a count as this is no accident.
bool IsShareOf(int count, int of, double share) {
  return BinomialCdf(count, of, share) > kChance && BinomialTail(count, of, share) > kChance;
}

TEST_F(DeployServe, FromShadowToLiveAndBack) {
  EXPECT_EQ(Ask("first").reason, "default") << "nothing is deployed";
  // A small model that says nothing at all: its shadow answers are waited for by nobody.
  tiny_.Hold(true);
  Start();
  EXPECT_EQ(AskMany(30), 0);
  EXPECT_GT(tiny_.asked(), 0U);
  EXPECT_LE(tiny_.asked(), 4U) << "more shadows at once than routing.shadows";
  tiny_.Hold(false);

  const json::value shadow = StepUntil(DeploymentStage::kCanary);
  EXPECT_EQ(StringOr(shadow, "moved_to"), "canary");
  EXPECT_EQ(IntOr(shadow, "differ", -1), 0);
  EXPECT_GE(NumberOr(shadow, "log_wealth_good", 0), NumberOr(shadow, "limit", 1e9));
  EXPECT_EQ(IntOr(shadow, "served", -1), 0) << "a shadow never answers";

  ASSERT_TRUE(Serves("outside the canary's 25 %"));
  std::map<std::string, bool> side;
  int by_tiny = 0;
  for (int i = 0; i < 400; ++i) {
    const std::string session = fmt::format("c-{}", i);
    by_tiny += side[session] = Ask(session).by_tiny();
  }
  EXPECT_TRUE(IsShareOf(by_tiny, 400, kShare * (1 - kExplored))) << by_tiny << " of 400";
  for (int i = 0; i < 40; ++i) {
    const std::string session = fmt::format("c-{}", i);
    EXPECT_EQ(Ask(session).by_tiny(), side[session]) << "a session changed its side";
  }

  const json::value canary = StepUntil(DeploymentStage::kLive);
  EXPECT_EQ(StringOr(canary, "moved_to"), "live");
  EXPECT_GE(IntOr(canary, "served", 0), 20);
  EXPECT_GE(NumberOr(canary, "log_wealth_good", 0), NumberOr(canary, "limit", 1e9));
  ASSERT_TRUE(WaitFor([&] { return AskMany(10) >= 8; }));
  EXPECT_TRUE(IsShareOf(AskMany(200), 200, 1 - kExplored));
  const Answer stranger = Ask("strange", "qwertz uiop asdfgh");
  EXPECT_EQ(stranger.by, "big");
  EXPECT_THAT(stranger.reason, HasSubstr("was never asked like this"));

  // Its answers turn bad: clients get the reference's, and the test takes it back.
  tiny_.Say("");
  const Answer bad = Ask("bad");
  EXPECT_EQ(bad.body, AnswerBody("ham"));
  EXPECT_THAT(bad.outcome, AnyOf("escalated", "served"));
  const json::value live = StepUntil(DeploymentStage::kShadow);
  EXPECT_EQ(StringOr(live, "moved_to"), "shadow");
  // Those served and those beside the explored reference's both tell; who is first is chance.
  EXPECT_THAT(std::string(StringOr(live, "why")),
              AnyOf(HasSubstr("fail verification"), HasSubstr("differ from the reference's")));
  ASSERT_TRUE(Serves("is in the shadow"));
  EXPECT_EQ(AskMany(20), 0);
  const std::string log = ReadFile(folder_ / "deployments.log.jsonl").value_or("");
  EXPECT_THAT(log, HasSubstr(R"("from":"shadow","to":"canary")"));
  EXPECT_THAT(log, HasSubstr(R"("from":"canary","to":"live")"));
  EXPECT_THAT(log, HasSubstr(R"("from":"live","to":"shadow")"));
  NothingWasLost();
}

// What passes verification and is wrong all the same: only the reference beside it tells.
TEST_F(DeployServe, ACanaryWhoseAnswersDifferIsTakenBackAndThenRetired) {
  Start();
  Deploy({"promote", Id(), "--why", "checked by hand"});
  ASSERT_TRUE(Serves("outside the canary's 25 %"));
  tiny_.Say("spam");
  const json::value canary = StepUntil(DeploymentStage::kShadow);
  EXPECT_THAT(std::string(StringOr(canary, "why")), HasSubstr("differ from the reference's"));
  ASSERT_TRUE(Serves("is in the shadow"));
  const json::value shadow = StepUntil(DeploymentStage::kRetired);
  EXPECT_THAT(std::string(StringOr(shadow, "why")), HasSubstr("differ from the reference's"));
  ASSERT_TRUE(Serves("is not deployed"));
  AskMany(5);  // those under way have ended
  const size_t before = tiny_.asked();
  EXPECT_EQ(AskMany(30), 0);
  EXPECT_EQ(tiny_.asked(), before) << "what is retired is not even asked";
  NothingWasLost();
}

// What cannot be read does not take away what serves.
TEST_F(DeployServe, ABrokenFileIsRefusedAndWhatServedServesOn) {
  Start();
  Deploy({"promote", Id(), "--to", "live"});
  ASSERT_TRUE(Serves(">= 0.50"));
  const fs::path file = DeploymentsPath(folder_.path());
  const std::string good = ReadFile(file).value();
  for (const std::string_view bad : {std::string_view(good).substr(0, good.size() / 2),
                                     std::string_view(R"({"v":1,"router":"runs/none.json"})")}) {
    ASSERT_TRUE(WriteFileAtomically(file, bad));
    serve_->Signal(SIGHUP);
    // Reloads are taken one after another: once the good one is in, the bad one has been refused.
    EXPECT_TRUE(IsShareOf(AskMany(50), 50, 1 - kExplored));
  }
  ASSERT_TRUE(WriteFileAtomically(file, good));
  serve_->Signal(SIGHUP);
  EXPECT_TRUE(Serves(">= 0.50"));
  NothingWasLost();
  EXPECT_THAT(serve_->err(), HasSubstr("deployments.json"));
}

}  // namespace
}  // namespace understudy
