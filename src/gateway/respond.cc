#include "gateway/answer_headers.h"
#include "gateway/steps.h"
#include "reason/verify.h"

namespace understudy {
namespace {

Task<Status> BeginStream(Call& call) {
  Headers headers;
  headers.Add("content-type", "text/event-stream; charset=utf-8");
  headers.Add("cache-control", "no-cache");
  AddDecisionHeaders(call, headers);
  co_return co_await call.writer.Begin(200, std::move(headers));
}

// Chunks go out as they come, and are added up for the record.
Task<Status> PumpStream(Call& call, AnswerBuilder& builder) {
  std::string events;
  while (true) {
    CO_TRY(auto chunk, co_await call.stream->Next());
    if (!chunk) co_return Status{};
    builder.Add(*chunk);
    events.clear();
    call.wire.AddChunk(*chunk, &events);
    if (!events.empty()) CO_TRY_VOID(co_await call.writer.Write(events));
  }
}

// Whatever came is kept for the record, also of a stream that broke off.
Task<Status> FlowThrough(Call& call) {
  AnswerBuilder builder;
  Status status = co_await PumpStream(call, builder);
  call.stream.reset();
  if (!builder.empty()) call.answer = std::move(builder).Build(call.services.clock.WallMs());
  if (!status) {
    const Error& error = status.error();
    call.served().error = fmt::format("{}: {}", Name(error.kind), error.message);
  }
  SettleAttempt(call);
  co_return status;
}

// A held answer, streamed in the shape in which it would have come.
Task<Status> SendChunks(Call& call) {
  std::string events;
  CO_TRY_VOID(call.wire.AddWhole(call.answer, call.services.clock.WallMs(), &events));
  co_return co_await call.writer.Write(events);
}

}  // namespace

Task<Status> Respond(Call& call) {
  CO_TRY_VOID(co_await BeginStream(call));
  if (!call.stream) co_return co_await SendChunks(call);
  CO_TRY_VOID(co_await FlowThrough(call));
  co_return Verify(call);  // too late to change anything, but the record should know
}

}  // namespace understudy
