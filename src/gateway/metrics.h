// Metrics in Prometheus' text format (exposition format 0.0.4).
//
// Counting takes no lock: fixed arrays of relaxed atomics. Models are numbered when they are
// first seen, at set-up, never on a request's path.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "chat/exchange.h"
#include "store/recorder.h"

namespace understudy {

// The steps of a request's life, in order. Names: Name(Step).
enum class Step : uint8_t {
  kAuthenticate,
  kParse,
  kRoute,
  kGenerate,
  kVerify,
  kEscalate,
  kRespond,
  kRecord,
};
inline constexpr size_t kSteps = 8;
std::string_view Name(Step step);

// Buckets double from 1 us to about 134 s.
class LatencyHistogram {
 public:
  void Observe(int64_t micros);
  void Append(std::string& out, std::string_view name, std::string_view labels) const;

 private:
  static constexpr size_t kBuckets = 28;
  std::array<std::atomic<uint64_t>, kBuckets + 1> counts_{};
  std::atomic<uint64_t> sum_us_{0};
};

class Metrics {
 public:
  // Makes room for a model's counters; the same name gives the same place. At most 256.
  void AddModel(std::string_view name);

  void CountOutcome(Outcome outcome, int64_t total_us);
  void CountAnswer(const AnswerRecord& answer);
  void CountStep(Step step, int64_t nanos);
  void CountEscalation() { escalations_.fetch_add(1, std::memory_order_relaxed); }
  void CountFallback() { fallbacks_.fetch_add(1, std::memory_order_relaxed); }
  void CountRepeat() { repeats_.fetch_add(1, std::memory_order_relaxed); }

  std::string Render(const RecorderCounts& recorder, int64_t running) const;

 private:
  struct ModelCounters {
    std::string name;
    std::atomic<uint64_t> answers{0}, errors{0}, rejected{0}, retries{0};
    std::atomic<uint64_t> prompt_tokens{0}, completion_tokens{0}, cost_nano_usd{0};
    LatencyHistogram total, first_token;
  };
  ModelCounters* Find(std::string_view name) const;
  void RenderModels(std::string& out) const;

  static constexpr size_t kMaxModels = 256;
  std::mutex adding_;
  std::atomic<size_t> model_count_{0};
  std::array<std::unique_ptr<ModelCounters>, kMaxModels> models_;
  std::array<std::atomic<uint64_t>, kOutcomeCount> outcomes_{};
  std::array<std::atomic<uint64_t>, kSteps> step_nanos_{}, step_count_{};
  std::atomic<uint64_t> escalations_{0}, fallbacks_{0}, repeats_{0};
  LatencyHistogram request_;
};

}  // namespace understudy
