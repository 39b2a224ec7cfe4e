#include "chat/error_body.h"
#include "gateway/answer_headers.h"
#include "gateway/steps.h"

namespace understudy {
namespace {

Task<void> EndStream(Call& call, const Status& status) {
  std::string tail;
  if (status) {
    tail = OutcomeComment(call);
    call.wire.EndStream(call.answer.usage, &tail);
  } else {
    call.wire.BreakStream(status.error(), &tail);
    tail += OutcomeComment(call);
  }
  if (co_await call.writer.Write(tail)) co_await call.writer.End();
}

void AddRetryHeaders(const Error& error, Headers& headers) {
  if (error.retry_after) {
    const auto ms = error.retry_after->count();
    headers.Add("retry-after", std::to_string((ms + 999) / 1000));
    headers.Add("retry-after-ms", std::to_string(ms));
  }
  headers.Add("x-should-retry", error.retryable ? "true" : "false");
}

HttpResponse ErrorResponse(const Call& call, const Error& error) {
  HttpResponse response;
  response.status = HttpStatus(error);
  response.headers.Add("content-type", "application/json");
  AddDecisionHeaders(call, response.headers);
  AddOutcomeHeaders(call, response.headers);
  AddRetryHeaders(error, response.headers);
  response.body = call.wire.ErrorBody(error);
  return response;
}

HttpResponse PlainResponse(Call& call) {
  HttpResponse response;
  response.headers.Add("content-type", "application/json");
  AddDecisionHeaders(call, response.headers);
  AddOutcomeHeaders(call, response.headers);
  response.body = call.wire.AnswerBody(call.answer);
  return response;
}

}  // namespace

Task<void> Finish(Call& call, const Status& status) {
  if (call.cancellation.reason() == CancelReason::kClientGone) co_return;
  if (call.writer.begun()) {
    co_await EndStream(call, status);
    co_return;
  }
  HttpResponse response = status ? PlainResponse(call) : ErrorResponse(call, status.error());
  co_await call.writer.Send(std::move(response));
}

}  // namespace understudy
