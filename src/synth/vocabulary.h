// Open vocabularies that every domain shares. All are constant; the first use splits the literal.
#pragma once

#include <string>

#include "synth/phrase.h"

namespace understudy {

const WordList& FirstNames();
const WordList& LastNames();
const WordList& Cities();
const WordList& Countries();
const WordList& StreetNames();
const WordList& Colours();
const WordList& Languages();
const WordList& Adjectives();   // plain English adjectives
const WordList& CommonNouns();  // plain English nouns, singular
const WordList& CommonVerbs();  // base form
const WordList& Months();
const WordList& Weekdays();

// An invented, pronounceable word of one to four syllables: "zorvik", "talume".
std::string PseudoWord(Rng& rng);
// A word or pseudo-word, in lower case.
std::string AnyWord(Rng& rng);

}  // namespace understudy
