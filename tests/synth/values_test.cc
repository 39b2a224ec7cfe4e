#include "synth/values.h"

#include <set>

#include <gtest/gtest.h>

#include "synth/vocabulary.h"

namespace understudy {
namespace {

TEST(Values, TextsAreSaidAsTheyStandInTheJson) {
  Rng rng(1);
  for (int kind = 0; kind <= static_cast<int>(ValueKind::kSentence); ++kind) {
    const auto each = static_cast<ValueKind>(kind);
    for (int i = 0; i < 200; ++i) {
      const Value value = MakeValue(rng, each);
      if (value.data.is_string()) {
        EXPECT_EQ(std::string(value.data.as_string()), value.said);
      } else {
        EXPECT_NE(value.said.find(DumpJson(value.data)), std::string::npos) << value.said;
      }
      EXPECT_FALSE(value.said.empty());
    }
  }
}

TEST(Values, NormalTimesAndDatesMeanWhatIsSaid) {
  Rng rng(2);
  for (int i = 0; i < 500; ++i) {
    const Value time = MakeNormalValue(rng, ValueKind::kTime);
    const std::string digits(time.data.as_string());
    const int hour = std::stoi(digits.substr(0, 2));
    const bool evening = Lower(time.said).find('p') != std::string::npos;
    EXPECT_EQ(hour >= 12, evening) << time.said << " " << digits;
    EXPECT_EQ(std::stoi(time.said), hour % 12 == 0 ? 12 : hour % 12) << time.said;

    const Value date = MakeNormalValue(rng, ValueKind::kDate);
    const std::string iso(date.data.as_string());
    const std::string month(Months().words()[std::stoul(iso.substr(5, 2)) - 1]);
    EXPECT_NE(date.said.find(month), std::string::npos) << date.said << " " << iso;
    EXPECT_NE(date.said.find(iso.substr(0, 4)), std::string::npos) << date.said << " " << iso;
    EXPECT_NE(date.said.find(std::to_string(std::stoi(iso.substr(8)))), std::string::npos);
  }
}

TEST(PseudoWord, IsOpenAndPronounceable) {
  Rng rng(3);
  std::set<std::string> words;
  for (int i = 0; i < 10000; ++i) {
    const std::string word = PseudoWord(rng);
    EXPECT_GE(word.size(), 3);
    EXPECT_NE(word.find_first_of("aeiouy"), std::string::npos) << word;
    words.insert(word);
  }
  EXPECT_GT(words.size(), 8500);
}

}  // namespace
}  // namespace understudy
