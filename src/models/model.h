// Model: the one interface to what can answer.
//
// A Model is shared by all threads; its methods are called on the thread of the call's
// io_context, which it finds by ThreadIndex() (base/runtime.h), and keeps per-thread state (its
// connection pools) there. Whatever it starts for a call ends when `cancellation` is cancelled.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/task.h"
#include "chat/answer.h"
#include "chat/request.h"
#include "models/counts.h"
#include "net/http.h"

namespace understudy {

// Where a request's data goes when this model answers.
enum class PrivacyZone : uint8_t { kLocal, kPrivate, kCloud };

struct Price {  // US dollars per million tokens
  double input_usd = 0;
  double cached_input_usd = 0;
  double output_usd = 0;
  double Cost(const Usage& usage) const;
};

struct ModelInfo {
  std::string name;            // unique in the config; [a-z0-9._-]
  std::string kind;            // "openai", "replay", "local"
  std::string upstream_model;  // the name the upstream knows; empty: send the client's
  bool is_small = false;       // an SLM: its answers are verified and may escalate
  PrivacyZone zone = PrivacyZone::kCloud;
  Price price;
  int64_t context_tokens = 0;  // 0: unknown
  bool can_embed = false;
};

enum class ModelState : uint8_t { kReady, kStarting, kDown };

struct ModelHealth {
  ModelState state = ModelState::kReady;
  std::string detail;  // why, and how to mend it; empty when ready
};

// One attempt at an answer.
struct ModelRequest {
  const ChatRequest& chat;
  std::string_view authorization;  // the client's own, to pass on; empty: use the model's key
  std::string_view deployment;     // local adapter to apply; empty: the plain base
  Cancellation& cancellation;
  int retries = 0;  // out: how many extra tries it took
  // Complete only: ask for the two likeliest candidates of each token, also where the client did
  // not; then they are in the choices' token_logprobs and token_margins, and nowhere in the body.
  // A model that cannot leaves them empty; a client's own wish is left as it is.
  bool signals = false;
  // A deployment answers as it was measured: its likeliest answer (but for n > 1), of at most so
  // many tokens (0: as many as the client allows).
  bool as_measured = false;
  int64_t most_tokens = 0;
  bool stop_text = false;  // ask which stop sequence ended it, where that takes asking
  std::optional<Monotonic> first_chunk_at;  // out, where Complete streams behind the scenes
  const Headers* passed_on = nullptr;       // of the client's, for an upstream that may know them
};

// A streamed answer. Dropping it before the end cancels the upstream's work.
class AnswerStream {
 public:
  virtual ~AnswerStream() = default;
  // The next chunk; nullopt after [DONE]. A stream that ends without [DONE] and without a finish
  // reason fails with kProtocol: it broke off.
  virtual Task<Result<std::optional<ChatChunk>>> Next() = 0;
};

class Model {
 public:
  virtual ~Model() = default;
  virtual const ModelInfo& info() const = 0;
  virtual ModelHealth health() const = 0;            // thread-safe, never blocks
  virtual ModelCounts counts() const { return {}; }  // thread-safe, never blocks

  // The whole answer at once. Errors carry the upstream's reply where there was one.
  virtual Task<Result<ChatAnswer>> Complete(ModelRequest& request) = 0;

  // Returns once the upstream accepted and its first chunk is there to read, so that an early
  // failure can still go to another model.
  virtual Task<Result<std::unique_ptr<AnswerStream>>> Stream(ModelRequest& request) = 0;

  // How many tokens the prompt is, as a call would count it. kUnsupported where the model cannot
  // tell without answering.
  virtual Task<Result<int64_t>> CountTokens(ModelRequest& request);

  // /v1/embeddings: body in, body out, untouched but for the model's name where that is ours.
  virtual Task<Result<std::string>> Embed(std::string_view body, std::string_view authorization,
                                          Cancellation& cancellation);
};

std::string_view Name(PrivacyZone zone);
std::string_view Name(ModelState state);

}  // namespace understudy
