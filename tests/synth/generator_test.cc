#include "synth/generator.h"

#include <map>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "synth/families.h"
#include "synth/phrase.h"

namespace understudy {
namespace {

using ::testing::HasSubstr;

std::string Dumped(const SyntheticExample& example) {
  return example.family + DumpJson(example.messages) + DumpJson(example.tools);
}

TEST(Generator, ExamplesFollowFromSeedAndIndexAlone) {
  Generator in_order({.seed = 11});
  const Generator at_random({.seed = 11});
  std::vector<std::string> texts;
  for (int i = 0; i < 200; ++i) texts.push_back(Dumped(in_order.Next()));
  for (int i = 199; i >= 0; --i) EXPECT_EQ(Dumped(at_random.At(i)), texts[i]);
  in_order.Seek(50);
  EXPECT_EQ(Dumped(in_order.Next()), texts[50]);
  EXPECT_EQ(in_order.position(), 51);
}

TEST(Generator, OtherSeedsGiveOtherExamples) {
  const Generator a({.seed = 1});
  const Generator b({.seed = 2});
  int same = 0;
  for (int i = 0; i < 300; ++i) same += Dumped(a.At(i)) == Dumped(b.At(i)) ? 1 : 0;
  EXPECT_LT(same, 3);
}

TEST(Generator, EveryExampleEndsWithAnAssistantAndFits) {
  Generator generator({.seed = 3, .max_chars = 1500});
  for (int i = 0; i < 5000; ++i) {
    const SyntheticExample example = generator.Next();
    ASSERT_GE(example.messages.size(), 2);
    EXPECT_EQ(StringOr(example.messages.back(), "role"), "assistant");
    EXPECT_LE(CharsOf(example), 1500);
    for (const json::value& message : example.messages) {
      const bool calls = Find(message, "tool_calls") != nullptr;
      ASSERT_TRUE(calls || !StringOr(message, "content").empty()) << Dumped(example);
    }
  }
}

TEST(Generator, FamiliesComeByTheirWeights) {
  Generator generator({.seed = 4});
  std::map<std::string, int> counts;
  for (int i = 0; i < 20000; ++i) ++counts[generator.Next().family];
  double sum = 0;
  for (const Family& family : Families()) sum += family.weight;
  for (const Family& family : Families()) {
    EXPECT_NEAR(counts[std::string(family.name)] / 20000.0, family.weight / sum, 0.015)
        << family.name;
  }
}

TEST(Generator, WeightsOfZeroLeaveFamiliesOut) {
  const auto weights = ParseFamilyWeights("sql=2,math=1");
  ASSERT_TRUE(weights);
  Generator generator({.seed = 4, .weights = *weights});
  std::set<std::string> seen;
  for (int i = 0; i < 500; ++i) seen.insert(generator.Next().family);
  EXPECT_EQ(seen, (std::set<std::string>{"math", "sql"}));
}

TEST(Generator, WeightsThatAreNoneMeanTheDefaults) {
  const Generator none({.seed = 4, .weights = {0, -1, 0}});
  const Generator defaults({.seed = 4});
  EXPECT_EQ(Dumped(none.At(7)), Dumped(defaults.At(7)));
}

TEST(ParseFamilyWeights, SaysWhatIsWrong) {
  for (const std::string_view bad : {"nosuch=1", "sql", "sql=", "sql=x", "sql=-1", "sql=inf", ""}) {
    const auto weights = ParseFamilyWeights(bad);
    ASSERT_FALSE(weights) << bad;
    EXPECT_THAT(weights.error().ToString(), HasSubstr("tool_call"));
  }
}

// What remains of a request without its names, values and rare words: its skeleton.
std::string Skeleton(std::string_view text) {
  static const std::set<std::string, std::less<>> kept = [] {
    constexpr std::string_view words =
        "a an the i i'd i'm you we us me my our please kindly can could will would like want need "
        "to of for "
        "in on at by with from as is are it be do does how what which when where why and or not no "
        "yes if "
        "that this these those there here help thanks thank hello hi hey dear regards only give "
        "tell find "
        "show list write answer reply copy choose pick label labels json null missing text value "
        "values "
        "field fields name number all any one two many much more than over under first last next "
        "than "
        "should may let's let time possible chance way trying hoping planning going mind kind "
        "sorry";
    std::set<std::string, std::less<>> set;
    for (const std::string_view word : Split(words, ' ')) set.emplace(word);
    return set;
  }();
  std::string skeleton;
  for (const std::string_view line : Split(text, '\n')) {
    for (const std::string_view word : Split(line, ' ')) {
      if (kept.contains(Lower(word)))
        skeleton += Lower(word) + " ";
      else if (!skeleton.ends_with("_ "))
        skeleton += "_ ";
    }
  }
  return skeleton;
}

TEST(Generator, RequestsHaveThousandsOfShapes) {
  Generator generator({.seed = 6});
  std::map<std::string, std::set<std::string>> shapes;
  for (int i = 0; i < 50000; ++i) {
    const SyntheticExample example = generator.Next();
    std::string shape;
    for (const json::value& message : example.messages) {
      if (StringOr(message, "role") == "assistant") break;
      shape += Skeleton(StringOr(message, "content"));
    }
    shapes[example.family].insert(shape);
  }
  for (const auto& [family, set] : shapes) {
    RecordProperty(family, static_cast<int>(set.size()));
    EXPECT_GT(set.size(), family == "math" ? 300 : 500) << family;
  }
  EXPECT_GT(shapes["tool_call"].size(), 5000);
  EXPECT_GT(shapes["extract"].size(), 3000);
  EXPECT_GT(shapes["label"].size(), 3000);
}

}  // namespace
}  // namespace understudy
