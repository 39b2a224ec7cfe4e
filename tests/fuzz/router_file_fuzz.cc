// router.json, whoever wrote it: a model whose every probability is one, or an error that says why.
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <string_view>
#include <vector>

#include "route/acceptance.h"

namespace {

using namespace understudy;

void Want(bool right) {
  if (!right) std::abort();
}

bool IsShare(double x) {
  return x >= 0 && x <= 1;
}

void Decide(const Acceptance& acceptance) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> embedding(acceptance.dims(), -1.0F);
  const int tasks = static_cast<int>(acceptance.model().tasks.size());
  for (int task = -1; task <= tasks; ++task) {
    const AcceptanceInput input{.embedding = embedding, .closeness = 0.5F, .task = task};
    const double before = acceptance.Before(input);
    Want(IsShare(before));
    Want(IsShare(acceptance.After(before, {-3, -1, 0.5F, 1, 20})));
    Want(IsShare(acceptance.After(before, {kNan, kNan, kNan, kNan, -1})));
    (void)acceptance.Explain(input);
    for (const double threshold : {acceptance.threshold(task), acceptance.after_threshold(task)}) {
      Want(threshold >= 0 && threshold <= kNeverServed);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto model = ParseAcceptanceModel({reinterpret_cast<const char*>(data), size});
  if (!model) {
    Want(model.error().kind == ErrorKind::kInvalidInput && !model.error().message.empty());
    return 0;
  }
  const std::string text = json::serialize(ToJson(*model));
  const auto again = ParseAcceptanceModel(text);
  Want(again && json::serialize(ToJson(*again)) == text);
  auto acceptance = Acceptance::Make(*std::move(model));
  Want(acceptance.has_value());
  Decide(*acceptance);
  return 0;
}
