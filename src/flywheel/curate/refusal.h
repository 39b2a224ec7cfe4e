// Refusals: answers in which a model declines instead of doing what was asked.
#pragma once

#include <string_view>

namespace understudy {

// True for an answer of at most 400 bytes that says so in one of these ways, whatever the case of
// its letters and the form of its apostrophes:
//   I can't, cannot, can not, won't, am unable to, am not able to, am not allowed to
//     + assist, help, comply, fulfil, do that, do this, answer that, discuss, engage, provide that,
//       provide this, share that, create that, generate that, support that
//   I must, have to, need to + decline; I decline to
//   as an AI (language) model, I ... can't, cannot, am unable, do not, don't, am not
//   against my guidelines, programming, policy, policies
// An answer that helps otherwise ("I couldn't find any restaurant", "I can't see a table at 7") is
// none, and no long one is: it may quote a refusal.
bool IsRefusal(std::string_view answer);

}  // namespace understudy
