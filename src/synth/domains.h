// The domains that requests come from: what exists there, what is done with it, and which details
// matter. Tables of one literal a domain, parsed once.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "synth/actions.h"
#include "synth/phrase.h"
#include "synth/values.h"

namespace understudy {

// One row of a domain table. Slots are separated by ';' and written NAMES:KIND:MENTIONS, each a
// list with '/':
//   departure city/origin:city:from {}/leaving from {}     {} stands for the value
//   party size:int2-12:for {} people
//   seat class:enum=economy,business:in {}
//   breakfast:bool:with breakfast/without breakfast        said when true, said when false
//   stops:*city:with stops in {}                           a list of values
struct DomainRow {
  std::string_view name;
  std::string_view actions;  // keys of actions, with '|'
  std::string_view things;   // with '|'
  std::string_view slots;
  std::string_view words;  // words typical of the domain, for topics and notes
};

// What a domain has besides its row.
struct DomainWords {
  std::string_view domain;
  std::string_view things;  // with '|'
  std::string_view words;
};

struct SlotKind {
  std::vector<std::string_view> names;
  ValueKind kind = ValueKind::kText;
  bool list = false;
  int low = 2;
  int high = 40;
  std::vector<std::string_view> options;   // kEnum
  std::vector<std::string_view> mentions;  // kBoolean: true, false
};

struct Domain {
  std::string_view name;
  std::vector<const Action*> actions;
  WordList things;
  std::vector<SlotKind> slots;
  WordList words;  // of this domain and no other
};

std::span<const Domain> Domains();

// The rows as written; the tests check each against the format above.
std::span<const DomainRow> DomainRowsA();
std::span<const DomainRow> DomainRowsB();
std::span<const DomainWords> MoreDomainWords();
SlotKind ParseSlotKind(std::string_view text);

}  // namespace understudy
