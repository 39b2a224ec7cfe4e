// The gateway that `understudy record` sends a command's calls through: the one that serves the
// workspace already, or one of its own for as long as the command runs.
#pragma once

#include <memory>
#include <string>

#include "base/options.h"
#include "base/runtime.h"
#include "gateway/gateway.h"

namespace understudy {

class RecordGateway {
 public:
  // Own gateways listen on a free loopback port and log errors only. Where the workspace has API
  // keys, an own gateway takes one more, made for this run: see key().
  static Result<RecordGateway> Open(const Options& options);
  RecordGateway(RecordGateway&&) noexcept = default;
  ~RecordGateway();  // Close()

  const std::string& url() const { return url_; }
  const std::string& key() const { return key_; }  // what the command must send; empty: anything
  bool is_own() const { return gateway_ != nullptr; }

  // Ends an own gateway, once everything is committed.
  void Close();

 private:
  RecordGateway() = default;
  Status Start(Options options);

  std::string url_, key_;
  std::unique_ptr<Runtime> runtime_;
  std::unique_ptr<Gateway> gateway_;
};

}  // namespace understudy
