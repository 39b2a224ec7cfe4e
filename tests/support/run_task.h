// Runs a coroutine to its end from an ordinary test body.
//
//   boost::asio::io_context context;
//   HttpClient client(context, url, {});
//   auto reply = RunTask(context, client.Send("GET", "/", {}, "", cancellation));
#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <optional>
#include <stdexcept>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include "base/task.h"

namespace understudy {

inline constexpr std::chrono::seconds kTaskTime{60};  // far beyond what any test needs

// Runs `context` on this thread until `done`; throws if that takes longer than kTaskTime.
inline void RunUntil(boost::asio::io_context& context, const std::function<bool()>& done) {
  const auto end = std::chrono::steady_clock::now() + kTaskTime;
  while (!done()) {
    if (std::chrono::steady_clock::now() > end) throw std::runtime_error("the task never ends");
    context.restart();
    context.run_one_for(std::chrono::milliseconds(20));
  }
}

// Runs `context` for `time`: lets what is under way there go on.
inline void RunFor(boost::asio::io_context& context, std::chrono::milliseconds time) {
  context.restart();
  context.run_for(time);
}

// Other work of the context runs meanwhile and stays pending afterwards. Rethrows exceptions.
template <class T>
T RunTask(boost::asio::io_context& context, Task<T> task) {
  std::optional<T> result;
  std::exception_ptr thrown;
  bool done = false;
  boost::asio::co_spawn(context, std::move(task), [&](std::exception_ptr error, T value) {
    thrown = error;
    if (!error) result.emplace(std::move(value));
    done = true;
  });
  RunUntil(context, [&] { return done; });
  if (thrown) std::rethrow_exception(thrown);
  return *std::move(result);
}

inline void RunTask(boost::asio::io_context& context, Task<void> task) {
  std::exception_ptr thrown;
  bool done = false;
  boost::asio::co_spawn(context, std::move(task), [&](std::exception_ptr error) {
    thrown = error;
    done = true;
  });
  RunUntil(context, [&] { return done; });
  if (thrown) std::rethrow_exception(thrown);
}

// On a context of its own: for tasks that are bound to none.
template <class T>
T RunTask(Task<T> task) {
  boost::asio::io_context context(1);
  return RunTask(context, std::move(task));
}

}  // namespace understudy
