// Models that take long to destroy (a local one waits for its server's end) must not be destroyed
// on a serving thread; but there the last request of a replaced set may let them go.
#pragma once

#include <memory>

#include "base/runtime.h"
#include "models/model.h"

namespace understudy {

bool OnServingThread(Runtime& runtime);  // the caller's is one of the runtime's threads

// The same model behind a pointer whose end, on one of `runtime`'s threads, moves the destruction
// to a thread of its own. Elsewhere the model is destroyed at once.
std::shared_ptr<Model> RetireElsewhere(std::shared_ptr<Model> model, Runtime& runtime);

// Lets go of what others still hold, once they no longer do: on a thread of its own, so that a slow
// end never falls to the last of them.
void RetireOnceUnused(std::shared_ptr<void> thing);

// Waits until all that went to threads of their own is gone: before the runtime goes.
void WaitForRetired();

}  // namespace understudy
