// The Recorder: from the request path into the store, without waiting on the disk.
//
// Each serving thread hands finished exchanges to its own bounded ring (no lock); one writer
// thread collects them, and commits at least every commit_ms. Batched mode: Record returns at
// once; when the ring is full it waits up to wait_ms, then gives up and the exchange is counted
// as unrecorded. Strict mode: Record returns once the exchange is durable.
//
// Full: `queue` exchanges wait, or 64 MiB of bodies. While the store fails (a full disk, say),
// what is queued is tried again, every second at the latest, for as long as it takes; strict calls
// then return the store's error at once, though what they left is still tried. No call waits for a
// commit for more than five seconds.
//
// What a kill loses in batched mode, and when it is more than 10 ms: docs/format-store.md.
//
// Bodies over max_body_bytes are left out, and Exchange::extra says so: "omitted":
// {"request_bytes": N, "response_bytes": N}.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "base/options.h"
#include "base/task.h"
#include "chat/exchange.h"
#include "store/usage_store.h"

namespace understudy {

struct RecorderCounts {
  uint64_t recorded = 0;    // committed, or known by their id already
  uint64_t unrecorded = 0;  // lost to a full ring or a failing store
  uint64_t queued = 0;      // waiting now
  uint64_t commits = 0;
  uint64_t writer_cpu_us = 0;  // CPU time of the writer thread
};

class Recorder {
 public:
  // Starts the writer thread. `threads`: how many serving threads there are.
  Recorder(std::unique_ptr<UsageStore> store, const RecordOptions& options, size_t threads);
  ~Recorder();  // Stop()

  // On a serving thread only (ring of ThreadIndex()). The error says why it was not recorded; the
  // request is served all the same.
  Task<Status> Record(Exchange exchange);

  // Commits what is queued and ends the writer; a store that fails is tried for two more seconds,
  // and the rest counts as unrecorded. Records afterwards are refused. In strict mode the serving
  // threads' contexts must still exist.
  void Stop();
  RecorderCounts counts() const;  // thread-safe

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace understudy
