#include "route/rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

Options TwoModels() {
  Options options;
  options.models.resize(3);
  options.models[0] = {.name = "gpt", .kind = "openai", .url = "http://h"};
  options.models[1] = {.name = "other", .kind = "openai", .url = "http://h"};
  options.models[2] = {.name = "tiny", .kind = "local", .small = true, .gguf = "t.gguf"};
  options.models[2].adapters = {{.name = "labels-v1", .path = "l.gguf"}};
  options.routing.tasks = {{.name = "labels", .model = "tiny", .adapter = "labels-v1"}};
  return options;
}

ChatRequest Asking(std::string_view model) {
  ChatRequest request;
  request.model = model;
  request.body = R"({"model":"...","messages":[]})";
  request.messages = {{.role = Role::kSystem, .text = "You label mail."},
                      {.role = Role::kUser, .text = "hello"}};
  return request;
}

RulesRouter Made(const Options& options) {
  auto router = RulesRouter::Make(options);
  EXPECT_TRUE(router) << router.error().ToString();
  return *std::move(router);
}

Decision Decided(const Options& options, const ChatRequest& request, const RouteHints& hints = {}) {
  const auto decision = Made(options).Decide(request, hints);
  EXPECT_TRUE(decision) << decision.error().ToString();
  return decision.value_or(Decision{});
}

TEST(Rules, FillsInTheWholeDecision) {
  const Decision decision = Decided(TwoModels(), Asking("understudy/task:labels"));
  EXPECT_THAT(decision.policy, testing::MatchesRegex("rules/[0-9a-f]{8}"));
  EXPECT_EQ(decision.task, "labels");
  ASSERT_EQ(decision.candidates.size(), 1u);
  EXPECT_EQ(decision.candidates[0].model, "tiny");
  EXPECT_EQ(decision.candidates[0].deployment, "labels-v1");
  EXPECT_EQ(decision.chosen, "tiny");
  EXPECT_EQ(decision.route, Route::kLocal);
  EXPECT_EQ(decision.propensity, 1);
  EXPECT_FALSE(decision.explored);
  EXPECT_EQ(decision.reason, "alias");
  EXPECT_GE(decision.took_ns, 0);
}

struct Case {
  std::string_view model, header, chosen, reason;
  Route route;
};

TEST(Rules, NamesAndAliasesDecide) {
  const Case cases[] = {
      {"understudy/auto", "", "gpt", "default", Route::kReference},
      {"understudy/local", "", "tiny", "alias", Route::kLocal},
      {"understudy/reference", "", "gpt", "alias", Route::kReference},
      {"understudy/other", "", "other", "alias", Route::kNamed},
      {"other", "", "other", "model", Route::kNamed},
      {"tiny", "", "tiny", "model", Route::kLocal},
      {"gpt", "", "gpt", "model", Route::kReference},
      {"gpt-4o", "", "gpt", "default", Route::kReference},
      {"", "", "gpt", "default", Route::kReference},
      // These mean something only behind "understudy/" or in the header.
      {"local", "", "gpt", "default", Route::kReference},
      {"task:labels", "", "gpt", "default", Route::kReference},
      // The header comes first.
      {"understudy/local", "reference", "gpt", "header", Route::kReference},
      {"understudy/local", "auto", "gpt", "default", Route::kReference},
      {"other", "understudy/auto", "gpt", "default", Route::kReference},
      {"gpt-4o", "local", "tiny", "header", Route::kLocal},
      {"gpt-4o", "other", "other", "header", Route::kNamed},
      {"understudy/nonsense", "tiny", "tiny", "header", Route::kLocal},
  };
  for (const Case& c : cases) {
    const Decision decision = Decided(TwoModels(), Asking(c.model), {.route_header = c.header});
    EXPECT_EQ(decision.chosen, c.chosen) << c.model << " " << c.header;
    EXPECT_EQ(decision.reason, c.reason) << c.model << " " << c.header;
    EXPECT_EQ(decision.route, c.route) << c.model << " " << c.header;
    EXPECT_EQ(decision.task, "");
  }
}

TEST(Rules, TheHeaderNamesTasks) {
  const Decision decision = Decided(TwoModels(), Asking("gpt-4o"), {.route_header = "task:labels"});
  EXPECT_EQ(decision.task, "labels");
  EXPECT_EQ(decision.candidates.at(0).deployment, "labels-v1");
}

TEST(Rules, UnknownNamesAreErrorsThatListTheKnown) {
  const auto alias = Made(TwoModels()).Decide(Asking("understudy/nonsense"), {});
  ASSERT_FALSE(alias);
  EXPECT_EQ(alias.error().kind, ErrorKind::kNotFound);
  EXPECT_EQ(alias.error().code, "model_not_found");
  EXPECT_EQ(alias.error().param, "model");
  EXPECT_EQ(alias.error().mend,
            "Ask for one of: auto, gpt, local, other, reference, task:labels, tiny");
  const auto header = Made(TwoModels()).Decide(Asking("gpt"), {.route_header = "task:nonsense"});
  ASSERT_FALSE(header);
  EXPECT_EQ(header.error().kind, ErrorKind::kInvalidInput);
  EXPECT_EQ(header.error().where, "x-understudy-route");
  EXPECT_THAT(header.error().message, HasSubstr("task:nonsense"));
}

TEST(Rules, ALongNameIsNotEchoedWhole) {
  const std::string longest = "understudy/" + std::string(100'000, 'x');
  const auto decision = Made(TwoModels()).Decide(Asking(longest), {});
  ASSERT_FALSE(decision);
  EXPECT_LT(decision.error().ToString().size(), 400u);
}

TEST(Rules, TheOnlyModelIsTheDefault) {
  Options options = TwoModels();
  options.routing.tasks.clear();
  options.models.erase(options.models.begin(), options.models.begin() + 2);
  EXPECT_EQ(Decided(options, Asking("gpt-4o")).chosen, "tiny");
  EXPECT_EQ(Decided(options, Asking("gpt-4o")).route, Route::kLocal);
  EXPECT_FALSE(Made(options).Decide(Asking("understudy/reference"), {}));
  options.models = {{.name = "gpt", .kind = "openai"}};
  EXPECT_EQ(Decided(options, Asking("gpt-4o")).chosen, "gpt");
  EXPECT_FALSE(Made(options).Decide(Asking("understudy/local"), {}));
}

TEST(Rules, WithoutModelsNothingCanAnswer) {
  const auto decision = Made(Options{}).Decide(Asking("gpt-4o"), {});
  ASSERT_FALSE(decision);
  EXPECT_EQ(decision.error().kind, ErrorKind::kUnavailable);
  EXPECT_FALSE(decision.error().retryable);
  EXPECT_THAT(decision.error().mend, HasSubstr("config.toml"));
}

TEST(Rules, TheFirstRuleWhoseConditionsHoldDecides) {
  Options options = TwoModels();
  options.routing.rules = {{.name = "never", .agent = "x", .model = "y", .to = "other"},
                           {.name = "mine", .agent = "mailbox", .to = "task:labels"},
                           {.name = "later", .agent = "mailbox", .to = "other"}};
  const Decision decision = Decided(options, Asking("gpt-4o"), {.agent = "mailbox"});
  EXPECT_EQ(decision.reason, "rule:mine");
  EXPECT_EQ(decision.task, "labels");
  EXPECT_EQ(decision.chosen, "tiny");
  EXPECT_EQ(Decided(options, Asking("gpt-4o")).reason, "default");
}

// Whether a rule with these conditions takes the request.
bool Takes(RouteRule rule, const ChatRequest& request, const RouteHints& hints = {}) {
  rule.name = "r";
  rule.to = "local";
  Options options = TwoModels();
  options.routing.rules = {rule};
  return Decided(options, request, hints).reason == "rule:r";
}

TEST(Rules, EachConditionIsHeeded) {
  ChatRequest request = Asking("gpt-4o");
  EXPECT_TRUE(Takes({}, request));
  EXPECT_TRUE(Takes({.model = "gpt-4o"}, request));
  EXPECT_FALSE(Takes({.model = "gpt-4"}, request));
  EXPECT_TRUE(Takes({.agent = "a"}, request, {.agent = "a"}));
  EXPECT_FALSE(Takes({.agent = "a"}, request, {.agent = "ab"}));
  EXPECT_TRUE(Takes({.system_contains = "label"}, request));
  EXPECT_FALSE(Takes({.system_contains = "hello"}, request));
  EXPECT_TRUE(Takes({.response_format = "text"}, request));
  EXPECT_FALSE(Takes({.response_format = "json_schema"}, request));
  const auto size = static_cast<int64_t>(request.body.size());
  EXPECT_TRUE(Takes({.max_bytes = size}, request));
  EXPECT_FALSE(Takes({.max_bytes = size - 1}, request));
  EXPECT_TRUE(Takes({.min_bytes = size}, request));
  EXPECT_FALSE(Takes({.min_bytes = size + 1}, request));
}

TEST(Rules, ToolsMustAllBeAmongTheRules) {
  ChatRequest request = Asking("gpt-4o");
  EXPECT_FALSE(Takes({.tools = {"a"}}, request));  // offers none
  request.tools = {{.name = "a"}, {.name = "c"}};
  EXPECT_TRUE(Takes({.tools = {"c", "b", "a"}}, request));
  EXPECT_FALSE(Takes({.tools = {"a", "b"}}, request));
}

TEST(Rules, OnlyTheFirstSystemMessageCounts) {
  ChatRequest request = Asking("gpt-4o");
  request.messages.insert(request.messages.begin(), {.role = Role::kDeveloper, .text = "first"});
  EXPECT_TRUE(Takes({.system_contains = "first"}, request));
  EXPECT_FALSE(Takes({.system_contains = "label"}, request));
  request.messages.clear();
  EXPECT_FALSE(Takes({.system_contains = "first"}, request));
}

TEST(Rules, ThePolicysNameChangesWithTheRoutesOnly) {
  Options options = TwoModels();
  const std::string before = Decided(options, Asking("gpt")).policy;
  options.server.threads = 7;
  options.models[0].url = "http://elsewhere";
  EXPECT_EQ(Decided(options, Asking("gpt")).policy, before);
  options.routing.rules = {{.name = "r", .to = "local"}};
  EXPECT_NE(Decided(options, Asking("gpt")).policy, before);
}

TEST(Rules, MissingModelsAreFoundWhenMade) {
  Options options = TwoModels();
  options.routing.rules = {{.name = "r", .to = "nonsense"}};
  EXPECT_THAT(RulesRouter::Make(options).error().where, HasSubstr("rule \"r\""));
  options = TwoModels();
  options.routing.tasks[0].model = "nonsense";
  EXPECT_THAT(RulesRouter::Make(options).error().where, HasSubstr("routing.tasks"));
  options = TwoModels();
  options.routing.reference = "nonsense";
  EXPECT_THAT(RulesRouter::Make(options).error().where, HasSubstr("routing.reference"));
}

TEST(Rules, ACopyDecidesAlike) {
  auto original = std::make_unique<RulesRouter>(Made(TwoModels()));
  const RulesRouter copy = *original;
  original.reset();
  EXPECT_EQ(copy.Decide(Asking("gpt-4o"), {}).value().chosen, "gpt");
}

}  // namespace
}  // namespace understudy
