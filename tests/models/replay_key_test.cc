#include "models/replay_key.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

ReplayKeys Keys(std::string_view request) {
  auto keys = MakeReplayKeys(request);
  EXPECT_TRUE(keys) << keys.error().ToString();
  return keys ? *keys : ReplayKeys();
}

constexpr std::string_view kRequest = R"({"model":"a","messages":[
  {"role":"system","content":"Be brief."},{"role":"user","content":"Hello there"}]})";

TEST(ReplayKeyTest, ExactIgnoresOrderBlanksAndWhoAsks) {
  const auto same = Keys(R"({"stream":true,"stream_options":{"include_usage":true},"user":"u",
    "store":false,"metadata":{"k":"v"},"service_tier":"flex","safety_identifier":"s",
    "prompt_cache_key":"p","prompt_cache_retention":"24h","seed":null,
    "messages":[{"content":"Be brief.","role":"system"},{"content":"Hello there","role":"user"}],
    "model":"understudy/auto"})");
  EXPECT_EQ(same.exact, Keys(kRequest).exact);
}

TEST(ReplayKeyTest, ExactKeepsWhatChangesAnAnswer) {
  for (const std::string_view member :
       {R"("temperature":0.5)", R"("seed":1)", R"("n":2)", R"("max_tokens":10)",
        R"("response_format":{"type":"json_object"})", R"("tools":[])", R"("stop":"x")"}) {
    std::string request(kRequest);
    request.insert(1, std::string(member) + ",");
    EXPECT_NE(Keys(request).exact, Keys(kRequest).exact) << member;
  }
}

TEST(ReplayKeyTest, LooseIgnoresCaseBlanksAndTheMiddle) {
  const auto loose =
      Keys(R"({"temperature":1,"messages":[{"role":"system","content":" be  BRIEF. "},
    {"role":"user","content":"Hi"},{"role":"assistant","content":"What?"},
    {"role":"user","content":[{"type":"text","text":"Hello\n there"}]}]})");
  EXPECT_NE(loose.exact, Keys(kRequest).exact);
  EXPECT_TRUE(loose.has_loose);
  EXPECT_EQ(loose.loose, Keys(kRequest).loose);
}

TEST(ReplayKeyTest, LooseKeepsSystemLastMessageAndToolNames) {
  const auto base = Keys(kRequest).loose;
  EXPECT_NE(base, Keys(R"({"messages":[{"role":"user","content":"Hello there"}]})").loose);
  EXPECT_NE(base, Keys(R"({"messages":[{"role":"system","content":"Be brief."},
                          {"role":"user","content":"Hello"}]})")
                      .loose);
  const auto tools = Keys(R"({"tools":[{"type":"function","function":{"name":"f"}}],"messages":[
    {"role":"system","content":"Be brief."},{"role":"user","content":"Hello there"}]})");
  EXPECT_NE(base, tools.loose);
}

TEST(ReplayKeyTest, WithoutTextThereIsNoLooseKey) {
  EXPECT_FALSE(Keys(R"({"messages":[{"role":"system","content":"Be brief."}]})").has_loose);
  EXPECT_FALSE(
      Keys(R"({"messages":[{"role":"user","content":[{"type":"image_url"}]}]})").has_loose);
  EXPECT_FALSE(Keys(R"({"messages":"none"})").has_loose);
  EXPECT_FALSE(Keys("{}").has_loose);
}

TEST(ReplayKeyTest, RefusesWhatIsNoObject) {
  for (const std::string_view text : {"", "[]", "7", "{", R"({"messages":)", "null"}) {
    const auto keys = MakeReplayKeys(text);
    ASSERT_FALSE(keys) << text;
    EXPECT_EQ(keys.error().kind, ErrorKind::kInvalidInput);
  }
}

}  // namespace
}  // namespace understudy
