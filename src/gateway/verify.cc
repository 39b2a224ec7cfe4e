#include "reason/verify.h"

#include "gateway/steps.h"

namespace understudy {

Status Verify(Call& call) {
  const Model* model = call.serving.models->Find(call.served().model);
  if (call.stream || !model || !model->info().is_small) return {};
  call.served().verdict = VerifyAnswer(call.chat, call.answer, VerifyOptions{});
  return {};
}

}  // namespace understudy
