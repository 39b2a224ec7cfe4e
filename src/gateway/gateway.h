// The gateway: an OpenAI-compatible endpoint in front of small models and a reference model.
//
//   Runtime runtime(options.server.threads);
//   TRY(auto gateway, Gateway::Make(options, runtime));   // store, models, router
//   TRY_VOID(gateway->Listen());
//   runtime.Start();
//   ... gateway->Reload(new_options) ... gateway->Stop(done) ...
//
// How a request passes through it: life.cc. Which paths it serves: routes.cc.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/options.h"
#include "base/runtime.h"
#include "gateway/serving.h"
#include "store/recorder.h"

namespace understudy {

class Gateway {
 public:
  // Checks what must hold before a byte is served: opens the store, builds the models (local ones
  // begin to start), resolves secrets. Errors name the config key. `runtime` must outlive it.
  // `make_router` makes the router now and at each reload.
  static Result<std::unique_ptr<Gateway>> Make(const Options& options, Runtime& runtime,
                                               RouterMaker make_router = MakeRouter);
  ~Gateway();

  // Binds options.server.listen. Call before the runtime starts.
  Status Listen();
  std::string url() const;  // "http://127.0.0.1:8700", with the real port

  // New models, deployments, routes, keys and limits for the requests that come; those that run
  // keep what they began with. server.listen, server.threads and record.* need a restart: a change
  // there is refused with an error that says so, and nothing changes. From any thread.
  Status Reload(const Options& options);

  // The keys alone, as they are now, whatever may be wrong with the rest of the configuration: a
  // key that was revoked must not go on. On an error the old ones stay. From any thread.
  Status ReloadKeys();

  // No new requests; running ones may finish for server.shutdown_grace_s, then are cancelled.
  // `done` runs on a serving thread once the last is over and everything recorded is committed.
  void Stop(std::function<void()> done);

  RecorderCounts recorder_counts() const;  // zeroes when recording is off
  size_t requests_running() const;

 private:
  struct Impl;
  explicit Gateway(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace understudy
