#include "route/acceptance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/file.h"
#include "support/temp_folder.h"

namespace understudy {
namespace {

using testing::HasSubstr;

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr std::array<float, 9> kEmbedding = {0.5, -1, 0, 0, 0.25, 0, 0, 1, 2};

AcceptanceModel Model() {
  AcceptanceModel model;
  model.worse = 0.05, model.sure = 0.95, model.held = true;
  model.dims = kEmbedding.size();
  model.tasks = {{.id = "t-1", .name = "book-table", .before = 0.5, .after = 0.93},
                 {.id = "t-2", .name = "draft", .why = "text without a judge"}};
  model.before.bias = 0.25;
  for (size_t i = 0; i < model.before_inputs(); ++i) {
    model.before.weights.push_back(0.1 * static_cast<double>(i % 7) - 0.3);
    model.before.means.push_back(0.05 * static_cast<double>(i % 3));
  }
  model.after.bias = -0.5;
  model.after.weights = {1, 0.5, 0.25, 0.125, 2, -0.1};
  model.after.means = {1, -2, -0.5, 1, 0.75, 3};
  model.policy = PolicyName(model);
  return model;
}

Acceptance Made(AcceptanceModel model = Model()) {
  auto acceptance = Acceptance::Make(std::move(model));
  EXPECT_TRUE(acceptance) << acceptance.error().ToString();
  return *std::move(acceptance);
}

AcceptanceInput Input(int task = 0) {
  AcceptanceInput input{.embedding = kEmbedding, .closeness = 0.75F, .task = task};
  for (size_t i = 0; i < kRequestFeatureCount; ++i) {
    input.features[i] = 0.3F * static_cast<float>(i);
  }
  return input;
}

// The sum as the header tells it, in the order of the model's inputs.
double Score(const AcceptanceModel& model, const AcceptanceInput& input) {
  std::vector<double> x(input.embedding.begin(), input.embedding.end());
  x.push_back(input.closeness);
  x.insert(x.end(), input.features.begin(), input.features.end());
  for (size_t i = 0; i < model.tasks.size(); ++i) x.push_back(static_cast<int>(i) == input.task);
  double score = model.before.bias;
  for (size_t i = 0; i < x.size(); ++i) {
    score += model.before.weights[i] * (x[i] - model.before.means[i]);
  }
  return score;
}

TEST(Acceptance, BeforeIsTheModelsSum) {
  const Acceptance acceptance = Made();
  for (const int task : {0, 1}) {
    const double score = Score(Model(), Input(task));
    EXPECT_NEAR(acceptance.Before(Input(task)), 1 / (1 + std::exp(-score)), 1e-6);
  }
}

TEST(Acceptance, WhatItWasNotFittedForGoesToTheReference) {
  const Acceptance acceptance = Made();
  EXPECT_EQ(acceptance.Before(Input(-1)), 0);
  EXPECT_EQ(acceptance.Before(Input(2)), 0);
  AcceptanceInput shorter = Input();
  shorter.embedding = shorter.embedding.first(3);
  EXPECT_EQ(acceptance.Before(shorter), 0);
  AcceptanceInput odd = Input();
  odd.closeness = kNan;
  EXPECT_EQ(acceptance.Before(odd), 0);
  odd.closeness = 0;
  EXPECT_EQ(acceptance.Before(odd), 0) << "unlike any call of its task";
  EXPECT_GT(acceptance.threshold(-1), 1);
  EXPECT_GT(acceptance.threshold(7), 1);
  EXPECT_GT(acceptance.after_threshold(7), 1);
  EXPECT_GT(acceptance.after_threshold(acceptance.TaskIndex("t-2")), 1);
  EXPECT_EQ(acceptance.threshold(acceptance.TaskIndex("t-1")), 0.5);
  EXPECT_EQ(acceptance.after_threshold(0), 0.93);
  EXPECT_EQ(acceptance.TaskIndex("t-9"), -1);
}

TEST(Acceptance, AfterWeighsTheSignals) {
  const Acceptance acceptance = Made();
  const Signals good{-0.1F, -0.01F, 3, 1, 20}, bad{-4, -1, 0.1F, 0.25F, 20};
  EXPECT_GT(acceptance.After(0.8, good), acceptance.After(0.8, bad));
  EXPECT_GT(acceptance.After(0.9, good), acceptance.After(0.8, good));
  const double odds = std::log(0.8 / 0.2);
  const double score = -0.5 + (odds - 1) + 0.5 * (-0.1F + 2) + 0.25 * (-0.01F + 0.5) +
                       0.125 * (3 - 1) + 2 * (1 - 0.75) - 0.1 * (std::log1p(20) - 3);
  EXPECT_NEAR(acceptance.After(0.8, good), 1 / (1 + std::exp(-score)), 1e-6);
}

TEST(Acceptance, SignalsThatAreMissingCountAsTheMean) {
  const Acceptance acceptance = Made();
  const Signals mean{-2, -0.5F, 1, 0.75F, 20}, missing{kNan, kNan, kNan, 0.75F, 20};
  EXPECT_NEAR(acceptance.After(0.7, mean), acceptance.After(0.7, missing), 1e-9);
  for (const double p : {0.0, 1.0}) {
    const double after = acceptance.After(p, {-1e30F, -INFINITY, INFINITY, 5, -3});
    EXPECT_GT(after, 0);
    EXPECT_LT(after, 1);
  }
}

TEST(Acceptance, ExplainsWhatMovedARequest) {
  const Acceptance acceptance = Made();
  const auto reasons = acceptance.Explain(Input());
  ASSERT_EQ(reasons.size(), 2 + kRequestFeatureCount + 1);
  double sum = Model().before.bias;
  for (size_t i = 0; i < reasons.size(); ++i) {
    sum += reasons[i].log_odds;
    if (i > 0) EXPECT_GE(std::abs(reasons[i - 1].log_odds), std::abs(reasons[i].log_odds));
  }
  EXPECT_NEAR(sum, Score(Model(), Input()), 1e-9);
  EXPECT_TRUE(acceptance.Explain(Input(5)).empty());
}

TEST(Acceptance, LoadsAFileAndNamesItWhereItIsBroken) {
  const TempFolder folder;
  const auto file = folder / "router.json";
  ASSERT_TRUE(WriteFileAtomically(file, json::serialize(ToJson(Model()))));
  const auto loaded = Acceptance::Load(file);
  ASSERT_TRUE(loaded) << loaded.error().ToString();
  EXPECT_EQ(loaded->policy(), Model().policy);
  EXPECT_NEAR(loaded->Before(Input()), Made().Before(Input()), 1e-12);
  ASSERT_TRUE(WriteFileAtomically(file, R"({"v":7})"));
  const auto newer = Acceptance::Load(file);
  ASSERT_FALSE(newer);
  EXPECT_THAT(newer.error().ToString(), HasSubstr("router.json: v"));
  EXPECT_THAT(newer.error().ToString(), HasSubstr("router fit"));
  EXPECT_FALSE(Acceptance::Load(folder / "none.json"));
}

TEST(Acceptance, MovesWithItsNames) {
  Acceptance acceptance = Made();
  const Acceptance moved = std::move(acceptance);
  EXPECT_EQ(moved.TaskIndex("t-2"), 1);
}

}  // namespace
}  // namespace understudy
