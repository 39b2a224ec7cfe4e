// LocalModel (kind "local"): a GGUF model on this machine, answered by llama-server as a
// supervised child process (llama_server.h), with LoRA adapters chosen request by request.
//
// A request waits for a slot in a bounded queue that favours running adapters (slot_queue.h), is
// rewritten (local_request.h) and always streamed, so that a cancelled call ends its work within
// milliseconds. While the child is down or starting, calls fail with kUnavailable, retryable, and
// health() says why. Embeddings are served by a second child (mean pooling of the same weights,
// which share their memory), started at the first such request: llama-server documents its
// embeddings mode as one of its own.
//
// Thread-safe in the sense of models/model.h. Made and destroyed outside the serving threads: the
// destructor waits for the children's end.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/options.h"
#include "base/runtime.h"
#include "gguf/model_meta.h"
#include "models/local_request.h"
#include "models/local_stream.h"
#include "models/model.h"
#include "models/server_generation.h"

namespace understudy {

class LocalModel final : public Model {
 public:
  // Checks the files, finds llama-server, puts a new version of it through its self-test (once,
  // about two seconds), and begins to start it; does not wait until it is ready. Relative paths
  // start at `workspace`. kInvalidInput or kIo name the option at fault in `where`. `runtime` must
  // outlive the model; the model must outlive its streams.
  static Result<std::shared_ptr<LocalModel>> Make(const ModelOptions& options,
                                                  const LocalRuntimeOptions& local,
                                                  const std::string& workspace, Runtime& runtime);
  ~LocalModel() override;

  const ModelInfo& info() const override { return info_; }
  ModelHealth health() const override;

  Task<Result<ChatAnswer>> Complete(ModelRequest& request) override;
  Task<Result<std::unique_ptr<AnswerStream>>> Stream(ModelRequest& request) override;
  Task<Result<int64_t>> CountTokens(ModelRequest& request) override;
  Task<Result<std::string>> Embed(std::string_view body, std::string_view authorization,
                                  Cancellation& cancellation) override;

  // Serves this list of adapters from now on. Starts a second server with it, switches over once
  // that is ready, and returns when the old one has served its last call. No call is lost; on an
  // error the old list stays. Blocks (not for serving threads); one at a time. kLeave: returns at
  // the switch, and a thread of its own waits for the old one's last call.
  enum class OldServer : uint8_t { kAwait, kLeave };
  Status SetAdapters(const std::vector<AdapterOptions>& adapters,
                     OldServer old_server = OldServer::kAwait);
  std::vector<std::string> adapter_names() const;

  // As Make, with a program that is not put to the test: for the self-test itself.
  static Result<std::shared_ptr<LocalModel>> MakeWith(const std::filesystem::path& program,
                                                      const ModelOptions& options,
                                                      const LocalRuntimeOptions& local,
                                                      const std::string& workspace,
                                                      Runtime& runtime);

  Status WaitReady(std::chrono::milliseconds timeout) const;  // blocks
  const ModelMeta& meta() const { return meta_; }
  // Of the server that takes new calls: for tests and `doctor`.
  std::shared_ptr<ServerGeneration> generation() const;

 private:
  LocalModel(ModelOptions options, LlamaSetup setup, SupervisionOptions supervision, ModelMeta meta,
             Runtime& runtime);

  Result<std::shared_ptr<ServerGeneration>> StartGeneration(
      const std::vector<AdapterOptions>& adapters);
  Task<Result<std::unique_ptr<LocalStream>>> Open(ModelRequest& request);
  Task<Result<std::shared_ptr<ServerGeneration>>> Embedder(Cancellation& cancellation);
  // JSON in, JSON out; no slot is taken.
  Task<Result<json::value>> Tell(ServerGeneration& use, std::string_view target, std::string body,
                                 Cancellation& cancellation);
  Task<Error> ReadError(HttpReply& reply) const;

  const ModelOptions options_;
  const LlamaSetup setup_;  // without adapters
  const SupervisionOptions supervision_;
  const ModelMeta meta_;
  Runtime& runtime_;
  ModelInfo info_;
  LocalRequestRules rules_;

  std::mutex change_mutex_;  // one SetAdapters at a time
  mutable std::mutex mutex_;
  std::shared_ptr<ServerGeneration> current_;
  std::shared_ptr<ServerGeneration> embedder_;  // null until first asked for
};

// A non-2xx answer of llama-server to POST on a model of that name.
Error LocalError(std::string_view model, int status, std::string content_type, std::string body);

}  // namespace understudy
