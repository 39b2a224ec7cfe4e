// A conversation about a task as people have it: the values come in several turns.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "synth/task.h"

namespace understudy {

struct Turn {
  bool user = true;
  std::string text;
};

// Begins with the user and ends with the user. All of `values` are mentioned, in several turns; of
// other details nothing is said, though they may be asked for. At times a value is first said
// wrongly and corrected in the last turn.
std::vector<Turn> MakeDialogue(Rng& rng, const Task& task, const Values& values);

// "Actually, make the departure city Oslo."
std::string Correction(Rng& rng, const Slot& slot, const Value& value);

// The turns as lines "Speaker: text"; the speakers' names vary.
std::string Transcript(Rng& rng, const std::vector<Turn>& turns);

}  // namespace understudy
