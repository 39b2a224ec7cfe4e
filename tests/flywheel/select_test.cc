#include "flywheel/select/select.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "support/paths.h"
#include "support/temp_folder.h"

namespace understudy {
namespace {

using testing::HasSubstr;
using testing::Not;

MeasuredCandidate Measured(const std::string& name, int64_t right, double p50_ms,
                           int64_t memory_mib = 100, double usd = 0) {
  MeasuredCandidate one;
  one.folder = "/scores/" + name;
  one.card.task = "t-1";
  one.card.base_name = name;
  one.card.base = {"/m/" + name + ".gguf", "hash of " + name};
  one.card.parts["valid"].all = {200, right};
  one.card.parts["valid"].replaceable = {200, right};
  one.card.p50_ms = p50_ms;
  one.card.p90_ms = 2 * p50_ms;
  one.card.memory_bytes = memory_mib << 20;
  one.card.usd_per_1000 = usd;
  return one;
}

MachineFacts Machine(int64_t memory_mib = 8192) {
  MachineFacts machine;
  machine.cores = 2;
  machine.memory_bytes = memory_mib << 20;
  return machine;
}

std::string ChosenOf(std::vector<MeasuredCandidate> candidates, MachineFacts machine = Machine()) {
  const auto selection = Choose(std::move(candidates), "", {}, std::move(machine));
  if (!selection) return selection.error().ToString();
  return selection->candidates[selection->chosen].name();
}

TEST(Choose, TheFastestOfThoseThatAreAsGood) {
  // 190 of 200 is 95 %, its exact interval begins at 91.0 %: 183 is as good, 181 is not.
  EXPECT_EQ(ChosenOf({Measured("big", 190, 900), Measured("mid", 183, 90)}), "mid");
  EXPECT_EQ(ChosenOf({Measured("big", 190, 900), Measured("mid", 181, 90)}), "big");
}

TEST(Choose, CostThenLatencyThenMemoryThenQuality) {
  EXPECT_EQ(ChosenOf({Measured("a", 190, 90, 100, 1), Measured("b", 190, 900, 100, 0.5)}), "b");
  EXPECT_EQ(ChosenOf({Measured("a", 190, 100, 900), Measured("b", 189, 108, 100)}), "b")
      << "a tenth of latency is nothing, memory decides";
  EXPECT_EQ(ChosenOf({Measured("a", 188, 100), Measured("b", 190, 100)}), "b");
}

TEST(Choose, WhatDoesNotFitIsNotChosenAndNoMark) {
  EXPECT_EQ(
      ChosenOf({Measured("big", 200, 50, 4000), Measured("small", 100, 90, 100)}, Machine(1000)),
      "small");
  EXPECT_THAT(ChosenOf({Measured("big", 200, 50, 4000)}, Machine(1000)), HasSubstr("none of"));
  EXPECT_EQ(ChosenOf({Measured("big", 200, 50, 4000)}, Machine(0)), "big") << "memory unknown";
}

TEST(Choose, TheFrontHoldsWhatNothingBeats) {
  const auto selection = Choose({Measured("good", 190, 200), Measured("fast", 150, 20),
                                 Measured("beaten", 149, 30), Measured("small", 149, 30, 50)},
                                "valid", {}, Machine());
  ASSERT_TRUE(selection) << selection.error().ToString();
  std::map<std::string, bool> front;
  for (const auto& one : selection->candidates) front[one.name()] = one.on_front;
  EXPECT_THAT(front,
              testing::ElementsAre(testing::Pair("beaten", false), testing::Pair("fast", true),
                                   testing::Pair("good", true), testing::Pair("small", true)));
  EXPECT_EQ(selection->candidates.front().name(), "good") << "the best first";
}

TEST(Choose, SaysWhy) {
  const auto other =
      Choose({Measured("big", 190, 900), Measured("mid", 183, 90)}, "", {}, Machine());
  EXPECT_THAT(other->why, HasSubstr("mid: 183 of 200 right (91.5 %"));
  EXPECT_THAT(other->why,
              HasSubstr("The best, big, has 190 of 200 right (95.0 %; 91.0 to 97.6 %)"));
  EXPECT_TRUE(other->notes.empty());
  const auto alone = Choose({Measured("big", 190, 900)}, "", {}, Machine());
  EXPECT_THAT(alone->why, HasSubstr("the only candidate"));
  EXPECT_THAT(alone->notes, testing::ElementsAre(HasSubstr("only one base model was measured")));
  const auto best = Choose({Measured("big", 190, 900), Measured("bad", 20, 90)}, "", {}, Machine());
  EXPECT_THAT(best->why, HasSubstr("no other one is as good"));
}

TEST(Choose, NotesWhatWeakensTheChoice) {
  MeasuredCandidate few = Measured("a", 0, 10);
  few.card.parts["valid"].replaceable = few.card.parts["valid"].all = {20, 0};
  const auto selection = Choose({few}, "", {}, Machine());
  EXPECT_THAT(selection->notes, testing::Contains(HasSubstr("20 examples tell little apart")));
  EXPECT_THAT(selection->notes, testing::Contains(HasSubstr("tune one first")));
  MeasuredCandidate tested = Measured("t", 190, 10);
  tested.card.parts["test"] = tested.card.parts["valid"];
  EXPECT_THAT(Choose({tested}, "test", {}, Machine())->notes,
              testing::Contains(HasSubstr("chosen on test")));
  EXPECT_THAT(Choose({few, Measured("b", 190, 10)}, "", {}, Machine())->notes,
              testing::Contains(HasSubstr("different numbers of examples")));
}

TEST(Choose, RefusesWhatCannotBeCompared) {
  EXPECT_THAT(ChosenOf({}), HasSubstr("no scorecards"));
  MeasuredCandidate other = Measured("b", 1, 1);
  other.card.task = "t-2";
  EXPECT_THAT(ChosenOf({Measured("a", 1, 1), other}), HasSubstr("different tasks: t-1 and t-2"));
  other = Measured("b", 1, 1);
  other.card.parts = {{"test", other.card.parts["valid"]}};
  EXPECT_THAT(ChosenOf({Measured("a", 1, 1), other}), HasSubstr("no part of the data in common"));
  EXPECT_THAT(Choose({other}, "valid", {}, Machine()).error().ToString(),
              HasSubstr("not every scorecard has the part valid"));
}

TEST(Choose, TextAloneIsJudgedByItsWords) {
  MeasuredCandidate one = Measured("a", 150, 10);
  one.card.parts["valid"].replaceable = {};
  const auto selection = Choose({one}, "", {}, Machine());
  EXPECT_EQ(selection->candidates[0].quality.right, 150);
}

TEST(Catalogue, TheShippedOneReads) {
  const auto models = ReadCatalogue(SourceFolder() / "weights/catalogue.toml");
  ASSERT_TRUE(models) << models.error().ToString();
  EXPECT_GE(models->size(), 6u);
  for (const CatalogueModel& model : *models) {
    EXPECT_FALSE(model.architecture.empty()) << model.name;
    EXPECT_GT(model.attention_layers * model.kv_heads * model.head_size, 0) << model.name;
    EXPECT_EQ(model.state_layers > 0, model.state_inner * model.state_size > 0) << model.name;
    for (const auto& score : model.scores)
      EXPECT_THAT(score.source, testing::StartsWith("https://"));
  }
  EXPECT_EQ(models->front().name, "understudy-base");
  EXPECT_EQ(models->front().family(), "hybrid");
}

constexpr std::string_view kSmall =
    "[[model]]\nname = \"m\"\nurl = \"https://x\"\nlicence = \"MIT\"\nparameters = 1000\n"
    "context = 100\n";

TEST(Catalogue, MistakesAreNamed) {
  const auto error = [](const std::string& text) {
    const auto models = ParseCatalogue(text, "/f");
    return models ? std::string("(none)") : models.error().ToString();
  };
  const std::string small(kSmall);
  EXPECT_EQ(error(small), "(none)");
  EXPECT_THAT(error(small + "contxt = 3\n"), HasSubstr("m: contxt is no key of a model"));
  EXPECT_THAT(error(small + "bits = \"q8\"\n"), HasSubstr("bits must be a number"));
  EXPECT_THAT(error(small + "file = \"m.gguf\"\n"), HasSubstr("one of them is needed"));
  EXPECT_THAT(error(small + small), HasSubstr("m stands twice"));
  EXPECT_THAT(error(small + "scores = [{ benchmark = \"B\", value = 1 }]\n"),
              HasSubstr("need a benchmark and a source"));
  EXPECT_THAT(error("[[model]]\nname = \"m\"\n"), HasSubstr("one of them is needed"));
  EXPECT_THAT(error("models = 3\n"), HasSubstr("[[model]] tables"));
  EXPECT_THAT(error("[[model"), HasSubstr("line 1"));
  EXPECT_FALSE(ReadCatalogue("/nowhere/catalogue.toml"));
}

TEST(Catalogue, MemoryGrowsWithContextWhereThereIsAttention) {
  CatalogueModel model;
  model.parameters = 8'000'000;
  model.bits = 16;
  model.context = 8192;
  model.attention_layers = 24;
  model.kv_heads = 2;
  model.head_size = 64;
  // 24 layers, keys and values of 2 heads of 64, two bytes each: 12,288 bytes a token.
  EXPECT_EQ(MemoryNeed(model, 2000, 4) - MemoryNeed(model, 1000, 4), 4 * 1000 * 12'288);
  EXPECT_EQ(MemoryNeed(model, 100'000, 1), MemoryNeed(model, 8192, 1)) << "no more than it has";
  EXPECT_GT(MemoryNeed(model, 1, 1), 16'000'000);
  model.attention_layers = 0;
  model.state_layers = 4;
  model.state_inner = 768;
  model.state_size = 64;
  EXPECT_EQ(model.family(), "state space");
  EXPECT_EQ(MemoryNeed(model, 1000, 2), MemoryNeed(model, 8000, 2));
  EXPECT_EQ(MemoryNeed(model, 1000, 2) - MemoryNeed(model, 1000, 1),
            4 * 4 * (768 * 64 + (768 + 128) * 3));
}

TEST(Machine, IsProbed) {
  const MachineFacts machine = ProbeMachine();
  EXPECT_GE(machine.cores, 1);
  EXPECT_GT(machine.memory_bytes, machine.available_bytes);
  EXPECT_GT(machine.available_bytes, 1 << 20);
  EXPECT_TRUE(FitsMachine(1 << 20, machine));
  EXPECT_FALSE(FitsMachine(machine.memory_bytes, machine));
}

class SelectTest : public ::testing::Test {
 protected:
  std::filesystem::path Score(const MeasuredCandidate& one) {
    const auto folder = folder_ / one.card.base_name;
    EXPECT_TRUE(MakeFolders(folder));
    EXPECT_TRUE(WriteFileAtomically(folder / "scorecard.json", json::serialize(ToJson(one.card))));
    return folder;
  }
  TempFolder folder_;
};

TEST_F(SelectTest, WritesTheChoiceOnce) {
  SelectOptions options;
  options.scorecards = {Score(Measured("understudy-base", 190, 90)),
                        Score(Measured("other", 120, 9)) / "scorecard.json"};
  options.catalogue = SourceFolder() / "weights/catalogue.toml";
  StagePlace place;
  place.out = folder_ / "choice";
  const auto selected = Select(options, place, {});
  ASSERT_TRUE(selected) << selected.error().ToString();
  const json::value choice = ParseJson(ReadFile(place.out / "choice.json").value()).value();
  EXPECT_EQ(choice.at_pointer("/chosen/name").as_string(), "understudy-base");
  EXPECT_EQ(choice.at_pointer("/chosen/folder").as_string(),
            (folder_ / "understudy-base").string());
  EXPECT_EQ(choice.at_pointer("/candidates").as_array().size(), 2u);
  EXPECT_TRUE(choice.at_pointer("/catalogue/0/measured").as_bool());
  EXPECT_TRUE(choice.at_pointer("/catalogue/0/here").as_bool());
  EXPECT_FALSE(choice.at_pointer("/catalogue/2/measured").as_bool());
  EXPECT_EQ(IntOr(choice.at("machine"), "cores", 0), ProbeMachine().cores);
  EXPECT_TRUE(Select(options, place, {})->stage.unchanged);
  options.part = "test";
  EXPECT_FALSE(Select(options, place, {}));
}

TEST_F(SelectTest, BadInputIsNamed) {
  SelectOptions options;
  options.scorecards = {folder_ / "none"};
  EXPECT_EQ(SelectFrom(options, Machine()).error().kind, ErrorKind::kNotFound);
  ASSERT_TRUE(MakeFolders(folder_ / "bad"));
  ASSERT_TRUE(WriteFileAtomically(folder_ / "bad/scorecard.json", "{}"));
  options.scorecards = {folder_ / "bad"};
  EXPECT_THAT(SelectFrom(options, Machine()).error().ToString(),
              testing::AllOf(HasSubstr("no scorecard"), HasSubstr("bad/scorecard.json")));
}

}  // namespace
}  // namespace understudy
