#include "cli/replay_request.h"

#include "base/json.h"
#include "chat/sse.h"

namespace understudy {
namespace {

constexpr size_t kMaxAnswerBytes = size_t{64} << 20;
constexpr std::string_view kOutcomeComment = ": understudy outcome=";

// What may stand in a header's value.
bool IsHeaderSafe(std::string_view text) {
  return !text.empty() && text.size() <= 256 &&
         std::ranges::all_of(text, [](unsigned char c) { return c >= 0x20 && c < 0x7F; });
}

Headers HeadersFor(const ReplayItem& item, const ReplayPlan& plan) {
  Headers headers;
  headers.Add("content-type", "application/json");
  if (!plan.authorization.empty()) headers.Add("authorization", plan.authorization);
  if (IsHeaderSafe(item.session)) headers.Add("x-understudy-session", item.session);
  if (IsHeaderSafe(item.agent)) headers.Add("x-understudy-agent", item.agent);
  return headers;
}

int64_t MicrosSince(Monotonic begun) {
  return MicrosBetween(begun, Clock::System().Now());
}

// "HTTP 503: the message of OpenAI's error object".
std::string DescribeRefusal(int status, std::string_view body) {
  const auto value = ParseJson(body);
  const json::value* error = value ? Find(*value, "error") : nullptr;
  const std::string_view message = error ? StringOr(*error, "message") : std::string_view();
  return fmt::format("HTTP {}{}{}", status, message.empty() ? "" : ": ", message);
}

// The word behind "outcome=" in the comment that closes a stream.
std::string OutcomeIn(std::string_view stream) {
  const size_t at = stream.rfind(kOutcomeComment);
  if (at == std::string_view::npos) return {};
  const std::string_view rest = stream.substr(at + kOutcomeComment.size());
  return std::string(rest.substr(0, rest.find_first_of(" \r\n")));
}

Result<ChatAnswer> AnswerOfStream(std::string_view stream) {
  SseParser parser(kMaxAnswerBytes);
  parser.Feed(stream);
  AnswerBuilder builder;
  for (;;) {
    TRY(const std::optional<SseEvent> event, parser.Next());
    if (!event) return Fail(ProtocolError("the stream broke off"));
    if (event->data == "[DONE]") break;
    TRY(const ChatChunk chunk, ParseChatChunk(event->data));
    builder.Add(chunk);
  }
  if (builder.empty()) return Fail(ProtocolError("the stream held no answer"));
  return std::move(builder).Build(Clock::System().WallMs());
}

Task<Result<std::string>> ReadBody(HttpReply& reply, Monotonic begun, int64_t& first_us) {
  std::string body;
  for (;;) {
    CO_TRY(const std::string_view piece, co_await reply.ReadSome());
    if (piece.empty()) co_return body;
    if (first_us == 0) first_us = MicrosSince(begun);
    if (body.size() + piece.size() > kMaxAnswerBytes) {
      co_return Fail(ProtocolError("the answer is too large"));
    }
    body += piece;
  }
}

// What the body says, into `result`.
Status TakeAnswer(const ReplayItem& item, const ReplayPlan& plan, std::string body, bool streamed,
                  ReplayResult& result) {
  if (result.status != 200) return Fail(InvalidInput(DescribeRefusal(result.status, body)));
  if (streamed && result.outcome.empty()) result.outcome = OutcomeIn(body);
  auto answer = streamed ? AnswerOfStream(body) : ParseChatAnswer(std::move(body));
  if (!answer) return Fail(std::move(answer).error());
  result.usage = answer->usage;
  if (item.recorded) {
    result.equal = plan.same ? plan.same(item, *answer) : SameAnswer(*item.recorded, *answer);
  }
  if (plan.keep_answers) result.answer = *std::move(answer);
  return {};
}

Task<Status> Exchange(const ReplayItem& item, const ReplayPlan& plan, HttpClient& client,
                      Cancellation& cancellation, Monotonic begun, ReplayResult& result) {
  const bool stream = plan.stream || item.request.stream;
  const std::string body =
      BodyForUpstream(item.request, plan.model.empty() ? item.request.model : plan.model,
                      {.stream = stream, .count_usage = true});
  const Headers headers = HeadersFor(item, plan);
  CO_TRY(const auto reply,
         co_await client.Send("POST", "/chat/completions", headers, body, cancellation));
  result.status = reply->status;
  result.outcome = reply->headers.Get("x-understudy-outcome");
  result.model = reply->headers.Get("x-understudy-model");
  result.route = reply->headers.Get("x-understudy-route");
  result.task = reply->headers.Get("x-understudy-task");
  result.verdict = reply->headers.Get("x-understudy-verdict");
  CO_TRY(std::string answer, co_await ReadBody(*reply, begun, result.first_us));
  const bool events = reply->headers.Get("content-type").starts_with("text/event-stream");
  co_return TakeAnswer(item, plan, std::move(answer), events, result);
}

}  // namespace

Task<ReplayResult> SendReplayItem(const ReplayItem& item, const ReplayPlan& plan,
                                  HttpClient& client, Cancellation& cancellation, Monotonic begun) {
  ReplayResult result;
  result.sent = true;
  const Status ended = co_await Exchange(item, plan, client, cancellation, begun, result);
  result.total_us = MicrosSince(begun);
  if (!ended) result.error = ended.error().ToString();
  co_return result;
}

}  // namespace understudy
