// Services: what all calls of a gateway share.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/clock.h"
#include "gateway/deadlines.h"
#include "gateway/metrics.h"
#include "gateway/recent_failures.h"
#include "gateway/shadow.h"
#include "gateway/store_desk.h"
#include "store/recorder.h"

namespace understudy {

struct Services {
  const Clock& clock;
  Recorder* recorder;     // null when recording is off
  bool strict_recording;  // the commit comes before the end of the answer
  Metrics& metrics;
  Deadlines& deadlines;
  Shadows& shadows;
  RecentFailures& failures;
  StoreDesk& desk;                  // where handlers read the store
  std::atomic<int64_t> running{0};  // requests now
};

}  // namespace understudy
