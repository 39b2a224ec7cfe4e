// The desk where handlers ask the store: a thread of its own with a connection of its own, because
// SQLite waits for the disk and a serving thread must not. One question after the other; beside the
// writer, which it does not hold up.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include <boost/asio/thread_pool.hpp>

#include "base/task.h"
#include "store/usage_store.h"

namespace understudy {

inline constexpr int kDeskPlaces = 64;  // that wait, at most
inline constexpr std::chrono::seconds kDeskPatience{30};

class StoreDesk {
 public:
  using Opener = std::function<Result<std::unique_ptr<UsageStore>>()>;
  // `open` is called on the desk's thread, when the store is first asked for, and again where that
  // failed.
  explicit StoreDesk(Opener open);
  ~StoreDesk();  // finishes what it is at

  // Does `work` on the desk's thread while the calling coroutine waits; what `work` refers to must
  // live in its frame. kTooMany where too many wait.
  Task<Status> Do(std::function<Status()> work);
  // The same with the store; kNotFound where nothing was ever recorded.
  Task<Status> Ask(std::function<Status(UsageStore&)> work);

 private:
  struct Waiter;
  Status WithStore(const std::function<Status(UsageStore&)>& work);

  const Opener open_;
  std::unique_ptr<UsageStore> store_;  // on the desk's thread
  std::atomic<int> waiting_{0};
  boost::asio::thread_pool thread_;  // last: it ends before what it uses
};

// Reads exchanges without their bodies, and gives up after kDeskPatience: kTimeout.
Status ScanWithin(UsageStore& store, const ExchangeFilter& filter,
                  const std::function<void(const Exchange&)>& each);

}  // namespace understudy
