#include "route/acceptance_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace understudy {
namespace {

using testing::HasSubstr;
using testing::MatchesRegex;

AcceptanceModel Model() {
  AcceptanceModel model;
  model.worse = 0.05, model.sure = 0.95, model.held = true;
  model.dims = 2;
  model.tasks = {{.id = "t-1", .name = "book-table", .before = 0.5, .after = 0.93},
                 {.id = "t-2", .name = "draft", .why = "text without a judge"}};
  model.before.bias = 0.25;
  model.before.weights.assign(model.before_inputs(), 0.5);
  model.before.means.assign(model.before_inputs(), 0.125);
  model.after.weights.assign(kSignalInputs, 1);
  model.after.means.assign(kSignalInputs, 0);
  model.before_table = {{-1, 0, 2}, {0.25, 0.5, 0.875}};
  model.policy = PolicyName(model);
  return model;
}

std::string Text(const AcceptanceModel& model) {
  return json::serialize(ToJson(model));
}

TEST(AcceptanceModel, ComesBackAsItWasWritten) {
  const AcceptanceModel model = Model();
  const auto back = ParseAcceptanceModel(Text(model));
  ASSERT_TRUE(back) << back.error().ToString();
  EXPECT_EQ(Text(*back), Text(model));
  EXPECT_EQ(back->tasks[1].after, kNeverServed);
  EXPECT_EQ(back->tasks[1].why, "text without a judge");
}

TEST(AcceptanceModel, EqualNumbersHaveEqualNames) {
  AcceptanceModel model = Model();
  const std::string name = PolicyName(model);
  EXPECT_THAT(name, MatchesRegex("router/[0-9a-f]{8}"));
  model.policy = "something else";
  EXPECT_EQ(PolicyName(model), name);
  model.tasks[0].after = 0.94;
  EXPECT_NE(PolicyName(model), name);
}

TEST(AcceptanceModel, ATableAscendsBetweenItsPointsAndBeyond) {
  const CalibrationTable table = Model().before_table;
  double before = 0;
  for (double score = -8; score <= 8; score += 0.01) {
    const double p = table.At(score);
    ASSERT_GT(p, before) << score;
    ASSERT_LT(p, 1) << score;
    before = p;
  }
  EXPECT_NEAR(table.At(0), 0.5, 1e-12);
  EXPECT_NEAR(table.At(1), 0.6875, 0.002);
  EXPECT_NEAR(table.At(50), 0.98 * 0.875 + 0.02, 1e-9);
  EXPECT_NEAR(CalibrationTable{}.At(1), 1 / (1 + std::exp(-1)), 1e-12);
  for (const double score : {-1e300, 1e300}) {
    EXPECT_GT(CalibrationTable{}.At(score), 0);
    EXPECT_LT(CalibrationTable{}.At(score), 1);
  }
}

// What a hostile or damaged file says, and what is said of it.
TEST(AcceptanceModel, SaysWhatIsWrongWithAFile) {
  const std::string good = Text(Model());
  const auto with = [&](std::string_view from, std::string_view to) {
    std::string text = good;
    const size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
  };
  const std::pair<std::string, std::string> cases[] = {
      {"", ""},
      {"[]", "one JSON object"},
      {good.substr(0, good.size() / 2), ""},
      {with("\"v\":1", "\"v\":2"), "version 1, not 2"},
      {with("\"dims\":2", "\"dims\":3"), "20 weights"},
      {with("\"dims\":2", "\"dims\":-1"), "65,536"},
      {with("\"dims\":2", "\"dims\":1e99"), "65,536"},
      {with("\"dims\":2", "\"dims\":2.5"), "a whole number"},
      {with("\"weights\":[5E-1", "\"weights\":[1e300"), "beyond 1e12 (before)"},
      {with("\"dims\":2", "\"dims\":\"2\""), "a number is due (dims)"},
      {with("\"tasks\":[", "\"tusks\":["), "missing (tasks)"},
      {with("\"id\":\"t-2\"", "\"id\":\"t-1\""), "twice (tasks[1])"},
      {with("\"id\":\"t-2\"", "\"id\":\"\""), "no id"},
      {with("\"id\":\"t-2\"", "\"id\":7"), "a string is due"},
      {with("5E-1", "1e999"), ""},
      {with("9.3E-1", "-1"), "from 0 to 2"},
      {with("9.3E-1", "3"), "from 0 to 2"},
      {with("\"scores\":[-1E0,0E0", "\"scores\":[0E0,0E0"), "ascend (before_table)"},
      {with("8.75E-1]", "1.5]"), "from 0 to 1"},
      {with("8.75E-1]", "8.75E-1,1]"), "3 scores and 4"},
      {with("8.75E-1]", "null]"), "a list of numbers"},
      {with("\"worse\":5E-2", "\"worse\":0"), "between 0 and 1"},
      {with("\"weights\":[", "\"weights\":[1,"), "21 weights"},
      {with("\"weights\":[", "\"weights\":{},\"w\":["), "a list of numbers"},
  };
  for (const auto& [text, what] : cases) {
    const auto model = ParseAcceptanceModel(text);
    ASSERT_FALSE(model) << what;
    EXPECT_EQ(model.error().kind, ErrorKind::kInvalidInput);
    EXPECT_THAT(model.error().ToString(), HasSubstr(what));
  }
}

TEST(AcceptanceModel, NumbersThatAreNotFiniteAreRefused) {
  AcceptanceModel model = Model();
  model.before.weights[3] = std::nan("");
  EXPECT_FALSE(CheckAcceptanceModel(model));
  model = Model();
  model.after.bias = INFINITY;
  EXPECT_FALSE(CheckAcceptanceModel(model));
  model = Model();
  model.tasks[0].before = std::nan("");
  EXPECT_FALSE(CheckAcceptanceModel(model));
  EXPECT_TRUE(CheckAcceptanceModel(Model()));
}

}  // namespace
}  // namespace understudy
