// The threads that serve: one io_context each, and a small number to find one's own state by.
#pragma once

#include <cstddef>
#include <memory>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

namespace understudy {

// Index of the calling serving thread, from 0; 0 outside of them.
size_t ThreadIndex();

class Runtime {
 public:
  // `threads` 0: one a core. The contexts exist at once; Start() begins to run them.
  explicit Runtime(size_t threads);
  ~Runtime();  // Stop(), then joins

  void Start();
  void Stop();  // thread-safe
  void Join();

  size_t size() const { return contexts_.size(); }
  boost::asio::io_context& context(size_t index) { return *contexts_[index]; }
  std::vector<boost::asio::io_context*> contexts();

 private:
  using Guard = boost::asio::executor_work_guard<boost::asio::io_context::executor_type>;
  std::vector<std::unique_ptr<boost::asio::io_context>> contexts_;
  std::vector<Guard> guards_;
  std::vector<std::thread> threads_;
};

}  // namespace understudy
