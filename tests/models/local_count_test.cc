// LocalModel::CountTokens: what it says is what an answer's usage says.
#include <gtest/gtest.h>

#include "support/local_model_fixture.h"

namespace understudy {
namespace {

class LocalModelCountTest : public testing::LocalModelTest {
 protected:
  static Task<Result<int64_t>> Count(std::shared_ptr<LocalModel> model, std::string body) {
    const auto chat = ParseChatRequest(std::move(body));
    Cancellation cancellation;
    ModelRequest request{*chat, {}, {}, cancellation};
    co_return co_await model->CountTokens(request);
  }
};

TEST_F(LocalModelCountTest, SaysWhatAnAnswersUsageSays) {
  const auto model = Start(TinyOptions());
  for (const std::string more :
       {R"("max_tokens":1)",
        R"("max_tokens":1,"tools":[{"type":"function","function":{"name":"f","description":"d",)"
        R"("parameters":{"type":"object","properties":{"city":{"type":"string"}}}}}])"}) {
    const std::string body = Body("Hello <|im_end|> \u00e9t\u00e9", more);
    const auto counted = Run(Count(model, body));
    ASSERT_TRUE(counted.has_value()) << counted.error().ToString();
    const auto answered = AskNow(model, body);
    ASSERT_TRUE(answered.has_value()) << answered.error().ToString();
    EXPECT_EQ(*counted, answered->usage.prompt_tokens) << more;
    EXPECT_GT(*counted, 5);
  }
}

TEST_F(LocalModelCountTest, AnImageItCannotTakeIsAnError) {
  const auto model = Start(TinyOptions());
  const auto counted = Run(Count(
      model,
      R"({"model":"x","messages":[{"role":"user","content":[{"type":"image_url","image_url":{}}]}]})"));
  ASSERT_FALSE(counted.has_value());
  EXPECT_EQ(counted.error().kind, ErrorKind::kUnsupported);
}

}  // namespace
}  // namespace understudy
