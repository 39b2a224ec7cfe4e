// OpenAiModel (kind "openai"): any server that speaks OpenAI's API: the cloud's, vLLM, Ollama,
// llama-server elsewhere.
//
// A request goes up as it came, but for the model's name, `stream` and stream_options. The model's
// own key is used where it has one, else the client's. An answer's bytes are kept as received.
//
// A failed try is tried again (models/retry.h) while nothing of the answer has been handed on:
// until the whole answer is there, or the first chunk of a stream. A circuit breaker
// (models/breaker.h) spares an upstream that is down: while it is open, requests fail at once with
// kUnavailable and the time left. Beyond max_concurrent they fail with kTooMany. Both are
// retryable, elsewhere or later.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <string_view>

#include "base/options.h"
#include "base/runtime.h"
#include "models/breaker.h"
#include "models/limit.h"
#include "models/model.h"
#include "models/retry.h"
#include "models/upstream.h"

namespace understudy {

class OpenAiModel final : public Model {
 public:
  // `options.api_key` and the headers' values are resolved. `time_limit`: no further try begins so
  // long after the first. kInvalidInput with the option at fault in `where`. The runtime must
  // outlive the model; the model must outlive its streams.
  static Result<std::shared_ptr<Model>> Make(const ModelOptions& options, Runtime& runtime,
                                             std::chrono::milliseconds time_limit);

  const ModelInfo& info() const override { return info_; }
  ModelHealth health() const override;
  ModelCounts counts() const override;

  Task<Result<ChatAnswer>> Complete(ModelRequest& request) override;
  Task<Result<std::unique_ptr<AnswerStream>>> Stream(ModelRequest& request) override;
  Task<Result<std::string>> Embed(std::string_view body, std::string_view authorization,
                                  Cancellation& cancellation) override;

 private:
  OpenAiModel(const ModelOptions& options, std::unique_ptr<Upstream> upstream,
              std::chrono::milliseconds time_limit);

  using Place = ConcurrencyLimit::Place;
  // `attempt`: (Breaker::Permit&) -> Task<Status>.
  template <class Attempt>
  Task<Status> Try(Attempt attempt, Cancellation& cancellation, int& retries);

  // One try of each kind. A stream keeps the permit to settle it at its end.
  Task<Status> CompleteOnce(const Upstream::Call& call, Cancellation& cancellation,
                            ChatAnswer& answer);
  Task<Status> StreamOnce(const Upstream::Call& call, Cancellation& cancellation, Place& place,
                          Breaker::Permit& permit, std::unique_ptr<AnswerStream>& stream);
  Task<Status> PostOnce(const Upstream::Call& call, Cancellation& cancellation, std::string& body);
  Result<Place> TakePlace();
  Error CircuitOpen() const;

  const ModelInfo info_;
  const bool stream_usage_;
  const bool reasoning_;
  const int64_t breaker_failures_;
  const RetryPolicy policy_;
  const uint64_t seed_;  // of the retries' jitter
  const std::unique_ptr<Upstream> upstream_;
  Breaker breaker_;
  RetryBudget budget_;
  ConcurrencyLimit limit_;
  ModelCounters counters_;
};

}  // namespace understudy
