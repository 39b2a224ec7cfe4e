#include "simulate/office_values.h"

#include <gtest/gtest.h>

#include <set>

namespace understudy {
namespace {

TEST(OfficeValues, HalvesAreApartAndOpenOnesAreMany) {
  Rng rng(3);
  for (const std::string_view name : ValueNames()) {
    if (!IsOpen(name)) continue;
    std::set<std::string> first;
    for (int i = 0; i < 300; ++i) {
      const std::string value = DrawValue(rng, name, Half::kFirst);
      EXPECT_FALSE(value.empty());
      EXPECT_EQ(value.find_first_of("[]{}|\n"), value.npos) << name << ": " << value;
      first.insert(value);
    }
    for (int i = 0; i < 300; ++i) {
      EXPECT_FALSE(first.contains(DrawValue(rng, name, Half::kSecond))) << name;
    }
  }
}

TEST(OfficeValues, WhatPeopleNameIsDrawnFromHundreds) {
  Rng rng(4);
  for (const std::string_view name :
       {"who", "firm", "subject", "matter", "day", "time", "when", "chore", "query", "words",
        "folder", "address", "amount", "item", "news", "ask", "goods", "orderno", "site"}) {
    std::set<std::string> values;
    for (int i = 0; i < 400; ++i) values.insert(DrawValue(rng, name, Half::kFirst));
    EXPECT_GT(values.size(), 50U) << name;
  }
}

TEST(OfficeValues, AreRecognizedByTheirRules) {
  Rng rng(6);
  for (const std::string_view name : ValueNames()) {
    for (int i = 0; i < 50; ++i) {
      const std::string value = DrawValue(rng, name, Half::kFirst);
      EXPECT_TRUE(IsValue(name, value)) << name << ": " << value;
      EXPECT_FALSE(IsValue(name, value + "?")) << name << ": " << value;
    }
  }
  EXPECT_FALSE(IsValue("nothing", "x"));
  EXPECT_FALSE(IsValue("who", ""));
  EXPECT_FALSE(IsValue("chore", std::string(5000, 'a')));
}

TEST(OfficeValues, DigitsBehindANameTellSeveralApart) {
  Rng rng(5);
  EXPECT_TRUE(IsValueName("item12"));
  EXPECT_FALSE(IsValueName("nothing"));
  EXPECT_EQ(DrawValue(rng, "nothing", Half::kFirst), "");
  const Details details = DrawDetails(rng, "{item1} and {item2}", Half::kFirst);
  EXPECT_EQ(details.size(), 2U);
  EXPECT_NE(details.at("item1"), details.at("item2"));
}

}  // namespace
}  // namespace understudy
