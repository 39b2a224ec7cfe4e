// run/serve.json and run/serve.lock: how commands find the gateway that serves a workspace.
//
// The running gateway holds a lock on serve.lock, which the kernel takes back when the process
// ends in whatever way; serve.json, published after, says where it serves. So a serve.json
// without a lock is stale and is ignored.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "base/result.h"

namespace understudy {

struct ServeInfo {
  int64_t pid = 0;
  std::string url;
  int64_t started_ms = 0;
};

// The gateway that serves the workspace now; nullopt where none does (or it has just begun and
// serves at no address yet).
std::optional<ServeInfo> FindServe(const std::filesystem::path& workspace);

// The right to serve a workspace, held until it goes out of scope; serve.json goes with it.
class ServeLock {
 public:
  // kUnavailable, naming pid and URL, where another process has it.
  static Result<ServeLock> Take(const std::filesystem::path& workspace);
  ServeLock(ServeLock&& other) noexcept;
  ServeLock& operator=(ServeLock&&) = delete;
  ~ServeLock();

  Status Publish(const ServeInfo& info);
  void Remove();  // takes serve.json away

 private:
  ServeLock(int fd, std::filesystem::path workspace);
  int fd_;
  std::filesystem::path workspace_;
};

}  // namespace understudy
