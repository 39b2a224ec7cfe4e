// The paths that ask for an answer: they differ in their wire format alone.
#include "base/ids.h"
#include "chat/chat_wire.h"
#include "chat/messages_wire.h"
#include "chat/responses_wire.h"
#include "gateway/admission.h"
#include "gateway/handlers.h"
#include "gateway/life.h"

namespace understudy {
namespace {

Task<void> Answer(Visit& visit, WireFormat& wire) {
  Call call(visit.http, visit.writer, visit.serving, visit.services, wire);
  call.exchange.at_ms = visit.services.clock.WallMs();
  call.exchange.id = NewId("ex_", call.exchange.at_ms);
  call.exchange.endpoint = wire.endpoint();
  const Admission admission(call);
  co_await LiveThrough(call, admission.refused());
}

}  // namespace

Task<void> ChatCompletions(Visit& visit) {
  ChatWire wire;
  co_await Answer(visit, wire);
}

Task<void> Responses(Visit& visit) {
  ResponsesWire wire(visit.services.clock.WallMs());
  co_await Answer(visit, wire);
}

Task<void> Messages(Visit& visit) {
  MessagesWire wire;
  co_await Answer(visit, wire);
}

}  // namespace understudy
