#include "access/key_role.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

constexpr KeyRole kRoles[] = {KeyRole::kAgent, KeyRole::kViewer, KeyRole::kCurator,
                              KeyRole::kAdmin};

// The table of the header, row by row: who may what, in the order of Right.
TEST(KeyRole, EachMayWhatTheTableSays) {
  struct Row {
    Right right;
    bool agent, viewer, curator, admin;
  };
  constexpr Row kTable[] = {
      {Right::kUnstated, false, false, false, false}, {Right::kAnyone, true, true, true, true},
      {Right::kCall, true, false, false, true},       {Right::kFeedback, true, false, true, true},
      {Right::kCounts, false, true, true, true},      {Right::kMasked, false, false, true, true},
      {Right::kEverything, false, false, false, true}};
  for (const Row& row : kTable) {
    const bool may[] = {row.agent, row.viewer, row.curator, row.admin};
    for (size_t i = 0; i < 4; ++i) {
      EXPECT_EQ(May(kRoles[i], row.right), may[i])
          << Name(kRoles[i]) << ' ' << static_cast<int>(row.right);
    }
  }
}

TEST(KeyRole, NamesAreFrozenAndReadBack) {
  const char* names[] = {"agent", "viewer", "curator", "admin"};
  for (size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(Name(kRoles[i]), names[i]);
    EXPECT_EQ(ParseKeyRole(names[i]).value(), kRoles[i]);
  }
  EXPECT_NE(ParseKeyRole("root").error().ToString().find("viewer"), std::string::npos);
  EXPECT_EQ(RolesWith(Right::kMasked), "curator or admin");
}

}  // namespace
}  // namespace understudy
