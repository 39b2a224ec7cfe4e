#include "seal/key_command.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

TEST(KeyCommand, GivesWhatItPrints) {
  const auto text = OutputOfKeyCommand("printf 'a b'", std::chrono::seconds(20));
  ASSERT_TRUE(text) << text.error().ToString();
  EXPECT_EQ(*text, "a b");
}

TEST(KeyCommand, OneThatHangsIsEndedWithAllItStarted) {
  const auto text = OutputOfKeyCommand("sleep 600 & sleep 600", std::chrono::milliseconds(1'200));
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().kind, ErrorKind::kTimeout);
  EXPECT_NE(text.error().message.find("within 1 s"), std::string::npos) << text.error().message;
}

}  // namespace
}  // namespace understudy
