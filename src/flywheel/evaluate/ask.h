// Asks a model many things, several at once, and hands each answer on as it comes.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>

#include "base/runtime.h"
#include "chat/answer.h"
#include "flywheel/evaluate/eval_examples.h"
#include "models/model.h"

namespace understudy {

struct Asked {
  Result<ChatAnswer> answer;
  double ms = 0, first_ms = 0;  // from asking (its turn in the model's queue included)
};

struct AskPlan {
  std::span<const EvalExample> examples;
  std::span<const size_t> todo;  // of the examples, in this order
  std::string deployment;        // adapter; empty: the plain base
  int64_t at_once = 1;
  // Called on the runtime's thread, one at a time. An error ends the asking.
  std::function<Status(const EvalExample&, Asked)> on_answer;
  // Called on the calling thread, some fifty times a second, with what is done. An error ends the
  // asking and cancels what is under way.
  std::function<Status(int64_t done)> on_step;
};

// Blocks until all are answered or one of the callbacks failed. `runtime` must be started; its
// first thread does it. What cannot be answered (too long, not supported, an error of the model's)
// is an answer too; a model that is not there is asked again for half a minute, then that error
// ends it.
Status AskAll(Model& model, Runtime& runtime, const AskPlan& plan);

}  // namespace understudy
