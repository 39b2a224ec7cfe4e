#include "models/model.h"

#include <algorithm>

namespace understudy {

double Price::Cost(const Usage& usage) const {
  constexpr double kMillion = 1e6;
  const int64_t prompt = std::max<int64_t>(usage.prompt_tokens, 0);
  const int64_t cached = std::clamp<int64_t>(usage.cached_tokens, 0, prompt);
  const int64_t completion = std::max<int64_t>(usage.completion_tokens, 0);
  return (static_cast<double>(prompt - cached) * input_usd +
          static_cast<double>(cached) * cached_input_usd +
          static_cast<double>(completion) * output_usd) /
         kMillion;
}

Task<Result<std::string>> Model::Embed(std::string_view, std::string_view, Cancellation&) {
  Error error;
  error.kind = ErrorKind::kUnsupported;
  error.source = ErrorSource::kClient;
  error.message = "model \"" + info().name + "\" makes no embeddings";
  error.mend = "Ask a model of kind \"openai\" whose upstream serves /embeddings";
  error.code = "model_not_supported";
  error.param = "model";
  co_return Fail(std::move(error));
}

Task<Result<int64_t>> Model::CountTokens(ModelRequest&) {
  Error error = Unsupported("model \"" + info().name + "\" cannot count a prompt's tokens");
  co_return Fail(std::move(error));
}

std::string_view Name(PrivacyZone zone) {
  switch (zone) {
    case PrivacyZone::kLocal: return "local";
    case PrivacyZone::kPrivate: return "private";
    case PrivacyZone::kCloud: return "cloud";
  }
  return "cloud";
}

std::string_view Name(ModelState state) {
  switch (state) {
    case ModelState::kReady: return "ready";
    case ModelState::kStarting: return "starting";
    case ModelState::kDown: return "down";
  }
  return "down";
}

}  // namespace understudy
