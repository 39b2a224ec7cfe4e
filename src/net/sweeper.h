// Deadlines without a timer each: one coarse tick a thread looks at all of them.
//
// A request would otherwise arm and cancel several timers, which costs more than parsing it.
// A deadline ends up to one tick late. Without deadlines nothing ticks. All of it belongs to one
// io_context's thread.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/clock.h"

namespace understudy {

class Sweeper;

// Something with a deadline. Registered with its sweeper while it lives.
class Deadline {
 public:
  explicit Deadline(std::shared_ptr<Sweeper> sweeper);
  virtual ~Deadline();
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;

  void ExpireIn(std::chrono::nanoseconds time) { at_ = std::chrono::steady_clock::now() + time; }
  void ExpireNever() { at_ = Monotonic::max(); }

 protected:
  // The deadline passed; it is now never. Must not create or destroy deadlines: cancel or post.
  virtual void Expire() = 0;

 private:
  friend class Sweeper;
  std::shared_ptr<Sweeper> sweeper_;
  Monotonic at_ = Monotonic::max();
  size_t index_ = 0;  // in the sweeper's list
};

class Sweeper : public std::enable_shared_from_this<Sweeper> {
 public:
  // `shortest` is the shortest time limit in use: the tick is a quarter of it, within 5..500 ms.
  Sweeper(boost::asio::io_context& context, std::chrono::milliseconds shortest);

  size_t size() const { return deadlines_.size(); }

 private:
  friend class Deadline;
  void Add(Deadline& deadline);
  void Remove(Deadline& deadline);
  void Tick();
  void Sweep();

  boost::asio::steady_timer timer_;
  std::chrono::milliseconds tick_;
  std::vector<Deadline*> deadlines_;
  bool ticking_ = false;
};

}  // namespace understudy
