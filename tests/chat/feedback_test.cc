#include "chat/feedback.h"

#include <gmock/gmock.h>

#include "base/json.h"
#include "chat/exchange_json.h"

namespace understudy {
namespace {

using testing::HasSubstr;

constexpr int64_t kAt = 1'769'860'800'123;

TEST(Feedback, IsReadWholeAndWrittenAsOneMember) {
  const auto feedback = ParseFeedback(
      "{\"id\":\"ex_1\",\"rating\":-0.5,\"label\":\"wrong \\\"date\\\"\",\"corrected\":{\"role\":"
      "\"assistant\",\n\"content\":\"2026-02-01\"}}");
  ASSERT_TRUE(feedback) << feedback.error().ToString();
  EXPECT_EQ(FeedbackExtra(*feedback, "curator", kAt),
            R"({"feedback":[{"at":"2026-01-31T12:00:00.123Z","by":"curator","rating":-0.5,)"
            R"("corrected":{"role":"assistant", "content":"2026-02-01"},)"
            R"("label":"wrong \"date\""}]})");
  const auto text = ParseFeedback(R"({"id":"ex_1","corrected":"a\nb","rating":null})");
  ASSERT_TRUE(text) << text.error().ToString();
  EXPECT_EQ(text->corrected, R"("a\nb")");
  EXPECT_FALSE(text->rating);
}

TEST(Feedback, SaysWhatIsWrongWithIt) {
  const std::pair<std::string, const char*> cases[] = {
      {"", ""},
      {"[]", ""},
      {R"({"rating":1})", "x-understudy-id"},
      {R"({"id":"e"})", "a rating, a corrected answer or a label"},
      {R"({"id":"e","rating":1.01})", "from -1"},
      {R"({"id":"e","rating":"up"})", "rating"},
      {R"({"id":"e","corrected":[1]})", "corrected"},
      {R"({"id":"e","corrected":{"role":"user","content":"x"}})", "assistant"},
      {R"({"id":"e","corrected":{"role":"assistant"}})", "assistant"},
      {R"({"id":"e","rating":1,"note":"x"})", "note"},
      {R"({"id":"e","rating":1,"rating":0})", "rating"},
      {fmt::format(R"({{"id":"e","label":"{}"}})", std::string(300, 'x')), "256"}};
  for (const auto& [body, says] : cases) {
    const auto feedback = ParseFeedback(body);
    ASSERT_FALSE(feedback) << body;
    EXPECT_EQ(feedback.error().kind, ErrorKind::kInvalidInput) << body;
    EXPECT_THAT(feedback.error().ToString(), HasSubstr(says)) << body;
  }
  EXPECT_EQ(ParseFeedback(std::string(kMaxFeedbackBytes + 1, ' ')).error().kind,
            ErrorKind::kTooLarge);
}

TEST(Feedback, IsAddedBehindWhatIsThere) {
  const std::string more = R"({"feedback":[{"rating":1}]})";
  EXPECT_EQ(AddFeedback("", more).value(), more);
  EXPECT_EQ(AddFeedback(R"({"truth":1.0})", more).value(),
            R"({"truth":1.0,"feedback":[{"rating":1}]})");
  EXPECT_EQ(AddFeedback(R"({"feedback":[],"z":2})", more).value(),
            R"({"feedback":[{"rating":1}],"z":2})");
  EXPECT_EQ(AddFeedback(more, more).value(), R"({"feedback":[{"rating":1},{"rating":1}]})");
  EXPECT_EQ(AddFeedback(R"({"feedback":"good"})", more).value(),
            R"({"feedback":["good",{"rating":1}]})");
  EXPECT_FALSE(AddFeedback("{", more));
  EXPECT_FALSE(AddFeedback("", R"({"other":1})"));
}

TEST(Feedback, StandsInExchangeJsonlAndIsReadBack) {
  Exchange exchange;
  exchange.id = "ex_1";
  exchange.request = R"({"model":"m","messages":[]})";
  exchange.extra = R"({"feedback":[{"rating":1}]})";
  const auto read = ParseExchangeLine(FormatExchangeLine(exchange));
  ASSERT_TRUE(read);
  EXPECT_EQ(read->extra, exchange.extra);
}

}  // namespace
}  // namespace understudy
