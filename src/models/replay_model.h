// ReplayModel (kind "replay"): answers from a file of recorded exchanges (models/replay_index.h),
// at a chosen pace. For demos, tests and benches; its answers cost nothing and leave the machine
// never.
//
// Whole answers are the recorded bytes, unchanged. Streams are the chunks that such an answer would
// have had. Where the recording has no usage, usage is an estimate, a token for every 4 bytes of
// request and of answer: `usage.known` stays false then, and a stream carries it only for a client
// that asked for usage.
//
// Pace: `first_token_ms` pass before the first byte. With `tokens_per_s`, tokens then come at that
// rate: recorded completion tokens where known, else the estimate, spread evenly over the chunks; a
// whole answer comes when its last token would. Waits end at once on cancellation.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "base/options.h"
#include "models/limit.h"
#include "models/model.h"
#include "models/replay_index.h"

namespace understudy {

class ReplayModel final : public Model {
 public:
  // Reads the file: about a second for 60 MB. Errors name the option in `where`.
  // `workspace`: where a relative path starts.
  static Result<std::shared_ptr<Model>> Make(const ModelOptions& options,
                                             const std::string& workspace);

  const ModelInfo& info() const override { return info_; }
  ModelHealth health() const override { return {}; }
  ModelCounts counts() const override;

  // kNotFound (code "replay_miss") where on_miss is "error" and nothing recorded fits.
  Task<Result<ChatAnswer>> Complete(ModelRequest& request) override;
  Task<Result<std::unique_ptr<AnswerStream>>> Stream(ModelRequest& request) override;

  // How many requests each kind of hit has answered.
  uint64_t hits(ReplayHit hit) const { return hits_[static_cast<size_t>(hit)].load(); }

 private:
  ReplayModel(const ModelOptions& options, std::unique_ptr<const ReplayIndex> index);
  Result<ChatAnswer> Find(const ChatRequest& request);
  std::chrono::nanoseconds TimeOf(const Usage& usage) const;

  const ModelInfo info_;
  const std::unique_ptr<const ReplayIndex> index_;
  const bool or_nearest_;
  const std::chrono::milliseconds first_token_;
  const double tokens_per_s_;
  ConcurrencyLimit limit_;
  ModelCounters counters_;
  std::array<std::atomic<uint64_t>, 3> hits_{};
};

}  // namespace understudy
