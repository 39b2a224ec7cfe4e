// The life of a chat request, from its bytes to its record.
#pragma once

#include "base/task.h"
#include "gateway/call.h"

namespace understudy {

// Runs every step, ends the request in one outcome, records it, and sends the end of its answer.
// `refused` is set when the gateway is too full to begin.
Task<void> LiveThrough(Call& call, const std::optional<Error>& refused);

// The one outcome of the request, and the figures that go with it.
void Settle(Call& call, const Status& status);

// The outcome that an error stands for, once the request has come to nothing.
Outcome OutcomeOf(const Error& error, const Call& call);

}  // namespace understudy
