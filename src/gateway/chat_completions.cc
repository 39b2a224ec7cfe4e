#include "base/ids.h"
#include "gateway/admission.h"
#include "gateway/handlers.h"
#include "gateway/life.h"

namespace understudy {

Task<void> ChatCompletions(Visit& visit) {
  Call call(visit.http, visit.writer, visit.serving, visit.services);
  call.exchange.at_ms = visit.services.clock.WallMs();
  call.exchange.id = NewId("ex_", call.exchange.at_ms);
  const Admission admission(call);
  co_await LiveThrough(call, admission.refused());
}

}  // namespace understudy
