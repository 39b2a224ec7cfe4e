#include "store/checkpointer.h"

#include <chrono>
#include <system_error>

#include "base/background.h"

namespace understudy {
namespace {

constexpr int64_t kDuePages = 4'096;  // 16 MB: pages that many commits touch are moved once
constexpr int64_t kFewPages = 64;     // for the writer
constexpr int kPasses = 8;

}  // namespace

Checkpointer::Checkpointer(Database& writer) : writer_(writer), due_pages_(kDuePages) {
  writer_.CountLogPages();
}

Checkpointer::~Checkpointer() = default;  // a future of std::async waits

void Checkpointer::AfterCommit() {
  if (running_.valid()) {
    if (running_.wait_for(std::chrono::seconds(0)) == std::future_status::ready) Finish();
    return;
  }
  const int64_t pages = writer_.log_pages();
  if (pages < kDuePages) due_pages_ = kDuePages;  // it began again
  if (pages >= due_pages_) Start();
}

void Checkpointer::Start() {
  try {
    running_ = std::async(std::launch::async, MoveBulk, writer_.path());
  } catch (const std::system_error&) {  // no thread to be had
    Finish();
  }
}

// Each pass moves what was committed before it began, so that what is left shrinks.
void Checkpointer::MoveBulk(const std::filesystem::path& path) {
  GiveWay();
  const auto database = Database::Open(path);
  if (!database || !(*database)->Number("PRAGMA user_version")) return;
  for (int pass = 0; pass < kPasses; ++pass) {
    if ((*database)->Checkpoint() <= kFewPages) return;
  }
}

void Checkpointer::Finish() {
  running_ = {};
  writer_.Checkpoint();
  // A long reader keeps the log as it is: not again after every commit, then.
  due_pages_ = writer_.log_pages() + kDuePages;
}

}  // namespace understudy
