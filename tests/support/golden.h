// Golden files: what a piece of the program writes, kept as a file that people review.
//
//   EXPECT_TRUE(MatchesGolden("gateway/golden/errors.txt", Describe(errors)));
//
// When the output changes on purpose, run the test with UNDERSTUDY_UPDATE_GOLDEN=1: it writes the
// files anew, and `git diff` shows what changed. Never under CI, which is refused.
#pragma once

#include <gtest/gtest.h>

#include <string_view>

namespace understudy {

// `file` is relative to tests/. On a difference the message names the first line that differs, with
// both versions of it, and how to accept the change. Bytes are compared as they are.
::testing::AssertionResult MatchesGolden(std::string_view file, std::string_view actual);

}  // namespace understudy
