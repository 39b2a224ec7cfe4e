// What became of a data file on its way to training sequences: how many rows were used, and why
// the others were not.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.h"

namespace understudy {

// Why a row gives no target of its own. Names are shown to people and stand in manifests.
enum class SkipReason : uint8_t {
  kMalformed,        // the line is no exchange
  kNoAnswer,         // no response, or an error in its place
  kFailedAnswer,     // the call failed, or its answer failed verification
  kTruncatedAnswer,  // stopped by its length limit or a content filter
  kEmptyAnswer,      // neither content nor a tool call; also a bare refusal
  kWrongRoles,       // unknown roles, wrong order, a tool's result without its call
  kNonText,          // images, audio, files
  kWrongTools,       // the request's tools are no list of named functions
  kBrokenArguments,  // a tool call whose arguments are no JSON object
  kUnknownTool,      // the answer calls a tool that was not offered
  kDuplicate,        // the same request with the same answer came before
  kContradiction,    // the same request was answered differently, and more often so
  kHeldOut,          // its request is in the validation data
  kUnrenderable,     // the model's chat template refuses it
  kTooLong,          // more tokens than the limit
  kRefused,          // the answer declines (flywheel/curate/refusal.h)
};
inline constexpr size_t kSkipReasonCount = 16;
std::string_view Name(SkipReason reason);      // "broken_arguments"
std::string_view Describe(SkipReason reason);  // "tool call whose arguments are no JSON object"

struct SkipCount {
  int64_t rows = 0;
  int64_t first_line = 0;  // in its file, from 1; 0 while rows is 0
  std::string first_detail;
};

struct DataReport {
  std::string file;
  int64_t rows = 0;  // lines that are not blank
  int64_t used = 0;  // targets that are trained on
  int64_t contradictory_requests =
      0;  // requests with more than one answer; the most frequent stays
  std::array<SkipCount, kSkipReasonCount> skipped;

  // Of the sequences made from what is left.
  int64_t sequences = 0;
  int64_t folded = 0;           // targets that share the sequence of a longer conversation
  int64_t not_nesting = 0;      // could be folded by their messages, but not by their tokens
  int64_t tokens_unfolded = 0;  // one sequence a target
  int64_t tokens = 0;           // as they are now
  int64_t target_tokens = 0;    // of them under the loss
  int64_t with_logprobs = 0;    // used targets that carry the teacher's alternatives
  int64_t aligned = 0;          // of them usable token for token

  void Skip(SkipReason reason, int64_t line, std::string_view detail = {});
  int64_t skipped_rows() const;
  const SkipCount& operator[](SkipReason reason) const {
    return skipped[static_cast<size_t>(reason)];
  }
};

// Several lines, ending with a newline; reasons that did not occur are left out.
std::string ToText(const DataReport& report);
json::object ToJson(const DataReport& report);

}  // namespace understudy
