// One request of a replay: sends it and reads its answer, whole or streamed.
#pragma once

#include "base/clock.h"
#include "cli/replay_run.h"

namespace understudy {

// `begun`: the moment that latencies count from. Never throws for what the network does: the
// result says it. The references must live until it ends.
Task<ReplayResult> SendReplayItem(const ReplayItem& item, const ReplayPlan& plan,
                                  HttpClient& client, Cancellation& cancellation, Monotonic begun);

}  // namespace understudy
