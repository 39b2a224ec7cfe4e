// Shadow answers: what a deployment under test would have said to a call that the reference
// answered, asked for in the background once the client has its answer.
//
// A shadow never delays or fails the call that it follows: at most routing.shadows run at once on
// the whole gateway and further ones are left out, each is given up after kShadowPatience, and all
// end with the gateway. Its answer is verified like any SLM's, compared with the reference's
// (dataset/score.h) and recorded as an answer of kind shadow of that exchange: verdict pass (it is
// as good), differs, low_confidence, or what verification or the model had against it.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/runtime.h"
#include "base/task.h"
#include "chat/exchange.h"
#include "chat/request.h"
#include "gateway/serving.h"
#include "store/recorder.h"

namespace understudy {

struct Call;

inline constexpr std::chrono::seconds kShadowPatience{60};

// Names of what became of shadows; metric labels.
enum class ShadowEnd : uint8_t { kSame, kDiffers, kRejected, kFailed, kLeftOut };
inline constexpr size_t kShadowEnds = 5;
std::string_view Name(ShadowEnd end);

class Shadows {
 public:
  // `recorder` may be null: then nothing is asked for.
  Shadows(Runtime& runtime, const Clock& clock, Recorder* recorder);

  // What a shadow needs of its call, which is over by the time it runs.
  struct Job {
    std::shared_ptr<const Serving> serving;
    ChatRequest chat;
    std::string reference;  // the body of the answer that was served
    Decision decision;
    std::string exchange;  // its id
    int64_t at_ms = 0;     // likewise
    Deployment tried;
  };

  // Of a call that is settled but not recorded yet, with its place taken; null where none is due,
  // or no place is free.
  class Place;
  std::unique_ptr<Place> Prepare(const Call& call);
  // On the call's thread, after its answer has gone out.
  void Begin(std::unique_ptr<Place> place);

  // Cancels those that run; `done` is called, on a serving thread, once none does. No new ones.
  void Stop(std::function<void()> done);

  int64_t running() const { return running_.load(std::memory_order_relaxed); }
  uint64_t count(ShadowEnd end) const { return ends_[static_cast<size_t>(end)].load(); }
  void AppendMetrics(std::string& out) const;

 private:
  Task<void> Run(std::unique_ptr<Place> place);
  Task<AnswerRecord> Ask(const Job& job, Cancellation& cancellation);
  void Leave();
  void Count(ShadowEnd end) { ends_[static_cast<size_t>(end)].fetch_add(1); }

  Runtime& runtime_;
  const Clock& clock_;
  Recorder* const recorder_;
  std::atomic<int64_t> running_{0};
  std::atomic<bool> stopping_{false};
  std::array<std::atomic<uint64_t>, kShadowEnds> ends_{};
  std::vector<std::list<std::shared_ptr<Cancellation>>> per_thread_;  // of those that run there
  std::mutex mutex_;
  std::function<void()> done_;  // of Stop, guarded by mutex_
};

class Shadows::Place {
 public:
  explicit Place(Shadows& owner) : owner_(owner) {}
  ~Place() { owner_.Leave(); }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  Job job;

 private:
  Shadows& owner_;
};

// The deployment to shadow a call with that ended so; null for none. Due are calls of its task that
// the reference answered as the router decided: in shadow and canary all of them, live only those
// sent there to explore. With several, the exchange's id chooses one.
const Deployment* ShadowFor(const Deployments& deployments, const Exchange& exchange,
                            const Decision& decision);

}  // namespace understudy
