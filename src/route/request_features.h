// What can be told of a request's shape without understanding it: how long it is, how deep in a
// conversation, what its last question is made of. One half of what the learned router knows before
// anything is generated; the other is the request's embedding (task_model.h).
//
// The same function computes them when the router is fitted and when it decides. It reads the
// native types alone (never the raw body, whose blanks differ from client to client), and of the
// last user message no more than its first kReadBytes, so a decision takes as long for any prompt.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "chat/request.h"

namespace understudy {

inline constexpr size_t kRequestFeatureCount = 15;
inline constexpr size_t kRequestFeatureReadBytes = 4096;

// In the order of RequestFeatureName. Counts and sizes are ln(1 + n), shares from 0 to 1, the rest
// 0 or 1; always finite.
using RequestFeatures = std::array<float, kRequestFeatureCount>;

// Linear in the number of messages; no allocation. About 2 us for a last message of 4 kB.
RequestFeatures FeaturesOf(const ChatRequest& request);

// For people: "length of the last user message".
std::string_view RequestFeatureName(size_t index);

}  // namespace understudy
