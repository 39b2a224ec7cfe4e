#include "simulate/reference_server.h"

#include <cmath>

#include "base/clock.h"
#include "base/json.h"
#include "chat/error_body.h"
#include "chat/sse.h"
#include "models/pause.h"

namespace understudy {
namespace {

using std::chrono::nanoseconds;

constexpr size_t kPieceBytes = 4;  // a token, as usage counts them

HttpResponse JsonResponse(int status, std::string body) {
  HttpResponse response;
  response.status = status;
  response.headers.Add("content-type", "application/json");
  response.body = std::move(body);
  return response;
}

HttpResponse ErrorResponse(const Error& error) {
  return JsonResponse(HttpStatus(error), ErrorBody(error));
}

HttpResponse SimulatedFailure(uint64_t number) {
  constexpr std::pair<int, std::string_view> kFailures[] = {
      {429, "rate_limit_error"}, {500, "server_error"}, {503, "server_error"}};
  const auto& [status, type] = kFailures[number % std::size(kFailures)];
  json::object error{{"message", "The simulated reference fails here, as it was told to."},
                     {"type", type},
                     {"param", nullptr},
                     {"code", "simulated_failure"}};
  return JsonResponse(status, json::serialize(json::object{{"error", std::move(error)}}));
}

HttpResponse ModelList() {
  json::object model{
      {"id", kSimulatedReferenceName}, {"object", "model"}, {"owned_by", "understudy"}};
  return JsonResponse(200, json::serialize(json::object{{"object", "list"},
                                                        {"data", json::array{std::move(model)}}}));
}

// What needs no time to think.
HttpResponse PlainReply(const HttpRequest& request) {
  const std::string_view path = request.path();
  const bool known = path == "/v1/models" || path == "/healthz" || path == "/v1/chat/completions";
  if (!known) {
    return ErrorResponse(NotFound("the simulated reference has no such path")
                             .Mend("It serves POST /v1/chat/completions and GET /v1/models."));
  }
  if (path == "/v1/chat/completions" || request.method != "GET") {
    return JsonResponse(405, ErrorBody(InvalidInput("this path takes another method")));
  }
  return path == "/healthz" ? JsonResponse(200, R"({"status":"ok"})") : ModelList();
}

// Sum of twelve uniform numbers: near enough to the normal distribution, and bounded by 6.
double NormalOf(Rng& rng) {
  double sum = -6;
  for (int i = 0; i < 12; ++i) sum += rng.Unit();
  return sum;
}

nanoseconds Seconds(double seconds) {
  return nanoseconds(static_cast<int64_t>(std::clamp(seconds, 0.0, 86'400.0) * 1e9));
}

}  // namespace

struct ReferenceServer::Timing {
  Monotonic first;  // when the first token is due
  double s_per_token;
  bool fails;
  uint64_t number;  // of the call
};

ReferenceServer::ReferenceServer(std::vector<boost::asio::io_context*> contexts,
                                 const ReferencePace& pace)
    : pace_(pace),
      server_(std::move(contexts), ServerLimits{},
              [this](HttpRequest& request, ResponseWriter& writer) {
                return Handle(request, writer);
              }) {}

ReferenceServer::Timing ReferenceServer::NextTiming() {
  const uint64_t number = calls_.fetch_add(1);
  uint64_t state = pace_.seed ^ number << 20;
  Rng rng(SplitMix64(state));
  const double stretch = std::exp(pace_.jitter * NormalOf(rng));
  const double first_s = std::chrono::duration<double>(pace_.first_token).count() * stretch;
  const double s_per_token = pace_.tokens_per_s > 0 ? stretch / pace_.tokens_per_s : 0;
  return {Clock::System().Now() + Seconds(first_s), s_per_token, rng.Chance(pace_.error_share),
          number};
}

Task<void> ReferenceServer::Handle(HttpRequest& request, ResponseWriter& writer) {
  if (request.method == "POST" && request.path() == "/v1/chat/completions") {
    // A client that went away wants no answer, and an error after the first byte has no place.
    const Status ended = co_await Complete(request, writer);
    if (ended || writer.begun() || writer.cancellation().cancelled()) co_return;
    HttpResponse refusal = ErrorResponse(ended.error());
    (void)co_await writer.Send(std::move(refusal));
    co_return;
  }
  HttpResponse reply = PlainReply(request);
  (void)co_await writer.Send(std::move(reply));
}

Task<Status> ReferenceServer::Complete(HttpRequest& request, ResponseWriter& writer) {
  const Timing timing = NextTiming();
  CO_TRY(const ChatRequest chat, ParseChatRequest(std::move(request.body)));
  if (timing.fails) {
    CO_TRY_VOID(co_await PauseUntil(timing.first, writer.cancellation()));
    HttpResponse failure = SimulatedFailure(timing.number);
    co_return co_await writer.Send(std::move(failure));
  }
  const ChatAnswer answer = ReferenceAnswer(chat, Clock::System().WallMs());
  ++answered_;
  if (chat.stream) co_return co_await SendStream(answer, timing, chat.include_usage, writer);
  co_return co_await SendWhole(answer, timing, writer);
}

Task<Status> ReferenceServer::SendWhole(const ChatAnswer& answer, Timing timing,
                                        ResponseWriter& writer) {
  const double all_s = timing.s_per_token * static_cast<double>(answer.usage.completion_tokens);
  CO_TRY_VOID(co_await PauseUntil(timing.first + Seconds(all_s), writer.cancellation()));
  HttpResponse response = JsonResponse(200, answer.body);
  co_return co_await writer.Send(std::move(response));
}

Task<Status> ReferenceServer::SendStream(const ChatAnswer& answer, Timing timing, bool with_usage,
                                         ResponseWriter& writer) {
  const auto chunks = ChunksOf(answer, kPieceBytes, with_usage, Clock::System().WallMs());
  const double all_s = timing.s_per_token * static_cast<double>(answer.usage.completion_tokens);
  const double step_s = all_s / static_cast<double>(std::max<size_t>(chunks.size(), 1));
  CO_TRY_VOID(co_await PauseUntil(timing.first, writer.cancellation()));
  Headers headers;
  headers.Add("content-type", "text/event-stream");
  CO_TRY_VOID(co_await writer.Begin(200, std::move(headers)));
  for (size_t i = 0; i < chunks.size(); ++i) {
    const Monotonic due = timing.first + Seconds(step_s * static_cast<double>(i));
    CO_TRY_VOID(co_await PauseUntil(due, writer.cancellation()));
    const std::string event = FormatSseData(chunks[i]);
    CO_TRY_VOID(co_await writer.Write(event));
  }
  CO_TRY_VOID(co_await writer.Write(kSseDone));
  co_return co_await writer.End();
}

}  // namespace understudy
