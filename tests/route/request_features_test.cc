#include "route/request_features.h"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace understudy {
namespace {

// By name, so that the order is checked too.
float Of(const ChatRequest& request, std::string_view name) {
  const RequestFeatures features = FeaturesOf(request);
  for (size_t i = 0; i < kRequestFeatureCount; ++i) {
    if (RequestFeatureName(i) == name) return features[i];
  }
  ADD_FAILURE() << "no feature " << name;
  return -1;
}

ChatRequest Conversation() {
  ChatRequest request;
  request.messages = {{.role = Role::kSystem, .text = "Be kind."},
                      {.role = Role::kUser, .text = "hello"},
                      {.role = Role::kAssistant, .text = "Hi"},
                      {.role = Role::kUser, .text = "Book 2 rooms,\nplease!"},
                      {.role = Role::kAssistant},
                      {.role = Role::kTool, .text = "{}"}};
  request.tools = {{.name = "book"}};
  return request;
}

TEST(RequestFeatures, TellTheShapeOfAConversation) {
  const ChatRequest request = Conversation();
  EXPECT_FLOAT_EQ(Of(request, "length of all messages"), std::log1p(8 + 5 + 2 + 21 + 2));
  EXPECT_FLOAT_EQ(Of(request, "length of the system message"), std::log1p(8));
  EXPECT_FLOAT_EQ(Of(request, "length of the last user message"), std::log1p(21));
  EXPECT_FLOAT_EQ(Of(request, "words of the last user message"), std::log1p(4));
  EXPECT_FLOAT_EQ(Of(request, "number of messages"), std::log1p(6));
  EXPECT_FLOAT_EQ(Of(request, "earlier answers in the conversation"), std::log1p(2));
  EXPECT_FLOAT_EQ(Of(request, "messages after the last user message"), std::log1p(2));
  EXPECT_FLOAT_EQ(Of(request, "tools offered"), std::log1p(1));
  EXPECT_EQ(Of(request, "a tool's result comes last"), 1);
  EXPECT_EQ(Of(request, "JSON is asked for"), 0);
  EXPECT_FLOAT_EQ(Of(request, "digits in the last user message"), 1 / 21.0F);
  EXPECT_FLOAT_EQ(Of(request, "capitals in the last user message"), 1 / 21.0F);
  EXPECT_FLOAT_EQ(Of(request, "punctuation in the last user message"), 2 / 21.0F);
  EXPECT_FLOAT_EQ(Of(request, "lines of the last user message"), std::log1p(1));
}

TEST(RequestFeatures, AreFiniteForAnything) {
  ChatRequest empty;
  for (const float feature : FeaturesOf(empty)) EXPECT_EQ(feature, 0);
  ChatRequest odd;
  std::string bytes;
  for (int c = 0; c < 256; ++c) bytes += static_cast<char>(c);
  odd.messages = {{.role = Role::kUser, .text = bytes}, {.role = Role::kOther}};
  for (const float feature : FeaturesOf(odd)) EXPECT_TRUE(std::isfinite(feature));
  EXPECT_FLOAT_EQ(Of(odd, "letters beyond ASCII in the last user message"), 0.5);
}

TEST(RequestFeatures, DoNotDependOnTheBody) {
  ChatRequest a = Conversation(), b = Conversation();
  a.body = "{}";
  b.body = std::string(1000, ' ');
  EXPECT_EQ(FeaturesOf(a), FeaturesOf(b));
}

TEST(RequestFeatures, ReadNoMoreOfALongMessageThanItsBeginning) {
  ChatRequest request;
  request.messages = {{.role = Role::kUser, .text = std::string(kRequestFeatureReadBytes, 'a')}};
  request.messages[0].text += std::string(100'000, '7');
  EXPECT_EQ(Of(request, "digits in the last user message"), 0);
}

TEST(RequestFeatures, HaveNamesOfTheirOwn) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < kRequestFeatureCount; ++i) names.insert(RequestFeatureName(i));
  EXPECT_EQ(names.size(), kRequestFeatureCount);
  EXPECT_EQ(RequestFeatureName(kRequestFeatureCount), "unknown");
}

}  // namespace
}  // namespace understudy
