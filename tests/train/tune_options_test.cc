#include "train/tune_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <CLI/CLI.hpp>

namespace understudy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

template <class Options, class Add>
Result<Options> Parse(std::vector<std::string> words, Add add) {
  CLI::App app;
  Options options;
  add(app, options);
  std::ranges::reverse(words);  // as CLI11 wants them
  try {
    app.parse(words);
  } catch (const CLI::ParseError& error) {
    return Fail(InvalidInput(error.what()));
  }
  return options;
}
Result<TuneOptions> ParseTune(std::vector<std::string> words) {
  return Parse<TuneOptions>(std::move(words), AddTuneFlags);
}

const std::vector<std::string> kLeast{"--base", "b.gguf", "--data", "d.jsonl", "--out", "o"};

std::vector<std::string> With(std::vector<std::string> more) {
  more.insert(more.begin(), kLeast.begin(), kLeast.end());
  return more;
}

TEST(TuneOptions, HaveDefaults) {
  const auto options = ParseTune(kLeast);
  ASSERT_TRUE(options.has_value()) << options.error().message;
  EXPECT_EQ(options->rank, 16);
  EXPECT_EQ(options->precision, "auto");
  EXPECT_THAT(options->targets, ElementsAre("all"));
  EXPECT_THAT(TuneArguments(*options), ElementsAre("--base=b.gguf", "--data=d.jsonl", "--out=o"));
}

TEST(TuneOptions, ArgumentsGiveTheSameOptionsAgain) {
  EXPECT_THAT(TuneArguments(TuneOptions{}), IsEmpty());
  const auto options = ParseTune(With({"--rank=8",
                                       "--lr",
                                       "3e-4",
                                       "--targets",
                                       "attention,ssm",
                                       "--minutes",
                                       "0.5",
                                       "--valid",
                                       "-v",
                                       "--replay",
                                       "r s.jsonl",
                                       "--replay-share",
                                       "0.1",
                                       "--seed",
                                       "-3",
                                       "--task",
                                       "labels",
                                       "--precision",
                                       "bf16",
                                       "--device",
                                       "cpu",
                                       "--resume",
                                       "--dry-run",
                                       "--json",
                                       "--max-length",
                                       "512",
                                       "--alpha",
                                       "0.30000000000000004",
                                       "--epochs",
                                       "2",
                                       "--threads",
                                       "2",
                                       "--batch-tokens",
                                       "1024",
                                       "--dropout",
                                       "0.05",
                                       "--workspace",
                                       "w"}));
  ASSERT_TRUE(options.has_value()) << options.error().message;
  const auto again = ParseTune(TuneArguments(*options));
  ASSERT_TRUE(again.has_value()) << again.error().message;
  EXPECT_EQ(TuneSettings(*again), TuneSettings(*options));
  EXPECT_EQ(TuneArguments(*options).size(), 24u);  // every one differs from its default
  EXPECT_THAT(again->targets, ElementsAre("attention", "ssm"));
  EXPECT_EQ(again->alpha, 0.30000000000000004);
  EXPECT_EQ(again->seed, -3);
  EXPECT_EQ(TuneSettings(*options).at("replay"), "r s.jsonl");
}

void ExpectRefused(std::vector<std::string> words, const std::string& why) {
  const auto options = ParseTune(std::move(words));
  ASSERT_FALSE(options.has_value()) << why;
  EXPECT_THAT(options.error().message, HasSubstr(why));
}

TEST(TuneOptions, WhatIsWrongIsNamed) {
  ExpectRefused({"--data", "d", "--out", "o"}, "--base is required");
  ExpectRefused({"--base", "b", "--out", "o"}, "--data is required");
  ExpectRefused({"--base", "b", "--data", "d"}, "nothing says where the adapter goes");
  ExpectRefused(With({"--rank", "0"}), "--rank is 0; it must be from 1 to 1024");
  ExpectRefused(With({"--rank", "many"}), "rank");
  ExpectRefused(With({"--lr", "nan"}), "--lr is nan");
  ExpectRefused(With({"--targets", "attention,head"}), "--targets is \"head\"; known are all,");
  ExpectRefused(With({"--precision", "f8"}), "f8");
  ExpectRefused(With({"--device", "tpu"}), "tpu");
  ExpectRefused(With({"--replay-share", "1"}), "--replay-share is 1");
  EXPECT_TRUE(ParseTune({"--base", "b", "--data", "d", "--dry-run"}).has_value());
  EXPECT_TRUE(ParseTune({"--base", "b", "--data", "d", "--task", "t"}).has_value());
}

TEST(PretrainOptions, AreCheckedAndPassedOn) {
  const auto parse = [](std::vector<std::string> words) {
    return Parse<PretrainOptions>(std::move(words), AddPretrainFlags);
  };
  const auto options = parse({"--recipe", "r.toml", "--out", "o", "--minutes", "5"});
  ASSERT_TRUE(options.has_value()) << options.error().message;
  EXPECT_THAT(PretrainArguments(*options),
              ElementsAre("--recipe=r.toml", "--out=o", "--minutes=5"));
  EXPECT_EQ(PretrainSettings(*options).at("recipe"), "r.toml");
  EXPECT_THAT(parse({"--out", "o"}).error().message, HasSubstr("--recipe is required"));
}

}  // namespace
}  // namespace understudy
