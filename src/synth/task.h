// A task: what someone wants done, with the slots that matter for it; and the sentences in which
// people ask for it. Tools, intents, forms and dialogues are made of tasks.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "synth/slots.h"

namespace understudy {

struct Task {
  const Domain* domain = nullptr;  // null for an invented task
  const Action* action = nullptr;
  std::string thing;  // "train ticket"
  std::string name;   // "find_train_ticket"
  std::string words;  // the name in words: "find train ticket"
  std::vector<Slot> slots;
};

using Values = std::vector<std::optional<Value>>;  // one a slot; nullopt: not said

const Domain& AnyDomain(Rng& rng);
// A task of the domain with about `slots` slots. At times its thing, name or slots are invented.
Task MakeTask(Rng& rng, const Domain& domain, size_t slots, Naming naming);
Task MakeWildTask(Rng& rng, size_t slots, Naming naming);
// `count` tasks of different names: near ones (same domain, thing or verb) and far ones, the first
// one included. No two mean the same.
std::vector<Task> MakeTasks(Rng& rng, size_t count, size_t max_slots, Naming naming);

// "Book a train ticket", at times with more words around it.
std::string DescribeTask(Rng& rng, const Task& task);
// "book a train ticket", in one of the ways people say it.
std::string SayTask(Rng& rng, const Task& task);

// Values for all required slots and some of the others.
Values DrawValues(Rng& rng, const Task& task);
json::object ArgumentsOf(const Task& task, const Values& values);

// A whole request that mentions the values given. `details` false: the values are not mentioned.
std::string RequestText(Rng& rng, const Task& task, const Values& values, bool details = true);

}  // namespace understudy
