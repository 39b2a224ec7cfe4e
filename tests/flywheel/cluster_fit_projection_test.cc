#include "flywheel/cluster/fit_projection.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "flywheel/cluster/symmetric_eigen.h"

namespace understudy {
namespace {

TEST(SymmetricEigen, FindsWhatIsKnown) {
  const EigenPairs pairs = SymmetricEigen({2, 1, 0, 1, 2, 0, 0, 0, 5}, 3);
  EXPECT_THAT(pairs.values, testing::Pointwise(testing::DoubleNear(1e-9), {5.0, 3.0, 1.0}));
  EXPECT_NEAR(std::fabs(pairs.vectors[2]), 1, 1e-9);
  EXPECT_NEAR(pairs.vectors[3], pairs.vectors[4], 1e-9);
  EXPECT_NEAR(pairs.vectors[6], -pairs.vectors[7], 1e-9);
}

FitText TextOf(const std::string& user, uint32_t group) {
  FeatureCounter counter;
  counter.AddText(user, 2);
  const auto features = counter.Take();
  FitText text{.group = group};
  text.user.assign(features.begin(), features.end());
  return text;
}

// Three subjects in each of two groups, in many phrasings.
std::vector<FitText> Log() {
  const char* subjects[] = {"book a table at the restaurant for dinner",
                            "will it rain in the afternoon weather forecast",
                            "transfer money to my savings account balance"};
  const char* phrases[] = {"please",        "could you",   "i would like to",
                           "be so kind to", "right now",   "as soon as possible",
                           "for my wife",   "for my boss", "once more"};
  std::vector<FitText> texts;
  for (uint32_t group = 0; group < 2; ++group) {
    for (const char* subject : subjects) {
      for (const char* phrase : phrases) {
        texts.push_back(
            TextOf(fmt::format("{} {}{}", phrase, subject, group ? " today" : ""), group));
      }
    }
  }
  return texts;
}

class FitProjectionSeeds : public ::testing::TestWithParam<uint64_t> {};
INSTANTIATE_TEST_SUITE_P(Seeds, FitProjectionSeeds, ::testing::Values(1, 2, 3));

TEST_P(FitProjectionSeeds, SubjectsAreNearThemselves) {
  const StageHooks hooks;
  const std::vector<FitText> log = Log();
  const auto projection = FitProjection(log, GetParam(), StageRun(hooks, {}, false));
  ASSERT_TRUE(projection);
  double least_same = 1, most_other = -1;
  for (size_t i = 0; i < 27; ++i) {
    for (size_t j = 0; j < i; ++j) {
      const double cosine = Dot(EmbeddingOf(*projection, log[i]), EmbeddingOf(*projection, log[j]));
      if (i / 9 == j / 9) {
        least_same = std::min(least_same, cosine);
      } else {
        most_other = std::max(most_other, cosine);
      }
    }
  }
  EXPECT_GT(least_same, most_other);
}

TEST(FitProjection, IsTheSameOnEveryRun) {
  const StageHooks hooks;
  const StageRun run(hooks, {}, false);
  const auto one = FitProjection(Log(), 1, run), again = FitProjection(Log(), 1, run);
  ASSERT_TRUE(one && again);
  EXPECT_TRUE(std::ranges::equal(one->rows(), again->rows()));
  EXPECT_TRUE(std::ranges::equal(one->scales(), again->scales()));
}

TEST(FitProjection, IdfIsThatOfTheLog) {
  const std::vector<FitText> log = Log();
  const std::vector<float> idf = IdfOf(log);
  const auto of = [&](const char* word) { return idf[TextOf(word, 0).user[0].bucket]; };
  EXPECT_NEAR(of("table"), std::log(55.0F / 19) + 1, 1e-4);
  EXPECT_GT(of("wife"), of("table"));
  EXPECT_EQ(of("unheard"), 0);
}

TEST(FitProjection, StopsWhenAsked) {
  StageHooks hooks;
  hooks.stop = [] { return true; };
  const auto stopped = FitProjection(Log(), 1, StageRun(hooks, {}, false));
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::kCancelled);
}

}  // namespace
}  // namespace understudy
