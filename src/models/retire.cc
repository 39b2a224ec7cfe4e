#include "models/retire.h"

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

void DestroyOnOwnThread(std::shared_ptr<Model> model) {
  Retiring& retiring = TheRetiring();
  {
    const std::lock_guard lock(retiring.mutex);
    ++retiring.running;
  }
  std::thread([&retiring, model = std::move(model)]() mutable {
    model.reset();
    const std::lock_guard lock(retiring.mutex);
    --retiring.running;
    retiring.gone.notify_all();
  }).detach();
}

}  // namespace

bool OnServingThread(Runtime& runtime) {
  for (auto* context : runtime.contexts()) {
    if (context->get_executor().running_in_this_thread()) return true;
  }
  return false;
}

std::shared_ptr<Model> RetireElsewhere(std::shared_ptr<Model> model, Runtime& runtime) {
  Model* const plain = model.get();
  return {plain, [model = std::move(model), &runtime](Model*) mutable {
            if (OnServingThread(runtime)) DestroyOnOwnThread(std::move(model));
            model.reset();
          }};
}

void WaitForRetired() {
  Retiring& retiring = TheRetiring();
  std::unique_lock lock(retiring.mutex);
  retiring.gone.wait(lock, [&] { return retiring.running == 0; });
}

}  // namespace understudy
