#include "gateway/caller.h"
#include "gateway/steps.h"

namespace understudy {

Status Authenticate(Call& call) {
  TRY(Caller caller,
      Authorize(call.http.headers, call.serving, Right::kCall, call.services.clock.WallMs()));
  if (!caller.has_key()) {
    call.authorization = call.http.headers.Get("authorization");
    const std::string_view key = call.http.headers.Get("x-api-key");
    if (call.authorization.empty() && !key.empty()) {
      call.authorization = "Bearer " + std::string(key);
    }
    return {};
  }
  call.key_name = std::move(caller.name);
  call.exchange.id = MarkedId(call.exchange.id, call.serving.origin_key, call.key_name);
  return {};
}

}  // namespace understudy
