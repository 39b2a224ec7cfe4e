#include "cli/record_gateway.h"

#include <future>

#include "access/api_key.h"
#include "access/api_key_ring.h"
#include "base/log.h"
#include "cli/exit_code.h"
#include "cli/serve_file.h"

namespace understudy {

Result<RecordGateway> RecordGateway::Open(const Options& options) {
  RecordGateway opened;
  if (const auto serving = FindServe(options.workspace)) {
    if (!serving->url.starts_with("http")) {
      return Fail(Unavailable("the gateway of this workspace has no TCP address")
                      .At(serving->url)
                      .Mend("Point the command at it yourself, or end it first."));
    }
    opened.url_ = serving->url;
    return opened;
  }
  TRY_VOID(opened.Start(options));
  return opened;
}

Status RecordGateway::Start(Options options) {
  SetUpLog(LogLevel::kError, options.log.json);
  options.server.listen = "127.0.0.1:0";
  options.server.shutdown_grace_s = 2;  // the command is over: nobody waits for answers
  TRY(const ApiKeyRing keys, ApiKeyRing::Load(options));
  if (keys.closed()) {
    key_ = NewApiKey();
    options.auth.api_keys.push_back(ApiKeyEntry("record", key_));
  }
  runtime_ = std::make_unique<Runtime>(static_cast<size_t>(options.server.threads));
  auto made = Gateway::Make(options, *runtime_);
  if (!made) {
    const bool config = made.error().kind == ErrorKind::kInvalidInput;
    return Fail(config ? AsConfigError(std::move(made).error()) : std::move(made).error());
  }
  gateway_ = *std::move(made);
  TRY_VOID(gateway_->Listen());
  runtime_->Start();
  url_ = gateway_->url();
  return {};
}

RecordGateway::~RecordGateway() {
  Close();
}

void RecordGateway::Close() {
  if (!gateway_) return;
  if (!url_.empty()) {
    std::promise<void> stopped;
    gateway_->Stop([&stopped] { stopped.set_value(); });
    stopped.get_future().wait();
  }
  runtime_->Stop();
  runtime_->Join();
  gateway_.reset();
}

}  // namespace understudy
