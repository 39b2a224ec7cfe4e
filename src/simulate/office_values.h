// What people in the simulated office talk about: names, days, files, amounts. Every value is made
// by a rule of the grammar, most of them open: names of people, firms and towns are put together
// from syllables. All is made up.
#pragma once

#include <string>
#include <string_view>

#include "simulate/grammar.h"

namespace understudy {

// A value of the half by the rule `name` ("who", "day", ...; see office_values.cc); digits behind
// the name ("item2") tell several of a kind apart. Rules for a few fixed words, as the kinds of
// files, serve both halves. Empty for an unknown name.
std::string DrawValue(Rng& rng, std::string_view name, Half half);

// Whether the rule `name` can make `text`: a Recognizer.
bool IsValue(std::string_view name, std::string_view text);

bool IsValueName(std::string_view name);
// Whether the values of the halves are apart.
bool IsOpen(std::string_view name);
// Every name, for tests.
std::vector<std::string_view> ValueNames();

// All details that a reading names, drawn.
Details DrawDetails(Rng& rng, std::string_view reading, Half half);

}  // namespace understudy
