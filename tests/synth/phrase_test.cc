#include "synth/phrase.h"

#include <set>

#include <gtest/gtest.h>

namespace understudy {
namespace {

TEST(Say, TakesEachAlternative) {
  Rng rng(1);
  std::set<std::string> said;
  for (int i = 0; i < 200; ++i)
    said.insert(Say(rng, "[a|b[c|d]|] {x}{none}", {{"x", "[raw|text]"}}));
  EXPECT_EQ(said, (std::set<std::string>{"a [raw|text]", "bc [raw|text]", "bd [raw|text]",
                                         " [raw|text]"}));
}

TEST(Say, UnclosedPhrasesEnd) {
  Rng rng(1);
  EXPECT_EQ(Say(rng, "[a"), "a");
  EXPECT_EQ(Say(rng, "x{y"), "x");
  EXPECT_EQ(Say(rng, ""), "");
}

TEST(Named, FollowsTheConvention) {
  EXPECT_EQ(Named(Naming::kSnake, "Pick-up time"), "pick_up_time");
  EXPECT_EQ(Named(Naming::kCamel, "pick up time"), "pickUpTime");
  EXPECT_EQ(Named(Naming::kPascal, "doctor's letter"), "DoctorsLetter");
  EXPECT_EQ(Named(Naming::kKebab, "get_cost flat"), "get-cost-flat");
  EXPECT_EQ(Named(Naming::kFlat, "book room"), "bookroom");
  EXPECT_EQ(Named(Naming::kScreaming, "book room"), "BOOK_ROOM");
  EXPECT_EQ(Named(Naming::kTitle, "book room"), "Book Room");
}

TEST(DumpJson, WritesAsMostToolsPrint) {
  const json::value value = {{"a", 1}, {"b", 12.5}, {"c", {true, nullptr, "é\n"}}};
  EXPECT_EQ(DumpJson(value), "{\"a\": 1, \"b\": 12.5, \"c\": [true, null, \"é\\n\"]}");
}

TEST(Rng, KnowsItsNumbers) {
  // The first outputs of splitmix64 from state 0, as its authors' code gives them.
  uint64_t state = 0;
  EXPECT_EQ(SplitMix64(state), 0xe220a8397b1dcdaf);
  EXPECT_EQ(SplitMix64(state), 0x6e789e6aa1b965f4);
  Rng rng(5);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_LT(rng.Below(7), 7);
    const int64_t between = rng.Between(-2, 2);
    EXPECT_GE(between, -2);
    EXPECT_LE(between, 2);
  }
}

}  // namespace
}  // namespace understudy
