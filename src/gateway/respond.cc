#include "chat/sse.h"
#include "gateway/answer_headers.h"
#include "gateway/steps.h"
#include "reason/verify.h"

namespace understudy {
namespace {

constexpr size_t kPieceBytes = 24;  // of held content, when it is streamed after its verdict

Task<Status> BeginStream(Call& call) {
  Headers headers;
  headers.Add("content-type", "text/event-stream; charset=utf-8");
  headers.Add("cache-control", "no-cache");
  AddDecisionHeaders(call, headers);
  co_return co_await call.writer.Begin(200, std::move(headers));
}

// The client did not ask for the usage chunk that the gateway asked for on its own account.
bool Forwarded(const Call& call, const ChatChunk& chunk) {
  return call.chat.include_usage || !chunk.usage_only();
}

// Chunks go out as they come, and are added up for the record.
Task<Status> PumpStream(Call& call, AnswerBuilder& builder) {
  std::string event;
  while (true) {
    CO_TRY(auto chunk, co_await call.stream->Next());
    if (!chunk) co_return Status{};
    builder.Add(*chunk);
    if (!Forwarded(call, *chunk)) continue;
    event.assign("data: ").append(chunk->data).append("\n\n");
    CO_TRY_VOID(co_await call.writer.Write(event));
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
  const auto chunks =
      ChunksOf(call.answer, kPieceBytes, call.chat.include_usage, call.services.clock.WallMs());
  for (const std::string& chunk : chunks) events += FormatSseData(chunk);
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
