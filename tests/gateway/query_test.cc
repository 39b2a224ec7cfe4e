#include "gateway/query.h"

#include <gmock/gmock.h>

namespace understudy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

TEST(Query, IsDecoded) {
  EXPECT_THAT(ParseQuery("a=1&b=x%20y+z&c&&d=%C3%a9=").value(),
              ElementsAre(Pair("a", "1"), Pair("b", "x y z"), Pair("c", ""), Pair("d", "é=")));
  EXPECT_THAT(ParseQuery("").value(), IsEmpty());
  for (const char* bad : {"a=%", "a=%2", "a=%zz", "%=1", "a=1&a=2"}) {
    EXPECT_FALSE(ParseQuery(bad)) << bad;
  }
}

TEST(Query, BecomesAFilterWithoutBodies) {
  const auto filter = FilterFromQuery(
      "since=2026-01-31&until=2026-02-01T00:00:00Z&agent=mail%20box&outcome=escalated&limit=7");
  ASSERT_TRUE(filter) << filter.error().ToString();
  EXPECT_EQ(filter->since_ms, 1'769'817'600'000);
  EXPECT_EQ(filter->until_ms, 1'769'904'000'000);
  EXPECT_EQ(filter->agent, "mail box");
  EXPECT_EQ(filter->outcome, Outcome::kEscalated);
  EXPECT_EQ(filter->limit, 7);
  EXPECT_FALSE(filter->with_bodies);
  EXPECT_EQ(FilterFromQuery("since=1769817600000")->since_ms, 1'769'817'600'000);
}

TEST(Query, SaysWhatIsWrongWithIt) {
  const std::pair<const char*, const char*> cases[] = {{"since=soon", "since"},
                                                       {"limit=0", "1 to 1000"},
                                                       {"limit=1001", "1 to 1000"},
                                                       {"limit=x", "1 to 1000"},
                                                       {"until=99999999999999999999", "until"},
                                                       {"outcome=odd", "served"},
                                                       {"with_bodies=true", "not known"}};
  for (const auto& [query, says] : cases) {
    const auto filter = FilterFromQuery(query);
    ASSERT_FALSE(filter) << query;
    EXPECT_THAT(filter.error().ToString(), HasSubstr(says)) << query;
  }
}

}  // namespace
}  // namespace understudy
