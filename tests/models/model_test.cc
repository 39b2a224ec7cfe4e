#include "models/model.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

TEST(PriceTest, CachedTokensHaveTheirOwnPrice) {
  const Price price{.input_usd = 2, .cached_input_usd = 0.5, .output_usd = 8};
  Usage usage;
  usage.prompt_tokens = 1'000'000;
  usage.completion_tokens = 250'000;
  EXPECT_DOUBLE_EQ(price.Cost(usage), 2 + 2);
  usage.cached_tokens = 400'000;
  EXPECT_DOUBLE_EQ(price.Cost(usage), 0.6 * 2 + 0.4 * 0.5 + 2);
}

TEST(PriceTest, NonsenseFromAnUpstreamNeverMakesACostNegative) {
  const Price price{.input_usd = 1, .cached_input_usd = 0, .output_usd = 1};
  Usage usage;
  usage.prompt_tokens = 1'000'000;
  usage.cached_tokens = 5'000'000;  // more than there were
  EXPECT_DOUBLE_EQ(price.Cost(usage), 0);
  usage.prompt_tokens = -7;
  usage.cached_tokens = -1;
  usage.completion_tokens = -9;
  EXPECT_DOUBLE_EQ(price.Cost(usage), 0);
}

TEST(ModelNamesTest, AreTheWordsOfTheConfig) {
  EXPECT_EQ(Name(PrivacyZone::kLocal), "local");
  EXPECT_EQ(Name(PrivacyZone::kPrivate), "private");
  EXPECT_EQ(Name(PrivacyZone::kCloud), "cloud");
  EXPECT_EQ(Name(ModelState::kReady), "ready");
  EXPECT_EQ(Name(ModelState::kStarting), "starting");
  EXPECT_EQ(Name(ModelState::kDown), "down");
}

}  // namespace
}  // namespace understudy
