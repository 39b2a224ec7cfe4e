#include "synth/domains.h"

#include <charconv>
#include <unordered_map>

namespace understudy {
namespace {

// "int2-12": low and high behind the name.
void ParseRange(std::string_view range, SlotKind& slot) {
  const size_t dash = range.find('-');
  if (dash == std::string_view::npos) return;
  std::from_chars(range.data(), range.data() + dash, slot.low);
  std::from_chars(range.data() + dash + 1, range.data() + range.size(), slot.high);
}

void ParseKind(std::string_view kind, SlotKind& slot) {
  if (kind.starts_with('*')) {
    slot.list = true;
    kind.remove_prefix(1);
  }
  if (kind.starts_with("enum=")) {
    slot.kind = ValueKind::kEnum;
    slot.options = Split(kind.substr(5), ',');
  } else if (kind.starts_with("int")) {
    slot.kind = ValueKind::kInteger;
    ParseRange(kind.substr(3), slot);
  } else {
    slot.kind = ValueKindOf(kind).value_or(ValueKind::kText);
  }
}

Domain Parse(const DomainRow& row) {
  Domain domain{row.name, {}, WordList(row.things, '|'), {}, WordList(row.words)};
  for (const std::string_view key : Split(row.actions, '|')) {
    domain.actions.push_back(&ActionOf(key));
  }
  for (const std::string_view slot : Split(row.slots, ';')) {
    domain.slots.push_back(ParseSlotKind(slot));
  }
  return domain;
}

// A word of two domains would make a text's topic a guess.
void KeepOwnWords(std::vector<Domain>& domains) {
  std::unordered_map<std::string_view, int> uses;
  for (const Domain& domain : domains) {
    for (const std::string_view word : domain.words.words()) ++uses[word];
  }
  for (Domain& domain : domains) {
    domain.words.RemoveIf([&](std::string_view word) { return uses[word] > 1; });
  }
}

std::vector<Domain> ParseAll() {
  std::vector<Domain> domains;
  for (const DomainRow& row : DomainRowsA()) domains.push_back(Parse(row));
  for (const DomainRow& row : DomainRowsB()) domains.push_back(Parse(row));
  for (const DomainWords& more : MoreDomainWords()) {
    const auto domain = std::ranges::find(domains, more.domain, &Domain::name);
    if (domain == domains.end()) continue;
    domain->things.Add(WordList(more.things, '|'));
    domain->words.Add(WordList(more.words));
  }
  KeepOwnWords(domains);
  return domains;
}

}  // namespace

SlotKind ParseSlotKind(std::string_view text) {
  SlotKind slot;
  const size_t kind_at = std::min(text.find(':'), text.size());
  slot.names = Split(text.substr(0, kind_at), '/');
  if (kind_at == text.size()) return slot;
  const size_t said_at = std::min(text.find(':', kind_at + 1), text.size());
  ParseKind(text.substr(kind_at + 1, said_at - kind_at - 1), slot);
  if (said_at < text.size()) slot.mentions = Split(text.substr(said_at + 1), '/');
  return slot;
}

std::span<const Domain> Domains() {
  static const std::vector<Domain> domains = ParseAll();
  return domains;
}

}  // namespace understudy
