// Deadlines: the time limits of whole requests, and alarms, at the price of one list node each.
//
// A timer a request would cost more than the rest of its bookkeeping; one sweep a thread every
// quarter of a second is exact enough for limits of minutes.
#pragma once

#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <vector>

#include <boost/asio/steady_timer.hpp>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/runtime.h"

namespace understudy {

class Deadlines {
 public:
  explicit Deadlines(Runtime& runtime);

  // While it lives, the request is cancelled with kDeadline once `at` has passed (within a
  // quarter of a second). Made and destroyed on the serving thread of its call.
  class Guard {
   public:
    Guard(Deadlines& owner, Cancellation& cancellation, Monotonic at);
    ~Guard();
    Guard(const Guard&) = delete;
    Guard& operator=(const Guard&) = delete;

   private:
    struct Entry {
      Monotonic at;
      Cancellation* cancellation;
    };
    friend class Deadlines;
    std::list<Entry>& list_;
    std::list<Entry>::iterator place_;
  };

  // While it lives: `ring` is called once, when `at` has passed (within a quarter of a second). It
  // must neither make nor destroy guards or alarms: post, or spawn. Made and destroyed on the same
  // serving thread.
  class Alarm {
   public:
    Alarm(Deadlines& owner, Monotonic at, std::function<void()> ring);
    ~Alarm();
    Alarm(const Alarm&) = delete;
    Alarm& operator=(const Alarm&) = delete;

   private:
    struct Entry {
      Monotonic at;
      std::function<void()> ring;
    };
    friend class Deadlines;
    std::list<Entry>& list_;
    std::list<Entry>::iterator place_;
  };

 private:
  struct Sweep {
    explicit Sweep(boost::asio::io_context& context) : timer(context) {}
    boost::asio::steady_timer timer;
    std::list<Guard::Entry> entries;
    std::list<Alarm::Entry> alarms;
  };
  static void Arm(const std::shared_ptr<Sweep>& sweep);
  std::vector<std::shared_ptr<Sweep>> sweeps_;  // one a serving thread
};

}  // namespace understudy
