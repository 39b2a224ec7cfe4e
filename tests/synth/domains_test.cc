#include "synth/domains.h"

#include <set>

#include <gtest/gtest.h>

namespace understudy {
namespace {

std::vector<DomainRow> AllRows() {
  std::vector<DomainRow> rows(DomainRowsA().begin(), DomainRowsA().end());
  rows.insert(rows.end(), DomainRowsB().begin(), DomainRowsB().end());
  return rows;
}

TEST(Domains, NameActionsThatThereAre) {
  for (const DomainRow& row : AllRows()) {
    for (const std::string_view key : Split(row.actions, '|')) {
      EXPECT_EQ(ActionOf(key).key, key) << row.name;
    }
  }
}

TEST(Domains, SlotsAreWrittenInTheirFormat) {
  for (const DomainRow& row : AllRows()) {
    for (const std::string_view text : Split(row.slots, ';')) {
      const auto parts = Split(text, ':');
      ASSERT_GE(parts.size(), 2) << text;
      const std::string_view kind = parts[1].substr(parts[1].starts_with('*') ? 1 : 0);
      const bool ranged = kind.starts_with("int") || kind.starts_with("enum=");
      EXPECT_TRUE(ranged || ValueKindOf(kind)) << text;
      const SlotKind slot = ParseSlotKind(text);
      EXPECT_FALSE(slot.names.front().empty()) << text;
      if (slot.kind == ValueKind::kInteger) {
        EXPECT_LT(slot.low, slot.high) << text;
      }
      if (slot.kind == ValueKind::kEnum) {
        EXPECT_GE(slot.options.size(), 2) << text;
      }
      if (slot.kind == ValueKind::kBoolean) {
        EXPECT_EQ(slot.mentions.size(), 2) << text;
        continue;
      }
      for (const std::string_view mention : slot.mentions) {
        EXPECT_NE(mention.find("{}"), mention.npos) << text;
      }
    }
  }
}

TEST(Domains, MoreWordsNameADomainThatIsThere) {
  std::set<std::string_view> names;
  for (const DomainRow& row : AllRows()) names.insert(row.name);
  for (const DomainWords& more : MoreDomainWords()) EXPECT_EQ(names.erase(more.domain), 1);
  EXPECT_TRUE(names.empty());
}

TEST(Domains, AreFifteenWithWordsOfTheirOwn) {
  std::set<std::string_view> names;
  std::set<std::string_view> words;
  for (const Domain& domain : Domains()) {
    EXPECT_TRUE(names.insert(domain.name).second) << domain.name;
    EXPECT_GE(domain.things.words().size(), 40) << domain.name;
    EXPECT_GE(domain.words.words().size(), 60) << domain.name;
    EXPECT_GE(domain.slots.size(), 9) << domain.name;
    for (const std::string_view word : domain.words.words()) {
      EXPECT_TRUE(words.insert(word).second) << word << " is of two domains";
    }
  }
  EXPECT_GE(names.size(), 15);
}

}  // namespace
}  // namespace understudy
