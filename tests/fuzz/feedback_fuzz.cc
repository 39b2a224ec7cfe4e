// Feedback, whoever sent it: what is taken becomes one line of JSON, and can be added to any
// exchange's members without harm to them.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/json.h"
#include "chat/feedback.h"
#include "is_json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace understudy;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto feedback = ParseFeedback(text);
  if (feedback) {
    const std::string extra = FeedbackExtra(*feedback, "agent", 1'700'000'000'000);
    if (extra.find('\n') != std::string::npos || !IsJson(extra)) std::abort();
    const auto twice = AddFeedback(extra, extra);
    if (!twice || ParseJson(*twice)->at("feedback").as_array().size() != 2) std::abort();
  } else if (feedback.error().source != ErrorSource::kClient) {
    std::abort();
  }
  const auto added = AddFeedback(text, R"({"feedback":[{"rating":1}]})");
  if (added && !IsJson(*added)) std::abort();
  return 0;
}
