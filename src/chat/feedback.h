// Feedback: what somebody who saw an answer says of it. It becomes a member of the exchange, so
// that whoever learns from exchanges finds it there: "feedback":[{...},...], oldest first
// (docs/format-exchange.md).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace understudy {

inline constexpr size_t kMaxFeedbackBytes = size_t{1} << 20;     // of one
inline constexpr size_t kMaxExchangeFeedback = size_t{4} << 20;  // of all on one exchange
inline constexpr size_t kMaxFeedbackLabelBytes = 256;

struct Feedback {
  std::string exchange;          // its id
  std::optional<double> rating;  // from -1 (wrong) to 1 (right)
  std::string corrected;         // JSON of the answer it should have been: a text, or a message
                                 // {"role":"assistant",...}; empty for none
  std::string label;
};

// {"id":ID,"rating":R,"corrected":TEXT or MESSAGE,"label":TEXT}: `id` and one of the others at
// least. kInvalidInput with `param` for anything else, unknown members too.
Result<Feedback> ParseFeedback(std::string body);

// The member as Exchange::extra has it, with one entry: {"feedback":[{"at":..,"by":..,...}]}. `by`:
// the role of whoever gave it.
std::string FeedbackExtra(const Feedback& feedback, std::string_view by, int64_t at_ms);

// `extra` of an exchange with the feedback of `more` (as FeedbackExtra gives it) behind its own;
// all other members byte for byte. A "feedback" that is no list becomes its first entry.
Result<std::string> AddFeedback(const std::string& extra, const std::string& more);

}  // namespace understudy
