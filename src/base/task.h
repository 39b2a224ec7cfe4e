// Task<T>: a lazily started coroutine on an Asio executor; the asynchronous counterpart of a
// function. Every Task of one call runs on the one thread of its io_context, so nothing that
// belongs to a call needs a lock.
//
// g++ 12 frees aggregate temporaries inside `co_await f({...})` wrongly: name them first.
#pragma once

#include <boost/asio/awaitable.hpp>

#include "base/result.h"

namespace understudy {

template <class T>
using Task = boost::asio::awaitable<T>;

}  // namespace understudy
