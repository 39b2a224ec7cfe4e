#include "base/markup.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

TEST(EscapeMarkup, LeavesNothingThatMarksUp) {
  EXPECT_EQ(EscapeMarkup("<a href=\"x\">Tom & Jane</a>\n\x01"),
            "&lt;a href=&quot;x&quot;&gt;Tom &amp; Jane&lt;/a&gt;  ");
  EXPECT_EQ(EscapeMarkup("plain, caf\xc3\xa9"), "plain, caf\xc3\xa9");
  EXPECT_EQ(EscapeMarkup(""), "");
}

}  // namespace
}  // namespace understudy
