#include "gateway/gateway.h"

#include <boost/asio/post.hpp>

#include "base/log.h"
#include "gateway/routes.h"
#include "store/patient_store.h"

namespace understudy {
namespace {

ServerLimits LimitsOf(const ServerOptions& options) {
  ServerLimits limits;
  limits.max_header_bytes = static_cast<size_t>(options.max_header_bytes);
  limits.max_body_bytes = static_cast<size_t>(options.max_body_bytes);
  limits.header_timeout = std::chrono::seconds(options.header_timeout_s);
  limits.body_timeout = std::chrono::seconds(options.body_timeout_s);
  limits.idle_timeout = std::chrono::seconds(options.idle_timeout_s);
  limits.max_connections = static_cast<size_t>(options.max_connections);
  return limits;
}

Result<std::unique_ptr<Recorder>> MakeRecorder(const Options& options, size_t threads) {
  if (!options.record.enabled) return nullptr;
  const auto path = std::filesystem::path(options.workspace) / "store.db";
  return std::make_unique<Recorder>(OpenPatiently(path, options.store), options.record, threads);
}

// For reading beside the recorder. Makes no store where there is none.
StoreDesk::Opener StoreOpener(const Options& options) {
  return [path = std::filesystem::path(options.workspace) / "store.db",
          store = options.store]() -> Result<std::unique_ptr<UsageStore>> {
    std::error_code unknown;
    if (!std::filesystem::exists(path, unknown) && !unknown) {
      return Fail(NotFound("nothing was recorded yet"));
    }
    return OpenSqliteStore(path, store);
  };
}

// What a reload cannot change, by name; empty when nothing of it differs.
std::string NeedsRestart(const Options& before, const Options& after) {
  if (before.workspace != after.workspace) return "the workspace";
  if (before.server.listen != after.server.listen) return "server.listen";
  if (before.server.threads != after.server.threads) return "server.threads";
  if (before.record != after.record) return "record.*";
  if (before.store != after.store) return "store.*";
  return {};
}

}  // namespace

struct Gateway::Impl {
  Impl(const Options& options, Runtime& on, std::shared_ptr<const Serving> first,
       std::unique_ptr<Recorder> made, RouterMaker router_maker)
      : runtime(on),
        make_router(std::move(router_maker)),
        recorder(std::move(made)),
        deadlines(on),
        shadows(on, Clock::System(), recorder.get()),
        desk(StoreOpener(options)),
        services{Clock::System(),
                 recorder.get(),
                 options.record.mode == "strict",
                 metrics,
                 deadlines,
                 shadows,
                 failures,
                 desk},
        board(on, first),
        latest(std::move(first)),
        server(on.contexts(), LimitsOf(options.server),
               [this](HttpRequest& http, ResponseWriter& writer) { return Handle(http, writer); }) {
  }

  Task<void> Handle(HttpRequest& http, ResponseWriter& writer) {
    const std::shared_ptr<const Serving> serving = board.Current();
    Visit visit{http, writer, *serving, services, {}};
    co_await Dispatch(visit);
  }

  void CountModels(const Serving& serving) {
    for (const auto& model : serving.models->all()) metrics.AddModel(model->info().name);
  }

  Runtime& runtime;
  const RouterMaker make_router;
  std::unique_ptr<Recorder> recorder;
  Metrics metrics;
  Deadlines deadlines;
  Shadows shadows;
  RecentFailures failures{Clock::System()};
  StoreDesk desk;
  Services services;
  ServingBoard board;
  std::mutex reloading;                   // one reload at a time
  std::shared_ptr<const Serving> latest;  // guarded by `reloading`
  HttpServer server;
};

Gateway::Gateway(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Gateway::~Gateway() = default;

Result<std::unique_ptr<Gateway>> Gateway::Make(const Options& options, Runtime& runtime,
                                               RouterMaker make_router) {
  TRY(auto serving, Serving::Make(options, runtime, nullptr, make_router));
  TRY(auto recorder, MakeRecorder(options, runtime.size()));
  auto impl = std::make_unique<Impl>(options, runtime, std::move(serving), std::move(recorder),
                                     std::move(make_router));
  impl->CountModels(*impl->latest);
  return std::unique_ptr<Gateway>(new Gateway(std::move(impl)));
}

Status Gateway::Listen() {
  return impl_->server.Listen(impl_->latest->options.server.listen);
}

std::string Gateway::url() const {
  return impl_->server.url();
}

Status Gateway::Reload(const Options& options) {
  const std::lock_guard lock(impl_->reloading);
  if (const std::string what = NeedsRestart(impl_->latest->options, options); !what.empty()) {
    return Fail(InvalidInput(what + " cannot change while the gateway runs")
                    .Mend("Restart it; everything else can be reloaded."));
  }
  TRY(auto next, Serving::Make(options, impl_->runtime, impl_->latest.get(), impl_->make_router));
  impl_->CountModels(*next);
  impl_->board.Publish(next);
  impl_->latest = std::move(next);
  return {};
}

Status Gateway::ReloadKeys() {
  const std::lock_guard lock(impl_->reloading);
  TRY(auto next, impl_->latest->WithKeysOfNow());
  impl_->board.Publish(next);
  impl_->latest = std::move(next);
  return {};
}

void Gateway::Stop(std::function<void()> done) {
  const auto grace = std::chrono::seconds(impl_->latest->options.server.shutdown_grace_s);
  impl_->server.Stop(grace, [this, done = std::move(done)] {
    impl_->shadows.Stop([this, done] {
      if (impl_->recorder) impl_->recorder->Stop();
      done();
    });
  });
}

RecorderCounts Gateway::recorder_counts() const {
  return impl_->recorder ? impl_->recorder->counts() : RecorderCounts{};
}

size_t Gateway::requests_running() const {
  return impl_->server.requests_running();
}

}  // namespace understudy
