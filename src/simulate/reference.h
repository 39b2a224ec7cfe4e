// The simulated reference model: it stands in for a large language model where the simulated
// office agent is its only client. It is no language model: it reads a request by the phrasings
// that made it, and answers by the rules of the desk, always right and always the same.
#pragma once

#include <optional>
#include <string_view>

#include "chat/answer.h"
#include "chat/request.h"
#include "simulate/desk.h"

namespace understudy {

inline constexpr std::string_view kSimulatedReferenceName = "simulated-reference";

// A user's words as they are meant.
struct Wish {
  const Desk* desk = nullptr;  // the adviser's for open-ended words, whichever desk heard them
  const DeskForm* form = nullptr;
  Details details;
};
// Words said at a desk: read with the office's values where that can be done, else with any values
// in their places. nullopt where no phrasing fits. Bounded work.
std::optional<Wish> ReadWish(const Desk& desk, std::string_view words);

// Adds what a tool found: members that are strings, and the first one of arrays of them.
void Learn(const json::object& result, Details& details);

// The reply to a request: of the desk whose system prompt it has, to the last user's words and the
// tool results behind them. What is none of the office's gets a polite text that says so.
DeskReply ReferenceReply(const ChatRequest& request);

// The reply as a whole answer, its body built: with an id, and usage estimated at a token for every
// 4 bytes of the request, and of the answer.
ChatAnswer ReferenceAnswer(const ChatRequest& request, int64_t wall_ms);
// The same of a reply that is known.
ChatAnswer AnswerOf(const DeskReply& reply, std::string_view call_id, std::string_view request,
                    int64_t wall_ms);

}  // namespace understudy
