#include "reason/schema_cache.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

constexpr size_t kMuch = 32 << 20;

TEST(SchemaCache, GivesTheSchemaOfTheText) {
  SchemaCache cache(2, kMuch);
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(cache.Get(R"({"type":"string"})")->Check("text"));
    EXPECT_TRUE(cache.Get(R"({"type":"number"})")->Check("text"));
  }
  EXPECT_EQ(cache.size(), 2u);
}

TEST(SchemaCache, RemembersWhatDoesNotCompile) {
  SchemaCache cache(2, kMuch);
  EXPECT_FALSE(cache.Get("{"));
  EXPECT_FALSE(cache.Get("{"));
  EXPECT_FALSE(cache.Get(R"({"type":"any"})"));
  EXPECT_EQ(cache.size(), 2u);
}

TEST(SchemaCache, TheLeastRecentlyUsedGoesFirst) {
  SchemaCache cache(2, kMuch);
  cache.Get("true");
  const size_t one = cache.weight();
  cache.Get("{}");
  cache.Get("true");
  cache.Get("false");
  EXPECT_EQ(cache.size(), 2u);
  cache.Get("true");  // still there: nothing is evicted for it
  cache.Get("false");
  EXPECT_EQ(cache.size(), 2u);
  EXPECT_GE(cache.weight(), 2 * one);
}

TEST(SchemaCache, IsBoundedByWeight) {
  SchemaCache cache(1000, 1 << 20);
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(cache.Get(fmt::format(R"({{"pattern":"a{}"}})", i))->Check("b"));
    EXPECT_LE(cache.weight(), size_t{1} << 20);
  }
  EXPECT_GT(cache.size(), 0u);
  EXPECT_LT(cache.size(), 10u);
}

TEST(SchemaCache, WhatIsTooHeavyIsNotKeptButUsed) {
  SchemaCache cache(10, 1000);
  EXPECT_TRUE(cache.Get(R"({"pattern":"a"})")->Check("b"));
  EXPECT_EQ(cache.size(), 0u);
  EXPECT_EQ(cache.weight(), 0u);
}

}  // namespace
}  // namespace understudy
