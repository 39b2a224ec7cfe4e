// A line of exchange JSONL as clustering reads it: the request and what was answered.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "chat/request.h"
#include "flywheel/cluster/answers.h"

namespace understudy {

struct RecordedCall {
  ChatRequest request;
  Answered answered;
};

// None for a line that is no exchange, or whose answer is not fit for training (dataset/example.h):
// curated lines always are.
std::optional<RecordedCall> ReadRecordedCall(std::string_view line);

}  // namespace understudy
