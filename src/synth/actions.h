// What people ask for: the verbs, as tools name them and as requests say them.
#pragma once

#include <span>
#include <string_view>

namespace understudy {

struct Action {
  std::string_view key;      // in the domain tables
  std::string_view names;    // "find|search": verbs in tool names and labels
  std::string_view says;     // phrases that stand before the thing: "look for|find"
  std::string_view past;     // "Your booking is {past}"
  std::string_view article;  // phrases for the determiner: "[a|my]"; "a" is turned into "an"
  std::string_view asks;     // whole requests in other words: {t} the thing, {a} the thing with its
                             // article, {d} the details with the space before them
};

std::span<const Action> Actions();
// The action of that key; the first one for an unknown key.
const Action& ActionOf(std::string_view key);

}  // namespace understudy
