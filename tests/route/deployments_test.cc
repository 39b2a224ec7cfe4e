#include "route/deployments.h"

#include <fmt/format.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "support/temp_folder.h"

namespace understudy {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;

constexpr std::string_view kWhole = R"({"v":1,"policy":"p-0a1b2c3d",
  "tasks":"runs/cluster/aa","router":"runs/router/bb/router.json","note":{"by":"hand"},
  "models":[{"name":"base","gguf":"base.gguf","context":2048,"slots":2}],
  "deployments":[
   {"id":"d-1","task":"t-1","model":"base","adapter":"t-1-v1","adapter_path":"a/1.gguf",
    "stage":"live","since":1000,"scorecard":"s.json","who":"me"},
   {"id":"d-2","task":"t-1","model":"base","adapter":"t-1-v2","adapter_path":"a/2.gguf",
    "stage":"canary","share":0.25,"replaces":"d-1"},
   {"id":"d-0","task":"t-1","model":"base","adapter":"t-1-v0","adapter_path":"a/0.gguf",
    "stage":"retired"},
   {"id":"d-3","task":"t-2","model":"tiny","stage":"shadow"}]})";

Deployments Parsed(std::string_view text) {
  auto parsed = ParseDeployments(text, "deployments.json");
  EXPECT_TRUE(parsed) << parsed.error().ToString();
  return parsed.value_or(Deployments{});
}

TEST(Deployments, ReadsEveryMember) {
  const Deployments all = Parsed(kWhole);
  EXPECT_EQ(all.policy, "p-0a1b2c3d");
  EXPECT_EQ(all.tasks, "runs/cluster/aa");
  EXPECT_EQ(all.router, "runs/router/bb/router.json");
  ASSERT_EQ(all.models.size(), 1u);
  EXPECT_EQ(all.models[0].context, 2048);
  ASSERT_EQ(all.deployments.size(), 4u);
  const Deployment* live = all.Of("t-1", DeploymentStage::kLive);
  ASSERT_TRUE(live);
  EXPECT_EQ(live->id, "d-1");
  EXPECT_EQ(live->since_ms, 1000);
  EXPECT_EQ(live->scorecard, "s.json");
  EXPECT_EQ(all.Find("d-2")->share, 0.25);
  EXPECT_EQ(all.Find("d-2")->replaces, "d-1");
  EXPECT_EQ(all.Find("d-3")->share, 0.1);
  EXPECT_EQ(all.Find("d-9"), nullptr);
  EXPECT_EQ(all.Of("t-2", DeploymentStage::kLive), nullptr);
}

TEST(Deployments, FindsWhatIsBehindAnAnswer) {
  Deployments all;
  all.deployments = {
      {.id = "d-1", .task = "t-1", .model = "m", .stage = DeploymentStage::kRetired},
      {.id = "d-2", .task = "t-1", .model = "m", .adapter = "a", .adapter_path = "a.gguf"},
      {.id = "d-3",
       .task = "t-1",
       .model = "m",
       .stage = DeploymentStage::kLive,
       .most_tokens = 77}};
  EXPECT_EQ(all.Behind("t-1", "m", "a")->id, "d-2");
  EXPECT_EQ(all.Behind("t-1", "m", "")->id, "d-3");
  EXPECT_EQ(all.Behind("t-1", "other", ""), nullptr);
  EXPECT_EQ(all.Behind("", "m", ""), nullptr);
  EXPECT_EQ(Parsed(FormatDeployments(all)).Find("d-3")->most_tokens, 77);
}

TEST(Deployments, KeepsWhatItDoesNotKnow) {
  const json::value again = *ParseJson(FormatDeployments(Parsed(kWhole)));
  EXPECT_EQ(StringOr(*Find(again, "note"), "by"), "hand");
  EXPECT_EQ(StringOr(again.at("deployments").at(0), "who"), "me");
}

// Taking known members out must not shuffle the others: people read the file.
TEST(Deployments, KeepsTheOrderOfWhatItDoesNotKnow) {
  const Deployments all = Parsed(R"({"v":1,"a":1,"b":2,"policy":"p","c":3,"tasks":"t","d":4})");
  EXPECT_THAT(FormatDeployments(all), HasSubstr(R"("a":1,"b":2,"c":3,"d":4)"));
  EXPECT_EQ(FormatDeployments(Parsed(FormatDeployments(all))), FormatDeployments(all));
}

TEST(Deployments, WritesWhatItReads) {
  const TempFolder folder;
  const auto file = DeploymentsPath(folder.path());
  Deployments all = Parsed(kWhole);
  ASSERT_TRUE(WriteDeployments(file, all));
  EXPECT_THAT(all.policy, MatchesRegex("p-[0-9a-f]{8}"));
  const auto read = LoadDeployments(file);
  ASSERT_TRUE(read) << read.error().ToString();
  EXPECT_EQ(FormatDeployments(*read), FormatDeployments(all));
  const std::string policy = all.policy;
  all.Find("d-3")->stage = DeploymentStage::kCanary;
  ASSERT_TRUE(WriteDeployments(file, all));
  EXPECT_NE(all.policy, policy);
}

TEST(Deployments, AFileThatIsNotThereDeploysNothing) {
  const TempFolder folder;
  const auto read = LoadDeployments(DeploymentsPath(folder.path()));
  ASSERT_TRUE(read) << read.error().ToString();
  EXPECT_TRUE(read->deployments.empty());
  EXPECT_TRUE(read->router.empty());
}

TEST(Deployments, NothingThatCannotBeReadAgainIsWritten) {
  const TempFolder folder;
  Deployments all = Parsed(kWhole);
  all.deployments[1].stage = DeploymentStage::kLive;
  const Status written = WriteDeployments(DeploymentsPath(folder.path()), all);
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().ToString(), HasSubstr("has another live deployment"));
  EXPECT_FALSE(std::filesystem::exists(DeploymentsPath(folder.path())));
}

struct BadCase {
  std::string_view name, text, where, what;
};

class BadDeployments : public testing::TestWithParam<BadCase> {};

TEST_P(BadDeployments, SayWhatAndWhere) {
  const auto parsed = ParseDeployments(GetParam().text, "d.json");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().kind, ErrorKind::kInvalidInput);
  EXPECT_THAT(parsed.error().where, AllOf(HasSubstr("d.json"), HasSubstr(GetParam().where)));
  EXPECT_THAT(parsed.error().message, HasSubstr(GetParam().what));
  EXPECT_FALSE(parsed.error().mend.empty());
}

#define ONE(members) R"({"v":1,"deployments":[{"id":"d","task":"t","model":"m",)" members "}]}"

INSTANTIATE_TEST_SUITE_P(
    Each, BadDeployments,
    testing::Values(
        BadCase{"cut", R"({"v":1,)", "d.json", ""},
        BadCase{"list", "[]", "the file", "must be an object"},
        BadCase{"no_version", "{}", "v", "is missing"},
        BadCase{"newer", R"({"v":2})", "v", "newer understudy"},
        BadCase{"text_version", R"({"v":"1"})", "v", "must be an integer"},
        BadCase{"models", R"({"v":1,"models":{}})", "models", "must be a list"},
        BadCase{"model", R"({"v":1,"models":[7]})", "models[0]", "must be an object"},
        BadCase{"context", R"({"v":1,"models":[{"name":"m","gguf":"g","context":0}]})",
                "models[0].context", "from 1 to"},
        BadCase{"twice", R"({"v":1,"models":[{"name":"m","gguf":"g"},{"name":"m","gguf":"g"}]})",
                "models[1].name", "already"},
        BadCase{"stage", ONE(R"("stage":"alive")"), "deployments[0].stage", "shadow, canary"},
        BadCase{"no_stage", ONE(R"("share":0)"), "deployments[0].stage", "missing"},
        BadCase{"share", ONE(R"("stage":"live","share":1.5)"), "deployments[0].share", "0 to 1"},
        BadCase{"half", ONE(R"("stage":"live","adapter":"a")"), "deployments[0].adapter_path",
                "both its name and its file"},
        BadCase{"infinite", R"({"v":1,"mine":[{"x":1e999}]})", "d.json", "too large"},
        BadCase{"nul", ONE(R"("stage":"live","adapter":"a","adapter_path":"a.gguf\u0000.txt")"),
                "deployments[0].adapter_path", "control characters"},
        BadCase{"adapter", ONE(R"("stage":"live","adapter":"a b","adapter_path":"x")"),
                "deployments[0].adapter", "letters"},
        BadCase{"id", R"({"v":1,"deployments":[{"id":"a/b","task":"t","model":"m",
                "stage":"live"}]})",
                "deployments[0].id", "letters"}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(Deployments, NobodyRunsAHundredServers) {
  Deployments all;
  for (int i = 0; i <= 100; ++i) all.models.push_back({.name = fmt::format("m{}", i), .gguf = "g"});
  const auto parsed = ParseDeployments(FormatDeployments(all), "d.json");
  ASSERT_FALSE(parsed);
  EXPECT_THAT(parsed.error().ToString(), HasSubstr("101 models"));
  EXPECT_THAT(parsed.error().where, HasSubstr("models"));
}

TEST(Deployments, MoreThanIsReadIsNotWritten) {
  const TempFolder folder;
  Deployments all;
  for (int i = 0; i < 5000; ++i) {
    all.deployments.push_back({.id = fmt::format("d-{}", i),
                               .task = "t",
                               .model = "m",
                               .stage = DeploymentStage::kRetired,
                               .scorecard = std::string(3900, 's')});
  }
  const Status written = WriteDeployments(DeploymentsPath(folder.path()), all);
  ASSERT_FALSE(written);
  EXPECT_THAT(written.error().mend, HasSubstr("retired"));
  EXPECT_FALSE(std::filesystem::exists(DeploymentsPath(folder.path())));
}

TEST(Deployments, OneAdapterNameIsOneFile) {
  Deployments all = Parsed(kWhole);
  all.deployments[1].adapter = "t-1-v1";
  const auto again = ParseDeployments(FormatDeployments(all), "d.json");
  ASSERT_FALSE(again);
  EXPECT_THAT(again.error().ToString(), HasSubstr("has two files: a/1.gguf and a/2.gguf"));
}

Options WithTiny() {
  Options options;
  options.workspace = "/ws";
  options.models.push_back({.name = "tiny", .kind = "local", .small = true, .gguf = "/t.gguf"});
  options.models.push_back({.name = "gpt", .kind = "openai", .url = "http://h"});
  return options;
}

TEST(WithDeployments, AddsModelsAndTheAdaptersThatServe) {
  const auto merged = WithDeployments(WithTiny(), Parsed(kWhole));
  ASSERT_TRUE(merged) << merged.error().ToString();
  ASSERT_EQ(merged->models.size(), 3u);
  const ModelOptions& base = merged->models[2];
  EXPECT_EQ(base.name, "base");
  EXPECT_EQ(base.kind, "local");
  EXPECT_TRUE(base.small);
  EXPECT_EQ(base.gguf, "/ws/base.gguf");
  EXPECT_EQ(base.context, 2048);
  ASSERT_EQ(base.adapters.size(), 2u);  // not the retired one
  EXPECT_EQ(base.adapters[0].name, "t-1-v1");
  EXPECT_EQ(base.adapters[0].path, "/ws/a/1.gguf");
  EXPECT_TRUE(merged->models[0].adapters.empty());
  ASSERT_EQ(merged->routing.tasks.size(), 2u);
  EXPECT_EQ(merged->routing.tasks[0].name, "t-1");
  EXPECT_EQ(merged->routing.tasks[0].adapter, "t-1-v1");  // the live one
  EXPECT_EQ(merged->routing.tasks[1].model, "tiny");
}

TEST(WithDeployments, TheConfigWinsAndNothingIsAddedTwice) {
  Options options = WithTiny();
  options.models.push_back({.name = "base", .kind = "local", .small = true, .gguf = "/mine.gguf"});
  options.models.back().adapters = {{"t-1-v1", "/ws/a/1.gguf"}};
  const auto merged = WithDeployments(options, Parsed(kWhole));
  ASSERT_TRUE(merged) << merged.error().ToString();
  EXPECT_EQ(merged->models.size(), 3u);
  EXPECT_EQ(merged->models[2].gguf, "/mine.gguf");
  EXPECT_EQ(merged->models[2].adapters.size(), 2u);
}

TEST(WithDeployments, SaysWhichDeploymentCannotBe) {
  Deployments all = Parsed(kWhole);
  all.deployments[3].model = "absent";
  auto merged = WithDeployments(WithTiny(), all);
  ASSERT_FALSE(merged);
  EXPECT_THAT(merged.error().ToString(),
              AllOf(HasSubstr("deployments[3]"), HasSubstr("no model \"absent\"")));
  all.deployments[3].model = "gpt";
  merged = WithDeployments(WithTiny(), all);
  ASSERT_FALSE(merged);
  EXPECT_THAT(merged.error().ToString(), HasSubstr("is not small"));
  all.deployments[0].model = "gpt";
  merged = WithDeployments(WithTiny(), all);
  ASSERT_FALSE(merged);
  EXPECT_THAT(merged.error().ToString(), HasSubstr("only local ones take adapters"));
}

TEST(WithDeployments, AnotherFileOfAConfiguredAdapterIsRefused) {
  Options options = WithTiny();
  options.models.push_back({.name = "base", .kind = "local", .small = true, .gguf = "/b.gguf"});
  options.models.back().adapters = {{"t-1-v1", "/elsewhere.gguf"}};
  const auto merged = WithDeployments(options, Parsed(kWhole));
  ASSERT_FALSE(merged);
  EXPECT_THAT(merged.error().ToString(), HasSubstr("in config.toml"));
}

}  // namespace
}  // namespace understudy
