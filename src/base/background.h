// Threads that work for later, beside those that somebody waits for.
#pragma once

namespace understudy {

// The calling thread gives way from now on, for good: it preempts nobody when it wakes, and where
// cores are short it gets a third of what a serving thread gets. Linux's SCHED_BATCH and a nice
// value of 5; what the system refuses stays as it was.
void GiveWay();

}  // namespace understudy
