// Task<T>: a lazily started coroutine on an io_context; the asynchronous counterpart of a
// function. Every Task of one call runs on the one thread of its io_context, so nothing that
// belongs to a call needs a lock.
//
//   co_await timer.async_wait(kUseTask);  // an asynchronous operation of Asio's within a Task
//
// The executor's type is named rather than erased (any_io_executor): each step of a coroutine
// copies executors, and the erased kind pays a virtual call and a count of references each time.
//
// g++ 12 frees aggregate temporaries inside `co_await f({...})` wrongly: name them first.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/result.h"

namespace understudy {

using TaskExecutor = boost::asio::io_context::executor_type;

template <class T>
using Task = boost::asio::awaitable<T, TaskExecutor>;

// The completion token that makes a Task of Asio's operations. Errors are thrown, but for
// redirect_error(kUseTask, error).
using UseTask = boost::asio::use_awaitable_t<TaskExecutor>;
inline constexpr UseTask kUseTask;

}  // namespace understudy
