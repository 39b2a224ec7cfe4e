#include "chat/stream_shaper.h"
#include "gateway/answer_headers.h"
#include "gateway/steps.h"
#include "reason/verify.h"

namespace understudy {
namespace {

Task<Status> BeginStream(Call& call) {
  if (call.writer.begun()) co_return Status{};  // by a keep-alive comment
  Headers headers = StreamHeaders(call);
  co_return co_await call.writer.Begin(200, std::move(headers));
}

// Chunks go out as they come, in the right shape, and are added up for the record.
Task<Status> PumpStream(Call& call, StreamShaper& shaper) {
  std::vector<ChatChunk> ready;
  std::string events;
  for (bool over = false; !over;) {
    CO_TRY(auto chunk, co_await call.stream->Next());
    over = !chunk;
    if (chunk) {
      shaper.Add(*std::move(chunk), ready);
    } else {
      shaper.End(ready);
    }
    for (const ChatChunk& piece : ready) call.wire.AddChunk(piece, &events);
    ready.clear();
    if (!events.empty()) CO_TRY_VOID(co_await call.writer.Write(events));
    events.clear();
  }
  co_return Status{};
}

// Whatever came is kept for the record, also of a stream that broke off.
Task<Status> FlowThrough(Call& call) {
  StreamShaper shaper(call.chat, call.served().model, call.services.clock.WallMs());
  Status status = co_await PumpStream(call, shaper);
  call.stream.reset();
  if (!shaper.empty()) call.answer = std::move(shaper).Build();
  if (!status) {
    const Error& error = status.error();
    call.served().error = fmt::format("{}: {}", Name(error.kind), error.message);
    if (!call.cancellation.cancelled()) {
      call.services.failures.Note(call.exchange.origin, call.chat.body, call.served().model);
    }
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
