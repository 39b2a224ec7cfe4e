#include "models/retire.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

namespace understudy {
namespace {

struct Retiring {
  std::mutex mutex;
  std::condition_variable gone;
  int running = 0;
};

// Never destroyed: its threads may outlive main's end.
Retiring& TheRetiring() {
  static auto* const retiring = new Retiring;
  return *retiring;
}

constexpr std::chrono::milliseconds kLookEvery{5};

void DestroyOnOwnThread(std::shared_ptr<void> thing, bool wait_for_others) {
  Retiring& retiring = TheRetiring();
  {
    const std::lock_guard lock(retiring.mutex);
    ++retiring.running;
  }
  std::thread([&retiring, thing = std::move(thing), wait_for_others]() mutable {
    while (wait_for_others && thing.use_count() > 1) std::this_thread::sleep_for(kLookEvery);
    thing.reset();
    const std::lock_guard lock(retiring.mutex);
    --retiring.running;
    retiring.gone.notify_all();
  }).detach();
}

}  // namespace

void RetireOnceUnused(std::shared_ptr<void> thing) {
  DestroyOnOwnThread(std::move(thing), true);
}

bool OnServingThread(Runtime& runtime) {
  for (auto* context : runtime.contexts()) {
    if (context->get_executor().running_in_this_thread()) return true;
  }
  return false;
}

std::shared_ptr<Model> RetireElsewhere(std::shared_ptr<Model> model, Runtime& runtime) {
  Model* const plain = model.get();
  return {plain, [model = std::move(model), &runtime](Model*) mutable {
            if (OnServingThread(runtime)) DestroyOnOwnThread(std::move(model), false);
            model.reset();
          }};
}

void WaitForRetired() {
  Retiring& retiring = TheRetiring();
  std::unique_lock lock(retiring.mutex);
  retiring.gone.wait(lock, [&] { return retiring.running == 0; });
}

}  // namespace understudy
