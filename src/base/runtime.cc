#include "base/runtime.h"

#include <algorithm>

namespace understudy {
namespace {
thread_local size_t t_index = 0;
}  // namespace

size_t ThreadIndex() {
  return t_index;
}

Runtime::Runtime(size_t threads) {
  const size_t count = threads ? threads : std::max(1U, std::thread::hardware_concurrency());
  for (size_t i = 0; i < count; ++i) {
    contexts_.push_back(std::make_unique<boost::asio::io_context>(1));  // 1: never shared
    guards_.emplace_back(contexts_.back()->get_executor());
  }
}

Runtime::~Runtime() {
  Stop();
  Join();
}

void Runtime::Start() {
  for (size_t i = 0; i < contexts_.size(); ++i) {
    threads_.emplace_back([this, i] {
      t_index = i;
      contexts_[i]->run();
    });
  }
}

void Runtime::Stop() {
  for (auto& context : contexts_) context->stop();
}

void Runtime::Join() {
  for (auto& thread : threads_) {
    if (thread.joinable()) thread.join();
  }
}

std::vector<boost::asio::io_context*> Runtime::contexts() {
  std::vector<boost::asio::io_context*> all;
  for (auto& context : contexts_) all.push_back(context.get());
  return all;
}

}  // namespace understudy
