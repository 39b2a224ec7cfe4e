#include "models/upstream_error.h"

#include <gtest/gtest.h>

namespace understudy {
namespace {

Error Of(int status, std::string body, std::string_view type = "application/json") {
  Headers headers;
  headers.Add("Content-Type", type);
  return UpstreamError("big", status, headers, std::move(body), 0);
}

struct Case {
  int status;
  ErrorKind kind;
  bool retryable;
};

TEST(UpstreamErrorTest, KindAndRetryByStatus) {
  using enum ErrorKind;
  constexpr Case kCases[] = {
      {301, kProtocol, false},     {400, kInvalidInput, false}, {401, kUnauthorized, false},
      {402, kInvalidInput, false}, {403, kForbidden, false},    {404, kNotFound, false},
      {405, kInvalidInput, false}, {408, kTimeout, true},       {409, kUpstream, true},
      {413, kTooLarge, false},     {422, kInvalidInput, false}, {425, kUpstream, true},
      {429, kTooMany, true},       {500, kUpstream, true},      {501, kUpstream, false},
      {502, kUpstream, true},      {503, kUnavailable, true},   {504, kTimeout, true},
      {529, kUpstream, true}};
  for (const Case& expected : kCases) {
    const Error error = Of(expected.status, R"({"error":{"message":"m","type":"t"}})");
    EXPECT_EQ(error.kind, expected.kind) << expected.status;
    EXPECT_EQ(error.retryable, expected.retryable) << expected.status;
    ASSERT_TRUE(error.reply);
    EXPECT_EQ(error.reply->status, expected.status);
    EXPECT_NE(error.message.find("\"big\""), std::string::npos);
    EXPECT_NE(error.message.find(std::to_string(expected.status)), std::string::npos);
  }
}

TEST(UpstreamErrorTest, ContextOverflowInAllItsShapes) {
  for (
      const std::string_view body :
      {R"({"error":{"message":"x","type":"invalid_request_error","code":"context_length_exceeded"}})",
       R"({"error":{"code":400,"message":"the request exceeds the available context size. try increasing it","type":"exceed_context_size_error","n_prompt_tokens":9000,"n_ctx":4096}})",
       R"({"object":"error","message":"This model's maximum context length is 4096 tokens. However, you requested 9000 tokens","type":"BadRequestError","param":null,"code":400})",
       R"({"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 210000 tokens > 200000 maximum"}})",
       R"([{"error":{"code":400,"message":"input exceeds the context window"}}])",
       R"({"error":"input length exceeds the context length"})"}) {
    const Error error = Of(400, std::string(body));
    EXPECT_EQ(error.kind, ErrorKind::kContextLength) << body;
    EXPECT_EQ(error.code, "context_length_exceeded");
    EXPECT_FALSE(error.retryable);
    EXPECT_EQ(error.source, ErrorSource::kClient);
  }
  EXPECT_EQ(Of(500, R"({"error":{"type":"exceed_context_size_error"}})").kind,
            ErrorKind::kContextLength);
  EXPECT_EQ(Of(429, R"({"error":{"message":"tokens per minute; context window"}})").kind,
            ErrorKind::kTooMany);
}

TEST(UpstreamErrorTest, KeepsCodeAndParamOfAnIdentifiersShape) {
  const Error error =
      Of(400, R"({"error":{"message":"m","code":"unsupported_value","param":"messages[0].role"}})");
  EXPECT_EQ(error.code, "unsupported_value");
  EXPECT_EQ(error.param, "messages[0].role");
  const Error odd = Of(400, R"({"error":{"code":"<script> sk-secret","param":"a b"}})");
  EXPECT_EQ(odd.code, "");
  EXPECT_EQ(odd.param, "");
}

TEST(UpstreamErrorTest, SaysNothingOfTheBodyAndKeepsItAsideForTheClient) {
  const std::string body =
      R"({"error":{"message":"Incorrect API key provided: sk-abc123","code":"invalid_api_key"}})";
  const Error error = Of(401, body);
  EXPECT_EQ(error.ToString().find("sk-abc123"), std::string::npos);
  EXPECT_NE(error.message.find("invalid_api_key"), std::string::npos);
  EXPECT_NE(error.mend.find("api_key"), std::string::npos);
  EXPECT_EQ(error.reply->body, body);
}

TEST(UpstreamErrorTest, HonoursTheRetryHeaders) {
  Headers headers;
  headers.Add("retry-after", "3");
  EXPECT_EQ(UpstreamError("m", 429, headers, "", 0).retry_after, std::chrono::seconds(3));
  headers.Add("x-should-retry", "false");
  EXPECT_FALSE(UpstreamError("m", 500, headers, "", 0).retryable);
  headers.Set("x-should-retry", "true");
  EXPECT_FALSE(UpstreamError("m", 400, headers, "", 0).retryable) << "it would fail again";
  EXPECT_TRUE(UpstreamError("m", 500, headers, "", 0).retryable);
}

TEST(UpstreamErrorTest, AUsedUpQuotaIsNotTriedAgain) {
  EXPECT_FALSE(Of(429, R"({"error":{"code":"insufficient_quota"}})").retryable);
}

TEST(UpstreamErrorTest, PagesAndSilenceAreNamed) {
  const Error page = Of(502, "\r\n <!DOCTYPE html><html>nginx</html>", "text/html; charset=utf-8");
  EXPECT_NE(page.message.find("HTML page"), std::string::npos);
  EXPECT_NE(page.mend.find("/v1"), std::string::npos);
  EXPECT_NE(Of(500, "").message.find("empty body"), std::string::npos);
  const Error fine = NotAnAnswer("big", 200, "text/html", "<html>");
  EXPECT_EQ(fine.kind, ErrorKind::kProtocol);
  EXPECT_FALSE(fine.retryable);
  EXPECT_NE(fine.message.find("HTML page"), std::string::npos);
  EXPECT_NE(NotAnAnswer("big", 200, "", " \n").message.find("an empty body"), std::string::npos);
  EXPECT_NE(NotAnAnswer("big", 200, "text/plain", "ok").message.find("not JSON"),
            std::string::npos);
}

TEST(UpstreamErrorTest, HostileBodiesDoNoHarm) {
  for (const std::string& body :
       {std::string(1000, '['), std::string("{\"error\":"), std::string("{\"error\":null}"),
        std::string("{\"error\":[]}"), std::string("[]"), std::string("[7]"),
        std::string("\0\0", 2),
        std::string("{\"error\":{\"code\":1e400,\"message\":7,\"type\":{}}}")}) {
    EXPECT_EQ(Of(400, body).kind, ErrorKind::kInvalidInput);
  }
}

TEST(UpstreamStreamErrorTest, TakesItsStatusFromCodeOrType) {
  const auto of = [](std::string data) { return UpstreamStreamError("big", std::move(data)); };
  const Error overflow =
      of(R"({"error":{"code":400,"message":"m","type":"exceed_context_size_error"}})");
  EXPECT_EQ(overflow.kind, ErrorKind::kContextLength);
  EXPECT_EQ(overflow.reply->status, 400);
  EXPECT_EQ(of(R"({"error":{"type":"overloaded_error"}})").kind, ErrorKind::kUnavailable);
  EXPECT_EQ(of(R"({"error":{"code":"rate_limit_exceeded"}})").kind, ErrorKind::kTooMany);
  EXPECT_EQ(of(R"({"error":{"type":"server_error"}})").reply->status, 500);
  const Error vague = of(R"({"error":{"message":"secret text"}})");
  EXPECT_EQ(vague.reply->status, 502);
  EXPECT_TRUE(vague.retryable);
  EXPECT_EQ(vague.message.find("secret"), std::string::npos);
}

}  // namespace
}  // namespace understudy
