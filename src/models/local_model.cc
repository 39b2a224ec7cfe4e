#include "models/local_model.h"

#include <algorithm>
#include <array>
#include <thread>

#include <fmt/format.h>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/clock.h"
#include "base/log.h"
#include "models/llama_program.h"
#include "models/llama_selftest.h"
#include "models/local_files.h"
#include "models/retire.h"

namespace understudy {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

constexpr size_t kMostErrorBytes = size_t{64} << 10;
constexpr size_t kMostToldBytes = size_t{64} << 20;
constexpr size_t kMostEmbeddingBytes = size_t{64} << 20;
constexpr int64_t kMostEmbeddingContext = 8192;  // its batch is as large: memory
constexpr milliseconds kDrainPeriod{5};

Headers JsonHeaders() {
  Headers headers;
  headers.Add("content-type", "application/json");
  return headers;
}

Error NotReady(const std::string& model, const ModelHealth& health) {
  return Unavailable(fmt::format("{} is not ready: {}", model, health.detail));
}

// A server that dies still takes connections for a moment, while the kernel closes its files one by
// one: to the caller it is gone all the same. `error` is retryable where no byte of an answer came.
Error GoneIfSilent(const std::string& model, Error error) {
  if (error.kind != ErrorKind::kProtocol || !error.retryable) return error;
  return Unavailable(fmt::format("{} ended before it answered: {}", model, error.message));
}

// A refusal that a wider schema may mend. It comes before any work on the prompt.
bool BlamesSchema(const Error& error, const ChatRequest& chat) {
  if (!error.reply || error.reply->status != 400) return false;
  if (chat.tools.empty() && chat.response_format != ResponseFormat::kJsonSchema) return false;
  constexpr std::array<std::string_view, 3> kWords{"grammar", "schema",
                                                   "Unable to generate parser"};
  return std::any_of(kWords.begin(), kWords.end(), [&](std::string_view word) {
    return error.reply->body.find(word) != std::string::npos;
  });
}

ModelInfo InfoFor(const ModelOptions& options, const ModelMeta& meta) {
  ModelInfo info;
  info.name = options.name;
  info.kind = "local";
  info.is_small = true;
  info.zone = PrivacyZone::kLocal;
  info.price.input_usd = options.input_usd;
  info.price.cached_input_usd =
      options.cached_input_usd < 0 ? options.input_usd : options.cached_input_usd;
  info.price.output_usd = options.output_usd;
  info.context_tokens = options.context;
  if (meta.context_tokens > 0) {  // llama-server caps each slot at the model's own
    info.context_tokens =
        std::min<int64_t>(options.context, static_cast<int64_t>(meta.context_tokens));
  }
  info.can_embed = true;
  return info;
}

}  // namespace

LocalModel::LocalModel(ModelOptions options, LlamaSetup setup, SupervisionOptions supervision,
                       ModelMeta meta, Runtime& runtime)
    : options_(std::move(options)),
      setup_(std::move(setup)),
      supervision_(supervision),
      meta_(std::move(meta)),
      runtime_(runtime),
      info_(InfoFor(options_, meta_)) {
  rules_.model = options_.name;
  rules_.slots = options_.slots;
  rules_.takes_images =
      std::find(setup_.extra.begin(), setup_.extra.end(), "--mmproj") != setup_.extra.end();
  rules_.control_texts = ControlTexts(meta_.control_texts);
}

LocalModel::~LocalModel() = default;

Result<std::shared_ptr<LocalModel>> LocalModel::Make(const ModelOptions& options,
                                                     const LocalRuntimeOptions& local,
                                                     const std::string& workspace,
                                                     Runtime& runtime) {
  const auto cache = std::filesystem::path(workspace) / "cache";
  TRY(const LlamaProgram program, FindLlamaServer(local.llama_server, cache));
  TRY_VOID(EnsureLlamaSelftest(program, cache));
  return MakeWith(program.path, options, local, workspace, runtime);
}

Result<std::shared_ptr<LocalModel>> LocalModel::MakeWith(const std::filesystem::path& program,
                                                         const ModelOptions& options,
                                                         const LocalRuntimeOptions& local,
                                                         const std::string& workspace,
                                                         Runtime& runtime) {
  TRY(LocalFiles files, CheckLocalFiles(options, workspace));
  LlamaSetup setup;
  setup.program = program;
  setup.name = options.name;
  setup.gguf = files.gguf;
  setup.slots = options.slots;
  setup.context = options.context;
  setup.threads = options.model_threads;
  setup.gpu_layers = options.gpu_layers;
  setup.extra = options.extra_args;
  SupervisionOptions supervision;
  supervision.start_timeout = std::chrono::seconds(local.start_timeout_s);
  std::shared_ptr<LocalModel> model(
      new LocalModel(options, std::move(setup), supervision, std::move(files.meta), runtime));
  TRY(model->current_, model->StartGeneration(files.adapters));
  return model;
}

Result<std::shared_ptr<ServerGeneration>> LocalModel::StartGeneration(
    const std::vector<AdapterOptions>& adapters) {
  LlamaSetup setup = setup_;
  std::vector<std::string> names;
  for (const AdapterOptions& adapter : adapters) {
    names.push_back(adapter.name);
    setup.adapters.emplace_back(adapter.path);
  }
  return ServerGeneration::Start(std::move(setup), std::move(names), supervision_, runtime_);
}

std::shared_ptr<ServerGeneration> LocalModel::generation() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

ModelHealth LocalModel::health() const {
  return generation()->server().health();
}

Status LocalModel::WaitReady(milliseconds timeout) const {
  return generation()->server().WaitReady(timeout);
}

std::vector<std::string> LocalModel::adapter_names() const {
  return generation()->adapter_names();
}

Status LocalModel::SetAdapters(const std::vector<AdapterOptions>& adapters, OldServer old_server) {
  const std::lock_guard one_at_a_time(change_mutex_);
  TRY(const auto checked, CheckAdapters(setup_.gguf, adapters));
  TRY(auto next, StartGeneration(checked));
  TRY_VOID(next->server().WaitReady(supervision_.start_timeout));
  {
    const std::lock_guard lock(mutex_);
    std::swap(current_, next);
  }
  LOG_INFO("{} serves {} adapters", options_.name, adapters.size());
  // `next` is the old one now. Nobody new comes to it: once ours is the only hold, it may go.
  if (old_server == OldServer::kLeave) {
    RetireOnceUnused(std::move(next));
    return {};
  }
  while (next.use_count() > 1) std::this_thread::sleep_for(kDrainPeriod);
  return {};
}

Task<Error> LocalModel::ReadError(HttpReply& reply) const {
  const int status = reply.status;
  std::string content_type(reply.headers.Get("content-type"));
  auto body = co_await reply.ReadAll(kMostErrorBytes);
  co_return LocalError(options_.name, status, std::move(content_type),
                       body ? *std::move(body) : std::string());
}

Task<Result<std::unique_ptr<LocalStream>>> LocalModel::Open(ModelRequest& request) {
  auto use = generation();
  CO_TRY(const int adapter, use->AdapterNumber(request.deployment));
  const AdapterChoice adapters{use->adapter_names().size(), adapter};
  const LocalAsk ask{request.signals, request.as_measured, request.most_tokens, request.stop_text};
  CO_TRY(std::string body, LocalChatBody(request.chat, rules_, adapters, ask));
  if (const auto health = use->server().health(); health.state != ModelState::kReady) {
    co_return Fail(NotReady(options_.name, health));
  }
  CO_TRY(auto lease,
         co_await use->slots().Acquire(adapter, std::max(1, request.chat.n), request.cancellation));
  const Headers headers = JsonHeaders();
  auto reply = co_await use->ClientOfThisThread().Send("POST", "/v1/chat/completions", headers,
                                                       body, request.cancellation);
  for (const SchemaWidth width : {SchemaWidth::kWide, SchemaWidth::kAny}) {
    if (!reply || (*reply)->status == 200) break;
    Error error = co_await ReadError(**reply);
    if (!BlamesSchema(error, request.chat)) co_return Fail(std::move(error));
    LOG_DEBUG("{}: {}; asking again with wider schemas", options_.name, error.message);
    CO_TRY(body, LocalChatBody(request.chat, rules_, adapters, ask, width));
    reply = co_await use->ClientOfThisThread().Send("POST", "/v1/chat/completions", headers, body,
                                                    request.cancellation);
  }
  if (!reply) co_return Fail(GoneIfSilent(options_.name, std::move(reply).error()));
  if ((*reply)->status != 200) co_return Fail(co_await ReadError(**reply));
  auto stream = std::make_unique<LocalStream>(std::move(use), std::move(lease), *std::move(reply),
                                              request.chat.n);
  CO_TRY_VOID(co_await stream->Open());
  co_return std::move(stream);
}

Task<Result<std::unique_ptr<AnswerStream>>> LocalModel::Stream(ModelRequest& request) {
  request.signals = false;  // chunks go to the client as they are
  CO_TRY(std::unique_ptr<AnswerStream> stream, co_await Open(request));
  co_return std::move(stream);
}

Task<Result<ChatAnswer>> LocalModel::Complete(ModelRequest& request) {
  CO_TRY(const auto stream, co_await Open(request));
  request.first_chunk_at = Clock::System().Now();
  const bool keep_from_client = request.signals && !request.chat.logprobs;
  AnswerBuilder builder;
  for (;;) {
    CO_TRY(auto chunk, co_await stream->Next());
    if (!chunk) break;
    if (keep_from_client) {
      for (auto& delta : chunk->deltas) delta.logprobs.clear();
    }
    builder.Add(*chunk);
  }
  co_return std::move(builder).Build(Clock::System().WallMs());
}

Task<Result<json::value>> LocalModel::Tell(ServerGeneration& use, std::string_view target,
                                           std::string body, Cancellation& cancellation) {
  const Headers headers = JsonHeaders();
  const auto reply =
      co_await use.ClientOfThisThread().Send("POST", target, headers, body, cancellation);
  if (!reply) co_return Fail(GoneIfSilent(options_.name, reply.error()));
  if ((*reply)->status != 200) co_return Fail(co_await ReadError(**reply));
  CO_TRY(const std::string said, co_await (*reply)->ReadAll(kMostToldBytes));
  co_return ParseJson(said);
}

// The prompt is rendered and tokenized by the server itself, as for an answer.
Task<Result<int64_t>> LocalModel::CountTokens(ModelRequest& request) {
  const auto use = generation();
  CO_TRY(std::string body, LocalChatBody(request.chat, rules_, {}));
  CO_TRY(const json::value rendered,
         co_await Tell(*use, "/apply-template", std::move(body), request.cancellation));
  const json::object text{
      {"content", StringOr(rendered, "prompt")}, {"add_special", true}, {"parse_special", true}};
  std::string asked = json::serialize(text);
  CO_TRY(const json::value told,
         co_await Tell(*use, "/tokenize", std::move(asked), request.cancellation));
  const json::value* tokens = Find(told, "tokens");
  if (!tokens || !tokens->is_array()) {
    co_return Fail(ProtocolError(options_.name + " did not say its tokens"));
  }
  co_return static_cast<int64_t>(tokens->get_array().size());
}

// The embeddings server, started where there is none yet, and ready.
Task<Result<std::shared_ptr<ServerGeneration>>> LocalModel::Embedder(Cancellation& cancellation) {
  std::shared_ptr<ServerGeneration> embedder;
  {
    const std::lock_guard lock(mutex_);
    if (!embedder_) {
      LlamaSetup setup = setup_;
      setup.embeddings = true;
      setup.context = std::min(info_.context_tokens, kMostEmbeddingContext);
      CO_TRY(embedder_, ServerGeneration::Start(setup, {}, supervision_, runtime_));
    }
    embedder = embedder_;
  }
  asio::steady_timer timer(co_await asio::this_coro::executor);
  const Cancellation::Scope scope(cancellation, [&timer] { timer.cancel(); });
  while (embedder->server().health().state == ModelState::kStarting && !cancellation.cancelled()) {
    timer.expires_after(milliseconds(10));
    boost::system::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(kUseTask, ignored));
  }
  if (cancellation.cancelled()) co_return Fail(cancellation.ToError());
  if (const auto health = embedder->server().health(); health.state != ModelState::kReady) {
    co_return Fail(NotReady(options_.name + " (embeddings)", health));
  }
  co_return embedder;
}

Task<Result<std::string>> LocalModel::Embed(std::string_view body, std::string_view,
                                            Cancellation& cancellation) {
  CO_TRY(const std::string changed, LocalEmbeddingsBody(body, options_.name));
  CO_TRY(const auto embedder, co_await Embedder(cancellation));
  CO_TRY(const auto lease, co_await embedder->slots().Acquire(kNoAdapter, 1, cancellation));
  const Headers headers = JsonHeaders();
  const auto reply = co_await embedder->ClientOfThisThread().Send("POST", "/v1/embeddings", headers,
                                                                  changed, cancellation);
  if (!reply) co_return Fail(GoneIfSilent(options_.name, reply.error()));
  if ((*reply)->status != 200) co_return Fail(co_await ReadError(**reply));
  co_return co_await (*reply)->ReadAll(kMostEmbeddingBytes);
}

}  // namespace understudy
