// docs/openapi.json against the gateway: the paths that it describes are those that are served, its
// examples are accepted, and every answer fits the schema that stands for it.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "access/api_key.h"
#include "base/file.h"
#include "base/ids.h"
#include "base/json.h"
#include "chat/sse.h"
#include "gateway/routes.h"
#include "reason/schema.h"
#include "support/gateway_fixture.h"
#include "support/paths.h"

namespace understudy {
namespace {

using testing::UnorderedElementsAreArray;

std::string_view View(const json::string& text) {
  return {text.data(), text.size()};
}

std::string Method(std::string_view lower) {
  std::string upper(lower);
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return upper;
}

// An OpenAI upstream that can do everything: with tools it calls the first, and it streams.
void AnswerAnything(const TestMessage& request, TestSocket& client) {
  const auto has = [&](std::string_view text) {
    return request.body.find(text) != std::string::npos;
  };
  if (request.target().ends_with("/embeddings")) {
    client.Send(TestAnswer(200, R"({"object":"list","data":[{"object":"embedding","index":0,)"
                                R"("embedding":[0.5]}],"usage":{"prompt_tokens":3}})"));
    return;
  }
  const std::string call =
      R"({"index":0,"id":"call_1","type":"function","function":{"name":"get_weather",)"
      R"("arguments":"{\"city\":\"Oslo\"}"}})";
  const std::string said = has("get_weather")
                               ? R"({"role":"assistant","content":null,"reasoning_content":"hm",)"
                                 R"("tool_calls":[)" +
                                     call + "]}"
                               : R"({"role":"assistant","content":"Hello"})";
  const std::string finish = has("get_weather") ? "tool_calls" : "stop";
  const bool stream = has(R"("stream":true)");
  const std::string body = fmt::format(
      R"({{"id":"chatcmpl-1","object":"chat.completion{}","created":1,"model":"up","choices":[)"
      R"({{"index":0,"{}":{},"finish_reason":"{}"}}],"usage":{}}})",
      stream ? ".chunk" : "", stream ? "delta" : "message", said, finish,
      R"({"prompt_tokens":10,"completion_tokens":5,"total_tokens":15})");
  if (!stream) {
    client.Send(TestAnswer(200, body));
    return;
  }
  client.Send(TestChunkedHead());
  client.Send(TestChunk(TestEvent(body)));
  client.Send(TestChunk("data: [DONE]\n\n"));
  client.Send(kTestLastChunk);
}

constexpr std::string_view kUsageApi = "/v1/understudy/";

class OpenApiTest : public GatewayTest {
 protected:
  void SetUp() override {
    const auto text = ReadFile(SourceFolder() / "docs/openapi.json");
    ASSERT_TRUE(text) << text.error().ToString();
    auto parsed = ParseJson(*text);
    ASSERT_TRUE(parsed) << parsed.error().ToString();
    document_ = *std::move(parsed);
    options_.models = {Upstream("big", upstream_)};
  }

  // The value, or what its $ref points to.
  const json::value& Resolved(const json::value& value) const {
    const json::value* reference = Find(value, "$ref");
    if (!reference) return value;
    return document_.at_pointer(View(reference->get_string()).substr(1));
  }

  void ExpectFits(const json::value& schema, std::string_view text, const std::string& what) const {
    json::object whole{{"allOf", json::array{schema}}, {"components", document_.at("components")}};
    const auto compiled = JsonSchema::Compile(json::value(std::move(whole)));
    ASSERT_TRUE(compiled) << what << ": " << compiled.error().ToString();
    const auto value = ParseJson(text);
    ASSERT_TRUE(value) << what << ": " << text;
    const auto problem = compiled->Check(*value);
    EXPECT_FALSE(problem) << what << ": " << *problem << "\n" << text;
  }

  // Every event of a stream, but for the closing [DONE].
  void ExpectEventsFit(const json::value& schema, const std::string& stream,
                       const std::string& what) const {
    SseParser parser;
    parser.Feed(stream);
    size_t count = 0;
    for (auto event = parser.Next(); event && *event; event = parser.Next()) {
      if ((*event)->data == "[DONE]") continue;
      ++count;
      ExpectFits(schema, (*event)->data, what);
    }
    EXPECT_GT(count, 0U) << what << ": " << stream;
  }

  // The answer has this status, and fits what the operation says of it.
  void ExpectDescribed(const json::value& operation, const TestMessage& answer, int status,
                       const std::string& what) const {
    ASSERT_EQ(answer.status(), status) << what << ": " << answer.body;
    const json::value* described = Find(operation.at("responses"), std::to_string(status));
    ASSERT_TRUE(described) << what << " does not describe " << status;
    const std::string type =
        answer.Header("content-type").substr(0, answer.Header("content-type").find(';'));
    const json::value* content = Find(Resolved(*described).at("content"), type);
    ASSERT_TRUE(content) << what << " does not describe " << type;
    const json::value& schema = content->at("schema");
    if (type == "text/event-stream") {
      ExpectEventsFit(schema, answer.body, what);
    } else if (type == "application/json") {
      ExpectFits(schema, answer.body, what);
    }
    const json::value* headers = Find(Resolved(*described), "headers");
    if (!headers) return;
    for (const auto& [name, value] : answer.headers) {
      if (!name.starts_with("x-understudy")) continue;
      EXPECT_TRUE(Find(*headers, name)) << what << " does not describe the header " << name;
    }
  }

  TestMessage Post(const std::string& path, std::string body,
                   std::vector<std::string> headers = {}) const {
    return Ask({.body = std::move(body), .headers = std::move(headers), .path = path});
  }

  template <class Do>
  void ForOperations(std::string_view method, Do&& run) const {
    for (const auto& path : document_.at("paths").as_object()) {
      if (path.key().starts_with(kUsageApi)) continue;  // below: it takes keys and a record
      if (const json::value* operation = Find(path.value(), method)) {
        run(std::string(path.key()), *operation);
      }
    }
  }

  TestServer upstream_{AnswerAnything};
  json::value document_;
};

TEST_F(OpenApiTest, DescribesThePathsThatAreServedAndNoOthers) {
  std::vector<std::string> described;
  for (const auto& path : document_.at("paths").as_object()) {
    std::string pattern(path.key());
    if (const size_t brace = pattern.find('{'); brace != std::string::npos) {
      pattern.replace(brace, std::string::npos, "*");
    }
    for (const auto& operation : path.value().as_object()) {
      described.push_back(Method(operation.key()) + " " + pattern);
    }
  }
  std::vector<std::string> served;
  for (const Endpoint& endpoint : Endpoints()) {
    served.push_back(fmt::format("{} {}", endpoint.method, endpoint.path));
  }
  EXPECT_THAT(described, UnorderedElementsAreArray(served));
}

TEST_F(OpenApiTest, EverySchemaCompilesAndEveryReferenceLeadsSomewhere) {
  for (const auto& schema : document_.at("components").at("schemas").as_object()) {
    json::object whole{{"allOf", json::array{schema.value()}},
                       {"components", document_.at("components")}};
    const auto compiled = JsonSchema::Compile(json::value(std::move(whole)));
    EXPECT_TRUE(compiled) << schema.key() << ": " << compiled.error().ToString();
  }
}

TEST_F(OpenApiTest, ItsExamplesAreAcceptedAndTheAnswersFit) {
  Start();
  size_t examples = 0;
  ForOperations("post", [&](const std::string& path, const json::value& operation) {
    const json::value& body = operation.at("requestBody").at("content").at("application/json");
    for (const auto& example : body.at("examples").as_object()) {
      const std::string what = path + ", example " + std::string(example.key());
      const std::string text = json::serialize(example.value().at("value"));
      ExpectFits(body.at("schema"), text, what + ", request");
      ExpectDescribed(operation, Post(path, text), 200, what);
      ++examples;
    }
  });
  EXPECT_GT(examples, 10U);
}

TEST_F(OpenApiTest, WhatIsRefusedIsRefusedAsDescribed) {
  options_.auth.api_keys = {"ci:" + Sha256Hex("sk-test")};
  Start();
  ForOperations("post", [&](const std::string& path, const json::value& operation) {
    const std::string key = "x-api-key: sk-test";
    ExpectDescribed(operation, Post(path, "{", {key}), 400, path + ", malformed");
    ExpectDescribed(operation, Post(path, "{}", {key}), 400, path + ", empty");
    ExpectDescribed(operation, Post(path, "{}"), 401, path + ", no key");
    const TestMessage other = Ask({.body = "", .headers = {}, .path = path, .method = "GET"});
    EXPECT_EQ(other.status(), 405) << path;
  });
}

TEST_F(OpenApiTest, WhatIsReadIsAsDescribed) {
  Start();
  ForOperations("get", [&](std::string path, const json::value& operation) {
    const std::string what = path;
    const size_t brace = path.find('{');
    const bool by_id = brace != std::string::npos;
    if (by_id) path.replace(brace, std::string::npos, "big");
    for (const char* header : {"accept: */*", "anthropic-version: 2023-06-01"}) {
      const auto get = [&](const std::string& at) {
        return Ask({.body = "", .headers = {header}, .path = at, .method = "GET"});
      };
      ExpectDescribed(operation, get(path), 200, what);
      if (by_id) ExpectDescribed(operation, get(path + "-not"), 404, what);
    }
  });
}

TEST_F(OpenApiTest, TheUsageApiIsAsDescribed) {
  options_.auth.api_keys = {"ci:" + Sha256Hex("us_agent")};
  ApiKey root{.id = "key_1", .name = "root", .role = KeyRole::kAdmin};
  root.sha256 = Sha256Hex("us_root");
  ASSERT_TRUE(SaveApiKeys(options_.workspace, {root}));
  Start();
  const std::string id = Post("/v1/chat/completions", ChatBody("big"), {"x-api-key: us_agent"})
                             .Header("x-understudy-id");
  const json::object& paths = document_.at("paths").as_object();
  const std::string feedback = fmt::format(R"({{"id":"{}","rating":1,"label":"good"}})", id);
  const json::value& give = paths.at("/v1/understudy/feedback").at("post");
  ExpectFits(give.at("requestBody").at("content").at("application/json").at("schema"), feedback,
             "feedback");
  const auto post = [&](std::string body, std::vector<std::string> headers) {
    return Post("/v1/understudy/feedback", std::move(body), std::move(headers));
  };
  ExpectDescribed(give, post(feedback, {"x-api-key: us_agent"}), 200, "feedback");
  ExpectDescribed(give, post("{}", {"x-api-key: us_agent"}), 400, "feedback");
  ExpectDescribed(give, post(R"({"id":"no","rating":1})", {"x-api-key: us_agent"}), 404,
                  "feedback");
  ExpectDescribed(give, post(feedback, {}), 401, "feedback");
  for (const auto& one : paths) {
    const json::value& operations = one.value();
    if (!one.key().starts_with(kUsageApi) || !Find(operations, "get")) continue;
    std::string at(one.key());
    if (const size_t brace = at.find('{'); brace != std::string::npos) {
      at.replace(brace, std::string::npos, id);
    }
    const auto get = [&](std::vector<std::string> headers) {
      return Ask({.body = "", .headers = std::move(headers), .path = at, .method = "GET"});
    };
    ExpectDescribed(operations.at("get"), get({"x-api-key: us_root"}), 200, at);
    ExpectDescribed(operations.at("get"), get({"x-api-key: us_agent"}), 403, at);
    ExpectDescribed(operations.at("get"), get({}), 401, at);
  }
}

TEST_F(OpenApiTest, UnreadinessIsAsDescribed) {
  options_.models.clear();
  Start();
  const json::value& operation = document_.at("paths").at("/readyz").at("get");
  ExpectDescribed(operation, Ask({.body = "", .headers = {}, .path = "/readyz", .method = "GET"}),
                  503, "/readyz");
}

}  // namespace
}  // namespace understudy
