#include "route/learned_router.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "base/file.h"
#include "support/small_tasks.h"
#include "support/temp_folder.h"

namespace understudy {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

// 0.95 for each task, but for requests with many digits.
AcceptanceModel Accepting() {
  AcceptanceModel model;
  model.worse = 0.05, model.sure = 0.95, model.held = true;
  model.dims = kEmbeddingSize;
  model.tasks = {{.id = "t-2", .name = "book-table", .before = 0.5, .after = 0.9},
                 {.id = "t-1", .name = "label-mail", .before = 0.6, .after = 0.88}};
  model.before.bias = 2.944;
  model.before.weights.assign(model.before_inputs(), 0);
  model.before.means.assign(model.before_inputs(), 0);
  for (size_t i = 0; i < kRequestFeatureCount; ++i) {
    if (RequestFeatureName(i) == "digits in the last user message") {
      model.before.weights[kEmbeddingSize + 1 + i] = -40;
    }
  }
  model.after.bias = 2.2;
  model.after.weights = {0, 1, 0, 0, 0, 0};
  model.after.means.assign(kSignalInputs, 0);
  model.policy = PolicyName(model);
  return model;
}

RulesRouter Rules(bool with_reference = true) {
  Options options;
  options.models.push_back({.name = "tiny", .kind = "local", .small = true, .gguf = "t.gguf"});
  if (with_reference)
    options.models.push_back({.name = "gpt", .kind = "openai", .url = "http://h"});
  options.routing.rules = {{.name = "short", .agent = "labeller", .to = "local"}};
  return RulesRouter::Make(options).value();
}

Deployment Deployed(std::string task, DeploymentStage stage, std::string id = "d-1") {
  return {.id = std::move(id),
          .task = task,
          .model = "tiny",
          .adapter = task + "-" + std::string(Name(stage)),
          .stage = stage,
          .share = 0.25};
}

LearnedRouter Made(std::vector<Deployment> deployments, LearnedOptions options = {.explore = 0},
                   AcceptanceModel acceptance = Accepting()) {
  Deployments file;
  file.policy = "p-12345678";
  file.deployments = std::move(deployments);
  auto tasks = TaskModel::Make(SmallTasks());
  auto router = LearnedRouter::Make(
      Rules(), std::make_shared<const TaskModel>(*std::move(tasks)),
      std::make_shared<const Acceptance>(Acceptance::Make(std::move(acceptance)).value()), file,
      options);
  EXPECT_TRUE(router) << router.error().ToString();
  return *std::move(router);
}

Decision Decided(const LearnedRouter& router, const ChatRequest& request, RouteHints hints = {}) {
  const auto decision = router.Decide(request, hints);
  EXPECT_TRUE(decision) << decision.error().ToString();
  return decision.value_or(Decision{});
}

const ChatRequest kParcel = AskedOf(kMailPrompt, "your parcel is late");

TEST(LearnedRouter, GivesALikelyCallToTheLiveDeployment) {
  const auto router = Made({Deployed("t-1", DeploymentStage::kLive)}, {.explore = 0.02});
  const Decision decision = Decided(router, kParcel, {.session = "s"});
  EXPECT_EQ(decision.policy, "p-12345678");
  EXPECT_EQ(decision.task, "t-1");
  EXPECT_EQ(decision.chosen, "tiny");
  EXPECT_EQ(decision.route, Route::kLocal);
  EXPECT_EQ(decision.reason, "learned: label-mail 0.95 >= 0.60");
  EXPECT_DOUBLE_EQ(decision.propensity, 0.98);
  EXPECT_FALSE(decision.explored);
  EXPECT_GT(decision.took_ns, 0);
  ASSERT_EQ(decision.candidates.size(), 2u);
  EXPECT_EQ(decision.candidates[0].model, "tiny");
  EXPECT_EQ(decision.candidates[0].deployment, "t-1-live");
  EXPECT_NEAR(decision.candidates[0].probability, 0.95, 0.001);
  EXPECT_EQ(decision.candidates[0].threshold, 0.6);
  EXPECT_EQ(decision.candidates[1].model, "gpt");
}

TEST(LearnedRouter, RulesHeadersAndNamesComeFirst) {
  const auto router = Made({Deployed("t-1", DeploymentStage::kLive)});
  const auto reason = [&](std::string_view model, RouteHints hints) {
    ChatRequest request = kParcel;
    request.model = model;
    return Decided(router, request, hints).reason;
  };
  EXPECT_EQ(reason("", {.route_header = "reference"}), "header");
  EXPECT_EQ(reason("understudy/reference", {}), "alias");
  EXPECT_EQ(reason("gpt", {}), "model");
  EXPECT_EQ(reason("", {.agent = "labeller"}), "rule:short");
  EXPECT_THAT(reason("gpt-4o", {}), StartsWith("learned: "));
  EXPECT_THAT(reason("understudy/auto", {}), StartsWith("learned: "));
  EXPECT_THAT(reason("", {.route_header = "auto"}), StartsWith("learned: "));
  EXPECT_FALSE(router.Decide(kParcel, {.route_header = "nobody"}));
}

TEST(LearnedRouter, SaysWhyTheReferenceAnswers) {
  const auto router = Made({Deployed("t-1", DeploymentStage::kLive)});
  const auto decided = [&](const ChatRequest& request) { return Decided(router, request); };
  const Decision far = decided(AskedOf("Another agent.", "your parcel is late"));
  EXPECT_EQ(far.reason, "learned: near no task");
  EXPECT_EQ(far.task, "");
  EXPECT_EQ(far.chosen, "gpt");
  const Decision other = decided(AskedOf(kDeskPrompt, "book a table for two"));
  EXPECT_EQ(other.reason, "learned: book-t??ble is not deployed");
  EXPECT_EQ(other.task, "t-2");
  const Decision unlike = decided(AskedOf(kMailPrompt, "qwertz uiop asdfgh"));
  EXPECT_EQ(unlike.reason, "learned: label-mail was never asked like this");
  const Decision digits = decided(AskedOf(kMailPrompt, "your parcel is late 778899"));
  EXPECT_THAT(digits.reason, testing::MatchesRegex("learned: label-mail 0\\.[0-9][0-9] < 0\\.60"));
  for (const Decision& decision : {far, other, unlike, digits}) {
    EXPECT_EQ(decision.chosen, "gpt");
    EXPECT_EQ(decision.route, Route::kReference);
    EXPECT_EQ(decision.propensity, 1);
    EXPECT_EQ(decision.candidates[0].model, "gpt");
  }
  EXPECT_EQ(digits.candidates.size(), 2u);
}

TEST(LearnedRouter, AShadowARetiredAndAnUnprovenOneServeNothing) {
  const Decision shadow = Decided(Made({Deployed("t-1", DeploymentStage::kShadow)}), kParcel);
  EXPECT_EQ(shadow.reason, "learned: label-mail is in the shadow");
  EXPECT_EQ(shadow.chosen, "gpt");
  ASSERT_EQ(shadow.candidates.size(), 2u);
  EXPECT_EQ(shadow.candidates[1].deployment, "t-1-shadow");
  EXPECT_NEAR(shadow.candidates[1].probability, 0.95, 0.001);
  const Decision retired = Decided(Made({Deployed("t-1", DeploymentStage::kRetired)}), kParcel);
  EXPECT_EQ(retired.reason, "learned: label-mail is not deployed");
  AcceptanceModel unproven = Accepting();
  for (TaskThresholds& task : unproven.tasks) task.before = task.after = kNeverServed;
  const auto router = Made({Deployed("t-1", DeploymentStage::kLive)}, {}, unproven);
  EXPECT_EQ(Decided(router, kParcel).reason, "learned: label-mail keeps no promise yet");
  EXPECT_EQ(Decided(router, kParcel).chosen, "gpt");
}

// A task that clustering knows and the router was not fitted for.
TEST(LearnedRouter, ATaskThatWasNotFittedGoesToTheReference) {
  AcceptanceModel model = Accepting();
  model.tasks.pop_back();
  model.before.weights.pop_back();
  model.before.means.pop_back();
  const auto router = Made({Deployed("t-1", DeploymentStage::kLive)}, {}, model);
  EXPECT_EQ(Decided(router, kParcel).chosen, "gpt");
}

TEST(LearnedRouter, ACanaryHasItsShareOfTheSessionsAndKeepsThem) {
  const auto router = Made({Deployed("t-1", DeploymentStage::kCanary)});
  int served = 0;
  for (int i = 0; i < 4000; ++i) {
    const std::string session = "session " + std::to_string(i);
    const Decision decision = Decided(router, kParcel, {.session = session});
    const bool small = decision.route == Route::kLocal;
    served += small;
    EXPECT_DOUBLE_EQ(decision.propensity, small ? 0.25 : 0.75);
    EXPECT_EQ(decision.candidates[small ? 0 : 1].deployment, "t-1-canary");
    if (!small) EXPECT_EQ(decision.reason, "learned: label-mail is outside the canary's 25 %");
    EXPECT_EQ(Decided(router, kParcel, {.session = session}).chosen, decision.chosen);
  }
  EXPECT_NEAR(served, 1000, 100);
}

TEST(LearnedRouter, OutsideTheCanaryWhatIsLiveServes) {
  const auto router = Made({Deployed("t-1", DeploymentStage::kLive, "d-1"),
                            Deployed("t-1", DeploymentStage::kCanary, "d-2")});
  int canary = 0;
  for (int i = 0; i < 2000; ++i) {
    const Decision decision = Decided(router, kParcel, {.session = std::to_string(i)});
    EXPECT_EQ(decision.route, Route::kLocal);
    const bool drawn = decision.candidates[0].deployment == "t-1-canary";
    canary += drawn;
    EXPECT_DOUBLE_EQ(decision.propensity, drawn ? 0.25 : 0.75);
  }
  EXPECT_NEAR(canary, 500, 80);
}

// Weighted by their propensities, the calls that an SLM got count for all calls that it could get.
TEST(LearnedRouter, ExploringIsRareRecordedAndOnlyTowardsTheReference) {
  for (const DeploymentStage stage : {DeploymentStage::kLive, DeploymentStage::kCanary}) {
    const auto router = Made({Deployed("t-1", stage)}, {.explore = 0.1});
    int explored = 0;
    double weights = 0, reference_weights = 0;
    for (int i = 0; i < 6000; ++i) {
      const Decision decision = Decided(router, kParcel, {.session = std::to_string(i)});
      if (decision.explored) {
        ++explored;
        EXPECT_EQ(decision.route, Route::kReference);
        EXPECT_EQ(decision.reason, "learned: label-mail explores");
      }
      const bool small = decision.route == Route::kLocal;
      (small ? weights : reference_weights) += 1 / decision.propensity;
    }
    EXPECT_NEAR(explored, stage == DeploymentStage::kLive ? 600 : 150, 90);
    EXPECT_NEAR(weights, 6000, 600);
    EXPECT_NEAR(reference_weights, 6000, 900);
  }
}

TEST(LearnedRouter, JudgesAnAnswerByItsSignals) {
  const auto router = Made({Deployed("t-1", DeploymentStage::kLive)});
  const Decision decision = Decided(router, kParcel);
  ChatAnswer sure, unsure;
  sure.choices.push_back({.content = "late", .token_logprobs = {-0.01F, -0.02F}});
  unsure.choices.push_back({.content = "late", .token_logprobs = {-0.01F, -3}});
  const auto judged = [&](const Decision& made, const ChatAnswer& answer) {
    return router.Judge(made, made.candidates[0], kParcel, answer);
  };
  // Log-odds of 2.2 and the least token's log-probability.
  EXPECT_NEAR(judged(decision, sure).probability, 0.8984, 0.001);
  EXPECT_NEAR(judged(decision, unsure).probability, 0.31, 0.001);
  EXPECT_EQ(judged(decision, sure).threshold, 0.88);
  EXPECT_TRUE(judged(decision, sure).enough());
  EXPECT_FALSE(judged(decision, unsure).enough());
  const Decision by_rule = Decided(router, kParcel, {.agent = "labeller"});
  EXPECT_EQ(by_rule.reason, "rule:short");
  EXPECT_TRUE(judged(by_rule, unsure).enough()) << "no opinion";
}

TEST(LearnedRouter, RequestsWithoutASessionAreOneEach) {
  const auto router = Made({Deployed("t-1", DeploymentStage::kCanary)});
  int served = 0;
  for (int i = 0; i < 1000; ++i) {
    ChatRequest request = kParcel;
    request.body = std::to_string(i);
    served += Decided(router, request).route == Route::kLocal;
  }
  EXPECT_NEAR(served, 250, 60);
}

TEST(LearnedRouter, WithoutAReferenceTheDefaultStays) {
  auto tasks = std::make_shared<const TaskModel>(TaskModel::Make(SmallTasks()).value());
  auto acceptance = std::make_shared<const Acceptance>(Acceptance::Make(Accepting()).value());
  const auto router = LearnedRouter::Make(Rules(false), tasks, acceptance, {}).value();
  EXPECT_EQ(Decided(router, kParcel).reason, "default");
  EXPECT_EQ(Decided(router, kParcel).chosen, "tiny");
}

TEST(LearnedRouter, RefusesPartsThatDoNotBelongTogether) {
  auto tasks = std::make_shared<const TaskModel>(TaskModel::Make(SmallTasks()).value());
  auto acceptance = std::make_shared<const Acceptance>(Acceptance::Make(Accepting()).value());
  EXPECT_FALSE(LearnedRouter::Make(Rules(), tasks, acceptance, {}, {.explore = 1.5}));
  EXPECT_FALSE(LearnedRouter::Make(Rules(), tasks, acceptance, {}, {.explore = -0.1}));
  AcceptanceModel small = Accepting();
  small.dims = 3;
  small.before.weights.resize(small.before_inputs());
  small.before.means.resize(small.before_inputs());
  acceptance = std::make_shared<const Acceptance>(Acceptance::Make(small).value());
  const auto router = LearnedRouter::Make(Rules(), tasks, acceptance, {});
  ASSERT_FALSE(router);
  EXPECT_THAT(router.error().ToString(), HasSubstr("embeddings of 3 numbers"));
}

TEST(LearnedRouter, LoadsWhatTheDeploymentsName) {
  const TempFolder folder;
  std::ofstream(folder / kAssignerFile, std::ios::binary) << SerializeTaskModel(SmallTasks());
  ASSERT_TRUE(WriteFileAtomically(folder / "router.json", json::serialize(ToJson(Accepting()))));
  Deployments file;
  file.tasks = ".";
  file.router = "router.json";
  file.deployments = {Deployed("t-1", DeploymentStage::kLive)};
  const auto router = LearnedRouter::Load(Rules(), file, folder.path(), {.explore = 0});
  ASSERT_TRUE(router) << router.error().ToString();
  EXPECT_EQ(Decided(*router, kParcel).chosen, "tiny");
  EXPECT_EQ(router->policy(), Accepting().policy);
  file.router = "none.json";
  EXPECT_FALSE(LearnedRouter::Load(Rules(), file, folder.path()));
  file.tasks = "nowhere";
  EXPECT_FALSE(LearnedRouter::Load(Rules(), file, folder.path()));
}

}  // namespace
}  // namespace understudy
