// Signals of an SLM's answer: what can be read off it, once it is there, about whether it is right.
// The router's second look (route/acceptance.h) and the scorecards are made of them.
#pragma once

#include "base/json.h"
#include "chat/answer.h"
#include "chat/request.h"

namespace understudy {

struct Signals {
  // Natural logarithms of the probabilities of the tokens that were chosen: of the least likely
  // one, and their mean. Not a number (NaN) where the answer came without probabilities.
  float min_logprob, mean_logprob;
  // At the token where it was closest: how far the likeliest candidate was above the second, in
  // log-probability. NaN where no second candidates were told.
  float low_margin;
  // Of the strings and numbers in tool arguments, or in an answer that is a JSON object or array,
  // the share that occur in the request as they are: in a message, an earlier call, or an offered
  // tool's schema; between word boundaries ("2" does not occur in "2024"), whatever the case of
  // letters and the number of blanks. "two" is not 2, and "March 8th" is not "2019-03-08". Empty
  // strings, true, false and null do not count. 1 where there is nothing to look for.
  float grounded;
  int answer_tokens;  // as the model counted; else of those with probabilities; else 0
};

// Over all choices of the answer. Pure and thread-safe; microseconds. Looks for at most 256 values,
// in the latest 256 KiB of the request.
Signals SignalsOf(const ChatRequest& request, const ChatAnswer& answer);

// {"min_logprob","mean_logprob","low_margin","grounded","answer_tokens"}; null for NaN, and back. A
// member that is absent or no number is NaN (answer_tokens: 0).
json::object ToJson(const Signals& signals);
Signals SignalsFromJson(const json::value& value);

}  // namespace understudy
