#include "gateway/steps.h"

namespace understudy {

Status RouteCall(Call& call) {
  const RouteHints hints{.agent = call.exchange.agent,
                         .route_header = call.http.headers.Get("x-understudy-route"),
                         .session = call.exchange.session};
  TRY(call.decision, call.serving.router->Decide(call.chat, hints));
  return {};
}

}  // namespace understudy
