// Upstream: one OpenAI-compatible server as the models see it: where it is, how to authenticate,
// and its connections, an HttpClient a thread.
//
// Thread-safe in the sense of models/model.h: each thread uses its own client, which is made at
// its first use there and destroyed there too.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel.h"
#include "base/options.h"
#include "base/runtime.h"
#include "base/task.h"
#include "net/client.h"

namespace understudy {

class Upstream {
 public:
  struct Call {
    std::string_view target;             // "/chat/completions", after the URL's path
    std::string_view body;               // JSON
    std::string_view authorization;      // the client's header value; used without a key of our own
    bool stream = false;                 // asks for text/event-stream
    const Headers* passed_on = nullptr;  // more headers; ours win where both have one
  };

  // From options of kind "openai" whose secrets are resolved. kInvalidInput names the key at
  // fault ("url", "headers[1]"), never a value that may be secret.
  static Result<std::unique_ptr<Upstream>> Make(const ModelOptions& resolved, Runtime& runtime);
  ~Upstream();

  // One try: POST. Returns once the head of a 2xx answer is there; any other answer is an
  // UpstreamError. `cancellation` must live until the reply is gone.
  Task<Result<std::unique_ptr<HttpReply>>> Post(const Call& call, Cancellation& cancellation);

  const std::string& model() const { return model_; }  // the model's name, for errors
  Error Named(Error error) const;                      // says which model it comes from

 private:
  Upstream(const ModelOptions& resolved, Url url, Runtime& runtime);
  Status AddHeaders(const ModelOptions& resolved);
  HttpClient& ClientOfThisThread();

  const std::string model_;
  const Url url_;
  const ClientOptions options_;
  Headers headers_, stream_headers_;  // of every request, but for the client's Authorization
  bool authorized_ = false;           // among them is an Authorization; else the client's own goes
  std::vector<boost::asio::io_context*> contexts_;
  std::vector<std::unique_ptr<HttpClient>> clients_;  // by ThreadIndex()
};

// Up to `max_bytes` of a reply's body; the rest is not read. Never fails: a body that breaks off
// ends there.
Task<std::string> ReadUpTo(HttpReply& reply, size_t max_bytes);

}  // namespace understudy
