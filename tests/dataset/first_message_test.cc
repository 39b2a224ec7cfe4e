#include "dataset/first_message.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

TEST(FirstMessage, IsThatOfTheFirstChoice) {
  const json::value message =
      FirstMessage(R"({"choices":[{"message":{"content":"a"}},{"message":{"content":"b"}}]})");
  EXPECT_EQ(StringOr(message, "content"), "a");
}

TEST(FirstMessage, IsNullWhereThereIsNone) {
  for (const char* body : {"", "no JSON", "[]", "{}", R"({"choices":{}})", R"({"choices":[]})",
                           R"({"choices":[1]})", R"({"choices":[{"delta":{}}]})"}) {
    EXPECT_TRUE(FirstMessage(body).is_null()) << body;
  }
}

}  // namespace
}  // namespace understudy
