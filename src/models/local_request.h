// The request that llama-server gets: made from the client's, with what it would misread, ignore
// or get wrong put right.
//
//  - `lora` names every adapter with its scale, also where none is applied: left out, an earlier
//    request's adapter answers from its cache.
//  - Always streamed, with usage: llama-server notices a client's disconnect only on streams.
//  - Control texts of the vocabulary in messages, tools and template arguments are broken
//    (chat/control_texts.h); response schemas are not part of the prompt.
//  - tool_choice {"function": X} does not force X there: only X is offered, as "required". The same
//    for allowed_tools. Tools that are no functions are left out: it has no way to call them.
//  - Response schemas are made fit for its grammar (grammar_schema.h). Tools are in the prompt:
//    their schemas stay as they came until it refuses them.
//  - In messages: an assistant's absent content, refusal parts and arguments that are no JSON, each
//    of which fails the whole request there.
//  - logprobs with tools: asked for by n_probs, as logprobs is refused on streams with tools.
//  - With `stop_text`, "verbose": which stop sequence ended an answer is told in "__verbose" alone.
//    Such chunks must not go out as they came.
//  - With `signals`, where the client did not ask for them, logprobs with two candidates a token;
//    they are the caller's, who keeps them from the client.
//  - With an adapter, and with `greedy`, the answer is the likeliest one (temperature 0), whatever
//    was asked for, but for n > 1: that was measured of a deployment, and the router promises it.
//  - `most_tokens` bounds an answer that the client leaves longer or unbounded: a small model that
//    does not stop is cut off, and its answer fails verification as truncated.
//  - Fields that reach into the server (slots, adapters, response shape) are taken out.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "chat/control_texts.h"
#include "chat/request.h"

namespace understudy {

struct LocalRequestRules {
  std::string model;  // our name for it
  int64_t slots = 1;  // n beyond this cannot be answered
  bool takes_images = false;
  ControlTexts control_texts{{}};
};

inline constexpr int kNoAdapter = -1;
struct AdapterChoice {
  size_t loaded = 0;  // adapters in the server
  int applied = kNoAdapter;
};

struct LocalAsk {
  bool signals = false;
  bool greedy = false;
  int64_t most_tokens = 0;  // 0: no bound
  bool stop_text = false;
};

// How much of the client's schemas llama-server is told. It refuses some that no rule foresees; the
// next wider request is for then. kAny is never refused.
enum class SchemaWidth : uint8_t {
  kUsual,  // response schemas widened, tools as they came
  kWide,   // the tools' schemas widened, too
  kAny,    // any object
};

// The body for POST /v1/chat/completions.
// kUnsupported, with `param`, for what this runtime cannot do and another model can: n beyond the
// slots, images without a projector, tools together with an enforced response format.
// kInvalidInput for a forced tool that is not offered.
Result<std::string> LocalChatBody(const ChatRequest& chat, const LocalRequestRules& rules,
                                  AdapterChoice adapters, const LocalAsk& ask = {},
                                  SchemaWidth width = SchemaWidth::kUsual);

// The body for POST /v1/embeddings. kInvalidInput when it is no JSON object; kUnsupported for
// `dimensions`, which llama-server would ignore.
Result<std::string> LocalEmbeddingsBody(std::string_view body, const std::string& model);

}  // namespace understudy
