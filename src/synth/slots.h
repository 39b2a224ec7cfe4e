// A slot: one detail of a request, as a parameter of a tool, a field to extract, or a line of a
// form.
#pragma once

#include <string>
#include <vector>

#include "synth/domains.h"

namespace understudy {

struct Slot {
  const SlotKind* kind = nullptr;    // of a domain table, or one of no domain; never null once made
  std::string words;                 // "departure city"
  std::string name;                  // "departure_city"
  std::string description;           // may be empty
  std::vector<std::string> options;  // kEnum: as the schema spells them
  std::vector<std::string> said;     // kEnum: as people say them
  bool required = true;
  bool as_text = false;  // numbers travel as strings
  bool normal = false;   // dates as 2025-03-09, times as 19:30, however they are said
};

Slot MakeSlot(Rng& rng, const SlotKind& kind, Naming naming);
// A slot of no domain: invented name, any kind.
Slot MakeWildSlot(Rng& rng, Naming naming);

// `count` slots of different names from the domain (fewer if it has fewer), at least one required.
std::vector<Slot> MakeSlots(Rng& rng, const Domain& domain, size_t count, Naming naming);

// The slot as a JSON schema.
json::object SchemaOf(const Slot& slot);

Value ValueOf(Rng& rng, const Slot& slot);
// A phrase that carries the value: "from Oslo", "departure city: Oslo".
std::string Mention(Rng& rng, const Slot& slot, const Value& value);
// The same as the start of a sentence; a value that stands first keeps its letters.
std::string CapitalMention(Rng& rng, const Slot& slot, const Value& value);
// The value as a bare answer: "Oslo", "yes".
std::string Said(const Slot& slot, const Value& value);
// "Which departure city should I use?"
std::string Question(Rng& rng, const Slot& slot);

}  // namespace understudy
