#include "models/registry.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "models/model_fixture.h"
#include "support/test_server.h"

namespace understudy {
namespace {

ModelOptions OpenAi(std::string name, std::string url = "http://127.0.0.1:9/v1") {
  ModelOptions options;
  options.name = std::move(name);
  options.kind = "openai";
  options.url = std::move(url);
  return options;
}

class ModelSetTest : public ModelTest {
 protected:
  Result<std::shared_ptr<ModelSet>> Make(const ModelSet* previous = nullptr) {
    return ModelSet::Make(options_, runtime_, previous);
  }
  std::string Problems() {
    const auto made = Make();
    EXPECT_FALSE(made);
    return made ? "" : made.error().message;
  }

  Options options_;
};

TEST_F(ModelSetTest, FindsItsPartsByDefault) {
  options_.models = {OpenAi("slm"), OpenAi("big"), OpenAi("other")};
  options_.models[0].small = true;
  const auto set = *Make();
  ASSERT_EQ(set->all().size(), 3);
  EXPECT_EQ(set->reference(), set->Find("big"));
  EXPECT_EQ(set->local(), set->Find("slm"));
  EXPECT_EQ(set->Find("none"), nullptr);
  EXPECT_EQ(set->FallbackFor(*set->reference()), set->local());
  EXPECT_EQ(set->FallbackFor(*set->local()), set->reference());
  EXPECT_EQ(set->FallbackFor(*set->Find("other")), set->reference());
}

TEST_F(ModelSetTest, FindsItsPartsByName) {
  options_.models = {OpenAi("a"), OpenAi("b"), OpenAi("c")};
  options_.routing.reference = "b";
  options_.routing.local = "a";
  options_.routing.fallback = "c";
  const auto set = *Make();
  EXPECT_EQ(set->reference()->info().name, "b");
  EXPECT_EQ(set->local()->info().name, "a");
  EXPECT_EQ(set->FallbackFor(*set->Find("b"))->info().name, "c");
  EXPECT_EQ(set->FallbackFor(*set->Find("c")), nullptr) << "never itself";
  options_.routing.fallback = "none";
  const auto alone = *Make();
  EXPECT_EQ(alone->FallbackFor(*alone->Find("b")), nullptr);
}

TEST_F(ModelSetTest, AnEmptySetHasNoParts) {
  const auto set = *Make();
  EXPECT_EQ(set->reference(), nullptr);
  EXPECT_EQ(set->local(), nullptr);
}

TEST_F(ModelSetTest, ReportsEveryProblemWithItsKey) {
  options_.models = {OpenAi("a"), OpenAi("a"), OpenAi("b", "gopher://x"), OpenAi("c")};
  options_.models[3].kind = "oracle";
  ModelOptions replay;
  replay.name = "log";
  replay.kind = "replay";
  replay.file = "/absent.jsonl";
  options_.models.push_back(replay);
  options_.routing.reference = "aa";
  options_.routing.rules = {{.name = "r", .to = "nobody"}, {.name = "s", .to = "local"}};
  options_.routing.tasks = {{.name = "t", .model = "c"}};
  const std::string problems = Problems();
  for (const std::string_view expected :
       {"models[1].name:", "models[2].url:", "models[3].kind:", "models[4].file:",
        "routing.reference: no model is named \"aa\"", "routing.rules[0].to:"}) {
    EXPECT_NE(problems.find(expected), std::string::npos) << expected << "\nin\n" << problems;
  }
  EXPECT_EQ(problems.find("tasks"), std::string::npos) << "model c has its own line already";
  EXPECT_EQ(std::ranges::count(problems, '\n'), 5);
}

TEST_F(ModelSetTest, ResolvesSecretsAndNeverShowsThem) {
  TestServer server([](const TestMessage&, TestSocket& client) {
    client.Send(TestAnswer(200, R"({"choices":[{"message":{"content":"x"}}]})"));
  });
  ::setenv("UNDERSTUDY_TEST_KEY", "sk-resolved", 1);
  options_.models = {OpenAi("big", server.url())};
  options_.models[0].api_key = "env:UNDERSTUDY_TEST_KEY";
  options_.models[0].headers = {"X-Two: env:UNDERSTUDY_TEST_KEY"};
  const auto set = *Make();
  ASSERT_TRUE(Complete(*set->Find("big"), AskFor("Hi")));
  EXPECT_EQ(server.requests().at(0).Header("Authorization"), "Bearer sk-resolved");
  EXPECT_EQ(server.requests().at(0).Header("X-Two"), "sk-resolved");
  options_.models[0].headers = {"X-Ok: 1", "X-Three: env:UNDERSTUDY_TEST_ABSENT"};
  const std::string problems = Problems();
  EXPECT_NE(problems.find("models[0].headers[1]"), std::string::npos) << problems;
  EXPECT_EQ(problems.find("sk-resolved"), std::string::npos);
}

TEST_F(ModelSetTest, AReloadKeepsWhatDidNotChange) {
  options_.models = {OpenAi("same"), OpenAi("changed"), OpenAi("removed")};
  const auto before = *Make();
  options_.models[1].retries = 7;
  options_.models[2] = OpenAi("added");
  const auto after = *Make(before.get());
  EXPECT_EQ(after->Find("same"), before->Find("same"));
  EXPECT_NE(after->Find("changed"), before->Find("changed"));
  EXPECT_EQ(after->Find("removed"), nullptr);
  EXPECT_NE(after->Find("added"), nullptr);
  options_.server.request_timeout_s = 5;
  EXPECT_NE((*Make(after.get()))->Find("same"), after->Find("same"));
}

TEST_F(ModelSetTest, AReloadKeepsAModelAliveForRequestsOfTheOldSet) {
  options_.models = {OpenAi("a")};
  std::shared_ptr<const ModelSet> set = *Make();
  const std::shared_ptr<const ModelSet> of_a_request = set;
  options_.models = {OpenAi("b")};
  set = *Make(set.get());
  EXPECT_EQ(of_a_request->Find("a")->info().name, "a");
}

TEST_F(ModelSetTest, AReplacedRecordingIsReadAgain) {
  const auto path = std::filesystem::path(::testing::TempDir()) /
                    ("registry_" + std::to_string(::getpid()) + ".jsonl");
  const auto publish = [&](std::string_view answer) {
    std::ofstream(path.string() + ".new")
        << R"({"id":"1","request":)" << AskFor("hi").body
        << R"(,"response":{"choices":[{"message":{"content":")" << answer << "\"}}]}}\n";
    std::filesystem::rename(path.string() + ".new", path);
  };
  publish("one");
  ModelOptions replay;
  replay.name = "log";
  replay.kind = "replay";
  replay.file = path.string();
  options_.models = {replay};
  const auto first = *Make();
  const auto second = *Make(first.get());
  EXPECT_EQ(second->Find("log"), first->Find("log"));
  publish("two");
  const auto third = *Make(second.get());
  EXPECT_NE(third->Find("log"), second->Find("log"));
  EXPECT_EQ(Complete(*third->Find("log"), AskFor("hi"))->choices.at(0).content, "two");
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace understudy
