#include "flywheel/router/policies.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

namespace understudy {
namespace {

TEST(Policies, FallFromStrictToLooseAndServeEverMore) {
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> uniform;
  std::vector<double> before, after;
  for (int i = 0; i < 500; ++i) {
    before.push_back(uniform(random));
    after.push_back(uniform(random) < before.back() ? 0.75 + 0.25 * uniform(random) : 0);
  }
  const auto policies = MakePolicies(before, after, {.least = 0.8, .keep = 0.5});
  ASSERT_GT(policies.size(), 80u);
  EXPECT_GT(policies.front().after, 0.99);
  EXPECT_EQ(policies.back().after, 0.8);
  for (size_t k = 1; k < policies.size(); ++k) {
    EXPECT_LT(policies[k].after, policies[k - 1].after);
    EXPECT_LE(policies[k].before, policies[k - 1].before);
  }
  // Four answers in five that verify are served, so the gate is where five in eight verify.
  EXPECT_NEAR(policies.back().before, 0.625, 0.12);
}

TEST(Policies, AskNoModelWhoseAnswersAreNotKept) {
  const std::vector<double> before(50, 0.9), after(50, 0.3);
  for (const Policy& policy : MakePolicies(before, after, {.least = 0.8, .keep = 0.5})) {
    EXPECT_GT(policy.before, 1);
  }
}

TEST(Policies, AreThereWithoutRows) {
  const auto policies = MakePolicies({}, {}, {.least = 0.9, .keep = 0.5});
  ASSERT_FALSE(policies.empty());
  for (const Policy& policy : policies) EXPECT_GT(policy.before, 1);
}

}  // namespace
}  // namespace understudy
