#include "simulate/grammar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace understudy {
namespace {

using testing::ElementsAre;
using testing::Pair;
using testing::UnorderedElementsAre;

std::optional<Details> Read(std::string_view reading, std::string_view text) {
  int64_t steps = 100'000;
  return MatchReading(reading, text, nullptr, steps);
}

TEST(Grammar, AlternativesNestAndMayBeEmpty) {
  EXPECT_THAT(ReadingsOf("a[b|c[d|]|] {x}"),
              UnorderedElementsAre("ab {x}", "acd {x}", "ac {x}", "a {x}"));
  EXPECT_THAT(ReadingsOf(""), ElementsAre(""));
  EXPECT_THAT(NamesIn("{a} and {b}{c}"), ElementsAre("a", "b", "c"));
}

TEST(Grammar, FillsInAndReadsBack) {
  const std::string text = FillIn("Meet {who} at {time}.", {{"who", "Ada B"}, {"time", "9"}});
  EXPECT_EQ(text, "Meet Ada B at 9.");
  EXPECT_THAT(*Read("Meet {who} at {time}.", text),
              UnorderedElementsAre(Pair("who", "Ada B"), Pair("time", "9")));
  EXPECT_EQ(FillIn("{none}x", {}), "x");
}

TEST(Grammar, ReadsTheShortestDetailsFromTheLeft) {
  EXPECT_THAT(*Read("{a} at {b}", "x at y at z"),
              UnorderedElementsAre(Pair("a", "x"), Pair("b", "y at z")));
  EXPECT_THAT(*Read("{a}, {b}.", "x, y, z."),
              UnorderedElementsAre(Pair("a", "x"), Pair("b", "y, z")));
}

TEST(Grammar, ARecognizerDecidesWhereDetailsEnd) {
  const auto two_words = [](std::string_view name, std::string_view text) {
    return name != "a" || std::ranges::count(text, ' ') == 1;
  };
  int64_t steps = 1000;
  EXPECT_THAT(*MatchReading("{a} {b}", "x y z", two_words, steps),
              UnorderedElementsAre(Pair("a", "x y"), Pair("b", "z")));
  EXPECT_FALSE(MatchReading("{a} {b}", "x z", two_words, steps));
}

TEST(Grammar, WhatDoesNotFitIsNoMatch) {
  EXPECT_FALSE(Read("Meet {who}.", "Meet ."));
  EXPECT_FALSE(Read("Meet {who}.", "Meet Ada"));
  EXPECT_FALSE(Read("Meet {who}", "Meet a\nb"));
  EXPECT_FALSE(Read("", "x"));
  EXPECT_TRUE(Read("", ""));
}

TEST(Grammar, HostileTextEndsTheSearch) {
  int64_t steps = 10'000;
  EXPECT_FALSE(MatchReading("{a} {b} {c} {d} {e}!", std::string(4000, ' '), nullptr, steps));
  EXPECT_LT(steps, 0);
}

TEST(Grammar, HashesAreFrozen) {
  EXPECT_EQ(HashOf("next Tuesday"), HashOf("next Tuesday"));
  EXPECT_EQ(HashOf(""), 14087677454934409008ULL);
  EXPECT_EQ(HashOf("next Tuesday"), 6871081168441531076ULL);
}

TEST(PhraseBookTest, HalvesShareNoReadingAndSomePhrasesAreWhollyUnseen) {
  std::vector<std::string> phrases;
  for (int i = 0; i < 40; ++i) {
    phrases.push_back("p" + std::to_string(i) + "[a|b|c|d|e|f|g|h] {x}");
  }
  const std::vector<std::string_view> views(phrases.begin(), phrases.end());
  const PhraseBook book(views);
  const auto first = book.Readings(Half::kFirst), second = book.Readings(Half::kSecond);
  EXPECT_EQ(first.size() + second.size(), 320U);
  std::set<std::string> seen(first.begin(), first.end()), seen_phrases;
  for (const std::string& reading : first) seen_phrases.insert(reading.substr(0, 3));
  int unseen = 0;
  for (const std::string& reading : second) {
    EXPECT_FALSE(seen.contains(reading));
    unseen += seen_phrases.contains(reading.substr(0, 3)) ? 0 : 1;
  }
  EXPECT_GT(unseen, 0);
  EXPECT_EQ(book.Match("p7c what", nullptr)->details.at("x"), "what");
  EXPECT_FALSE(book.Match("q7c what", nullptr));
}

TEST(PhraseBookTest, TakesTheReadingWithTheMostWordsOfItsOwn) {
  constexpr std::string_view kPhrases[] = {"{x}.", "Do {x}[.| on {y}.]"};
  const auto found = PhraseBook(kPhrases).Match("Do it on Monday.", nullptr);
  ASSERT_TRUE(found);
  EXPECT_THAT(found->details, UnorderedElementsAre(Pair("x", "it"), Pair("y", "Monday")));
  EXPECT_EQ(found->own_bytes, 8U);
}

}  // namespace
}  // namespace understudy
