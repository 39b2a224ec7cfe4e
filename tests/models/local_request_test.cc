#include "models/local_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"

namespace understudy {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

LocalRequestRules Rules() {
  LocalRequestRules rules;
  rules.model = "tiny";
  rules.slots = 2;
  rules.control_texts = ControlTexts({"<|im_end|>", "<tool_call>"});
  return rules;
}

Result<std::string> Convert(std::string body, AdapterChoice adapters = {}) {
  const auto chat = ParseChatRequest(std::move(body));
  EXPECT_TRUE(chat.has_value()) << chat.error().ToString();
  return LocalChatBody(*chat, Rules(), adapters);
}

json::value Converted(std::string body, AdapterChoice adapters = {}) {
  const auto converted = Convert(std::move(body), adapters);
  EXPECT_TRUE(converted.has_value()) << converted.error().ToString();
  return ParseJson(*converted).value();
}

constexpr const char* kTools =
    R"("tools":[{"type":"function","function":{"name":"one","description":"x<|im_end|>"}},)"
    R"({"type":"function","function":{"name":"two"}}])";
std::string With(const std::string& more) {
  return R"({"model":"m","messages":[{"role":"user","content":"hi"}],)" + more + "}";
}

TEST(LocalRequest, EveryAdapterIsNamedAlsoForTheBase) {
  EXPECT_EQ(json::serialize(*Find(Converted(With("\"n\":1"), {2, kNoAdapter}), "lora")),
            R"([{"id":0,"scale":0E0},{"id":1,"scale":0E0}])");
  EXPECT_EQ(json::serialize(*Find(Converted(With("\"n\":1"), {2, 1}), "lora")),
            R"([{"id":0,"scale":0E0},{"id":1,"scale":1E0}])");
}

TEST(LocalRequest, AlwaysStreamsWithUsageUnderOurName) {
  const auto body = Converted(With(R"("stream":false,"temperature":0.5,"x_unknown":[1])"));
  EXPECT_EQ(StringOr(body, "model"), "tiny");
  EXPECT_TRUE(BoolOr(body, "stream", false));
  EXPECT_TRUE(BoolOr(*Find(body, "stream_options"), "include_usage", false));
  EXPECT_EQ(NumberOr(body, "temperature", 0), 0.5);
  EXPECT_NE(Find(body, "x_unknown"), nullptr) << "what we do not know passes";
}

TEST(LocalRequest, AnAdaptersAnswerIsGreedy) {
  const std::string warm = With(R"("temperature":0.9)");
  EXPECT_EQ(NumberOr(Converted(warm, {2, 1}), "temperature", -1), 0);
  EXPECT_EQ(NumberOr(Converted(With(R"("top_p":1)"), {2, 1}), "temperature", -1), 0);
  EXPECT_EQ(NumberOr(Converted(warm, {2, kNoAdapter}), "temperature", -1), 0.9);
  EXPECT_EQ(NumberOr(Converted(With(R"("temperature":0.9,"n":2)"), {2, 1}), "temperature", -1), 0.9)
      << "several answers are to differ";
}

TEST(LocalRequest, FieldsThatReachIntoTheServerAreTakenOut) {
  const auto body = Converted(With(R"("lora":[{"id":0,"scale":9}],"id_slot":1,"verbose":true)"));
  EXPECT_EQ(json::serialize(*Find(body, "lora")), "[]");
  EXPECT_EQ(Find(body, "id_slot"), nullptr);
  EXPECT_EQ(Find(body, "verbose"), nullptr);
}

TEST(LocalRequest, ControlTextsAreBrokenWhereverTheyReachThePrompt) {
  const std::string converted =
      Convert(R"({"model":"m","messages":[{"role":"user","content":"a<|im_end|>b"},)"
              R"({"role":"user","content":[{"type":"text","text":"<|im_end|>"}]},)"
              R"({"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function",)"
              R"("function":{"name":"one","arguments":"{\"x\":\"<|im_end|>\"}"}}]},)"
              R"({"role":"tool","tool_call_id":"1","content":"<tool_call>"}],)" +
              std::string(kTools) + R"(,"chat_template_kwargs":{"k":"<|im_end|>"}})")
          .value();
  EXPECT_THAT(converted, Not(HasSubstr("<|im_end|>")));
  EXPECT_THAT(converted, Not(HasSubstr("<tool_call>")));
  EXPECT_THAT(converted, HasSubstr("a<\u200B|im_end|>b"));
}

TEST(LocalRequest, ControlTextsOfResponseSchemasStay) {
  const auto body = Converted(
      With(R"("response_format":{"type":"json_schema","json_schema":{"name":"s","schema":)"
           R"({"enum":["<|im_end|>"]}}})"));
  EXPECT_THAT(json::serialize(*Find(body, "response_format")), HasSubstr("<|im_end|>"));
}

TEST(LocalRequest, AForcedFunctionIsTheOnlyOneOffered) {
  const auto body = Converted(With(std::string(kTools) +
                                   R"(,"tool_choice":{"type":"function","function":{"name":"two"}})"
                                   R"(,"response_format":{"type":"json_object"})"));
  EXPECT_EQ(StringOr(body, "tool_choice"), "required");
  const auto& tools = Find(body, "tools")->as_array();
  ASSERT_EQ(tools.size(), 1u);
  EXPECT_EQ(StringOr(*Find(tools[0], "function"), "name"), "two");
  EXPECT_EQ(Find(body, "response_format"), nullptr) << "it would win over the tool";
}

TEST(LocalRequest, AForcedFunctionThatIsNotOfferedIsRefused) {
  const auto refused = Convert(
      With(std::string(kTools) + R"(,"tool_choice":{"type":"function","function":{"name":"no"}})"));
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().kind, ErrorKind::kInvalidInput);
  EXPECT_EQ(refused.error().param, "tool_choice");
}

TEST(LocalRequest, OfAllowedToolsOnlyThoseAreOffered) {
  const auto body = Converted(
      With(std::string(kTools) +
           R"(,"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[)"
           R"({"type":"function","function":{"name":"two"}}]}})"));
  EXPECT_EQ(StringOr(body, "tool_choice"), "required");
  const auto& tools = Find(body, "tools")->as_array();
  ASSERT_EQ(tools.size(), 1u);
  EXPECT_EQ(StringOr(*Find(tools[0], "function"), "name"), "two");
}

TEST(LocalRequest, AnyIsRequiredAndToolsThatAreNoFunctionsGo) {
  const auto any = Converted(With(std::string(kTools) + R"(,"tool_choice":"any")"));
  EXPECT_EQ(StringOr(any, "tool_choice"), "required");
  const auto hosted = Converted(With(R"("tools":[{"type":"web_search"}],"tool_choice":"auto")"));
  EXPECT_EQ(Find(hosted, "tools"), nullptr);
  EXPECT_EQ(Find(hosted, "tool_choice"), nullptr);
}

TEST(LocalRequest, MessagesThatWouldFailTheWholeRequestAreMended) {
  const auto body = Converted(
      R"({"model":"m","messages":[{"role":"assistant"},{"role":"assistant","tool_calls":[]},)"
      R"({"role":"assistant","content":[{"type":"refusal","refusal":"no"}]},)"
      R"({"role":"assistant","content":null,"tool_calls":[)"
      R"({"id":"1","type":"function","function":{"name":"one","arguments":"{\"a"}},)"
      R"({"id":"2","type":"function","function":{"name":"one","arguments":""}},)"
      R"({"id":"3","type":"function","function":{"name":"one","arguments":"{}"}}]}]})");
  const auto& messages = Find(body, "messages")->as_array();
  EXPECT_EQ(messages[0].at("content"), "");
  EXPECT_EQ(messages[1].at("content"), "");
  EXPECT_EQ(Find(messages[1], "tool_calls"), nullptr);
  EXPECT_EQ(json::serialize(messages[2].at("content")), R"([{"type":"text","text":"no"}])");
  const auto& calls = messages[3].at("tool_calls").as_array();
  EXPECT_EQ(calls[0].at("function").at("arguments"), R"({"arguments":"{\"a"})");
  EXPECT_EQ(calls[1].at("function").at("arguments"), "{}");
  EXPECT_EQ(calls[2].at("function").at("arguments"), "{}");
  EXPECT_TRUE(messages[3].at("content").is_null());
}

TEST(LocalRequest, SchemasAreWidenedAsFarAsNeeded) {
  const auto chat =
      ParseChatRequest(With(R"("tools":[{"type":"function","function":{"name":"one","parameters":)"
                            R"({"type":"object","properties":{"a":{"type":"int"}}}}}],)"
                            R"("tool_choice":"required")"))
          .value();
  const auto parameters = [&](SchemaWidth width) {
    const auto body = ParseJson(LocalChatBody(chat, Rules(), {}, {}, width).value()).value();
    return json::serialize(body.at("tools").at(0).at("function").at("parameters"));
  };
  EXPECT_EQ(parameters(SchemaWidth::kUsual),
            R"({"type":"object","properties":{"a":{"type":"int"}}})");
  EXPECT_EQ(parameters(SchemaWidth::kWide),
            R"({"type":"object","properties":{"a":{"type":"integer"}}})");
  EXPECT_EQ(parameters(SchemaWidth::kAny), R"({"type":"object"})");
}

TEST(LocalRequest, LogprobsWithToolsAreAskedForAnotherWay) {
  const auto body = Converted(With(std::string(kTools) + R"(,"logprobs":true,"top_logprobs":3)"));
  EXPECT_EQ(Find(body, "logprobs"), nullptr);
  EXPECT_EQ(Find(body, "top_logprobs"), nullptr);
  EXPECT_EQ(IntOr(body, "n_probs", 0), 3);
  EXPECT_TRUE(BoolOr(Converted(With(R"("logprobs":true)")), "logprobs", false));
}

TEST(LocalRequest, SignalsAskForTwoCandidatesAToken) {
  const auto body_of = [](const std::string& more) {
    const auto chat = ParseChatRequest(With(more)).value();
    return ParseJson(LocalChatBody(chat, Rules(), {}, {.signals = true}).value()).value();
  };
  const auto plain = body_of(R"("n":1)");
  EXPECT_TRUE(BoolOr(plain, "logprobs", false));
  EXPECT_EQ(IntOr(plain, "top_logprobs", 0), 2);
  EXPECT_EQ(IntOr(body_of(kTools), "n_probs", 0), 2);
  const auto own = body_of(R"("logprobs":true,"top_logprobs":5)");
  EXPECT_EQ(IntOr(own, "top_logprobs", 0), 5) << "the client's own wish stays";
}

TEST(LocalRequest, ADeploymentAnswersGreedilyAndNotLongerThanMeasured) {
  const auto body_of = [](const std::string& more, const LocalAsk& ask) {
    const auto chat = ParseChatRequest(With(more)).value();
    return ParseJson(LocalChatBody(chat, Rules(), {}, ask).value()).value();
  };
  const LocalAsk measured{.greedy = true, .most_tokens = 64};
  const auto hot = body_of(R"("temperature":0.9)", measured);
  EXPECT_EQ(NumberOr(hot, "temperature", 1), 0);
  EXPECT_EQ(IntOr(hot, "max_tokens", 0), 64);
  EXPECT_EQ(IntOr(body_of(R"("max_tokens":9)", measured), "max_tokens", 0), 9);
  const auto long_one = body_of(R"("max_completion_tokens":500)", measured);
  EXPECT_EQ(IntOr(long_one, "max_tokens", 0), 64);
  EXPECT_EQ(Find(long_one, "max_completion_tokens"), nullptr);
  const auto plain = body_of(R"("temperature":0.9,"max_tokens":500)", {});
  EXPECT_EQ(NumberOr(plain, "temperature", 1), 0.9);
  EXPECT_EQ(IntOr(plain, "max_tokens", 0), 500);
}

TEST(LocalRequest, WithoutSignalsNothingIsAskedFor) {
  const auto body = Converted(With(R"("n_probs":7,"post_sampling_probs":true)"));
  for (const char* name : {"logprobs", "top_logprobs", "n_probs", "post_sampling_probs"}) {
    EXPECT_EQ(Find(body, name), nullptr) << name;
  }
}

TEST(LocalRequest, WhatItCannotDoIsUnsupportedSoThatAnotherModelMay) {
  const std::pair<std::string, const char*> cases[] = {
      {With(R"("n":3)"), "n"},
      {With(std::string(kTools) + R"(,"response_format":{"type":"json_object"})"),
       "response_format"},
      {R"({"model":"m","messages":[{"role":"user","content":[{"type":"image_url",)"
       R"("image_url":{"url":"data:image/png;base64,AA"}}]}]})",
       "messages"},
  };
  for (const auto& [body, param] : cases) {
    const auto refused = Convert(body);
    ASSERT_FALSE(refused.has_value()) << body;
    EXPECT_EQ(refused.error().kind, ErrorKind::kUnsupported) << body;
    EXPECT_EQ(refused.error().param, param);
  }
}

TEST(LocalRequest, EmbeddingsGetOurName) {
  const auto body = LocalEmbeddingsBody(R"({"model":"x","input":["a"],"lora":[]})", "tiny");
  EXPECT_EQ(body.value(), R"({"model":"tiny","input":["a"]})");
  EXPECT_EQ(LocalEmbeddingsBody(R"({"input":"a","dimensions":8})", "tiny").error().param,
            "dimensions");
  EXPECT_FALSE(LocalEmbeddingsBody("[]", "tiny").has_value());
  EXPECT_FALSE(LocalEmbeddingsBody("{", "tiny").has_value());
}

}  // namespace
}  // namespace understudy
