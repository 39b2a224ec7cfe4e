// Waiting on a timer for a call, cut short when the call is cancelled.
#pragma once

#include <chrono>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/task.h"

namespace understudy {

// Sleeps on the running coroutine's executor. Fails with cancellation.ToError() when cancelled
// before or meanwhile. Zero or less returns at once.
Task<Status> Pause(std::chrono::nanoseconds time, Cancellation& cancellation);
Task<Status> PauseUntil(Monotonic when, Cancellation& cancellation);

}  // namespace understudy
