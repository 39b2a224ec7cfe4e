#include "chat/error_body.h"

#include <gtest/gtest.h>

#include "base/cancel.h"
#include "base/json.h"

namespace understudy {
namespace {

Error Of(ErrorKind kind, ErrorSource source = ErrorSource::kClient) {
  Error error;
  error.kind = kind;
  error.source = source;
  error.message = "what";
  return error;
}

Error Replied(int status, std::string body) {
  Error error = Of(ErrorKind::kUpstream, ErrorSource::kUpstream);
  error.reply =
      std::make_shared<UpstreamReply>(UpstreamReply{status, "application/json", std::move(body)});
  return error;
}

TEST(HttpStatus, ByKindAndSource) {
  constexpr auto kClient = ErrorSource::kClient;
  constexpr auto kFromUpstream = ErrorSource::kUpstream;
  constexpr auto kOurs = ErrorSource::kInternal;
  using enum ErrorKind;
  const std::tuple<ErrorKind, ErrorSource, int> cases[] = {
      {kInvalidInput, kClient, 400},
      {kUnauthorized, kClient, 401},
      {kForbidden, kClient, 403},
      {kNotFound, kClient, 404},
      {kTooLarge, kClient, 413},
      {kContextLength, kClient, 400},
      {kTooMany, kClient, 429},
      {kTimeout, kClient, 408},
      {kTimeout, kFromUpstream, 504},
      {kTimeout, kOurs, 504},
      {kCancelled, kClient, 499},
      {kCancelled, kOurs, 503},
      {kUnavailable, kFromUpstream, 503},
      {kUpstream, kFromUpstream, 502},
      {kProtocol, kFromUpstream, 502},
      {kProtocol, kClient, 400},
      {kUnsupported, kClient, 400},
      {kUnsupported, kOurs, 501},
      {kIo, kOurs, 500},
      {kInternal, kOurs, 500},
  };
  for (const auto& [kind, source, status] : cases) {
    EXPECT_EQ(HttpStatus(Of(kind, source)), status) << Name(kind) << " " << Name(source);
  }
}

TEST(HttpStatus, AnUpstreamsErrorStatusStands) {
  for (const int status : {400, 401, 403, 404, 418, 429, 500, 503, 599}) {
    EXPECT_EQ(HttpStatus(Replied(status, "")), status);
  }
  for (const int status : {0, 200, 302, 600}) EXPECT_EQ(HttpStatus(Replied(status, "")), 502);
}

TEST(HttpStatus, OfCancellations) {
  const auto status = [](CancelReason reason) {
    Cancellation cancellation;
    cancellation.Cancel(reason);
    return HttpStatus(cancellation.ToError());
  };
  EXPECT_EQ(status(CancelReason::kClientGone), 499);
  EXPECT_EQ(status(CancelReason::kShutdown), 503);
  EXPECT_EQ(status(CancelReason::kDeadline), 504);
}

TEST(ErrorType, AsClientsKnowThem) {
  EXPECT_EQ(ErrorType(Of(ErrorKind::kInvalidInput)), "invalid_request_error");
  EXPECT_EQ(ErrorType(Of(ErrorKind::kNotFound)), "invalid_request_error");
  EXPECT_EQ(ErrorType(Of(ErrorKind::kUnauthorized)), "authentication_error");
  EXPECT_EQ(ErrorType(Of(ErrorKind::kForbidden)), "permission_error");
  EXPECT_EQ(ErrorType(Of(ErrorKind::kTooMany)), "rate_limit_error");
  EXPECT_EQ(ErrorType(Of(ErrorKind::kUnavailable, ErrorSource::kUpstream)), "server_error");
  EXPECT_EQ(ErrorType(Replied(429, "")), "rate_limit_error");
}

TEST(ErrorBody, HasTheFourMembers) {
  EXPECT_EQ(ErrorBody(InvalidInput("bad \"n\"").Param("n").Code("c").Mend("Use 1")),
            R"({"error":{"message":"bad \"n\". Use 1","type":"invalid_request_error",)"
            R"("param":"n","code":"c"}})");
  EXPECT_EQ(ErrorBody(InternalError("oops")),
            R"({"error":{"message":"oops","type":"server_error","param":null,"code":null}})");
}

TEST(ErrorBody, DefaultCodes) {
  const auto code = [](const Error& error) {
    const auto body = ParseJson(ErrorBody(error));
    return std::string(StringOr(*Find(*body, "error"), "code", "none"));
  };
  EXPECT_EQ(code(Of(ErrorKind::kContextLength)), "context_length_exceeded");
  EXPECT_EQ(code(Of(ErrorKind::kUnauthorized)), "invalid_api_key");
  EXPECT_EQ(code(Of(ErrorKind::kTooMany)), "rate_limit_exceeded");
  EXPECT_EQ(code(Of(ErrorKind::kNotFound).Code("model_not_found")), "model_not_found");
  EXPECT_EQ(code(Of(ErrorKind::kNotFound)), "none");
}

TEST(ErrorBody, AnUpstreamsErrorObjectStandsAsItCame) {
  const std::string body = "{ \"error\": {\"message\": \"no\",  \"x\": 1.0}}\n";
  EXPECT_EQ(ErrorBody(Replied(400, body)), body);
  for (const char* other : {"", "<html>", "{}", "[]", R"({"error":null})", R"({"detail":"x"})"}) {
    EXPECT_NE(ErrorBody(Replied(400, other)).find(R"("message":"what")"), std::string::npos)
        << other;
  }
}

TEST(ErrorBody, WhereIsNotTold) {
  Error error = InternalError("oops");
  error.where = "/secret/path";
  EXPECT_EQ(ErrorBody(error).find("secret"), std::string::npos);
}

}  // namespace
}  // namespace understudy
