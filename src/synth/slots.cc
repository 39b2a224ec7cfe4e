#include "synth/slots.h"

#include <fmt/format.h>

#include "synth/vocabulary.h"

namespace understudy {
namespace {

const SlotKind& WildKind(Rng& rng) {
  static const std::vector<SlotKind> kinds = [] {
    std::vector<SlotKind> made;
    for (const std::string_view text :
         {":text",     ":word",   ":person", ":city",     ":place", ":date",   ":time",
          ":duration", ":code",   ":email",  ":phone",    ":file",  ":colour", ":int2-999",
          ":int1-20",  ":number", ":amount", ":sentence", ":bool",  ":enum=",  ":*word",
          ":*person",  ":*city",  ":*code",  ":url"}) {
      made.push_back(ParseSlotKind(text));
    }
    return made;
  }();
  return rng.Pick(kinds);
}

void Describe(Rng& rng, Slot& slot) {
  if (rng.Chance(0.5)) return;
  slot.description =
      Say(rng,
          "[The {w}|{W}|{W} of the request|{W} ({n})|Which {w} to use|{W} as given|The {n} for "
          "{w}|{W}, as said]",
          {{"w", slot.words}, {"W", Capital(slot.words)}, {"n", Noun(slot.kind->kind)}});
}

void MakeOptions(Rng& rng, Slot& slot) {
  if (slot.kind->kind != ValueKind::kEnum) return;
  slot.said.assign(slot.kind->options.begin(), slot.kind->options.end());
  std::erase(slot.said, "");
  if (slot.said.empty()) {
    for (int64_t i = rng.Between(2, 5); i > 0; --i) slot.said.push_back(AnyWord(rng));
    std::ranges::sort(slot.said);
    slot.said.erase(std::unique(slot.said.begin(), slot.said.end()), slot.said.end());
  }
  slot.options = slot.said;
  if (!rng.Chance(0.15)) return;
  const bool screaming = rng.Chance(0.5);
  for (std::string& option : slot.options) option = screaming ? Upper(option) : Capital(option);
}

void Finish(Rng& rng, Slot& slot, Naming naming) {
  slot.name = Named(naming, slot.words);
  slot.as_text = slot.kind->kind == ValueKind::kInteger && rng.Chance(0.2);
  Describe(rng, slot);
  const bool date = slot.kind->kind == ValueKind::kDate;
  if ((date || slot.kind->kind == ValueKind::kTime) && !slot.kind->list && rng.Chance(0.15)) {
    slot.normal = true;
    slot.description =
        Capital(slot.words) + Say(rng, date ? " [(YYYY-MM-DD)|as YYYY-MM-DD]"
                                            : " [(HH:MM, 24 hours)|as HH:MM in 24 hours]");
  }
  MakeOptions(rng, slot);
}

std::string_view TypeName(const Slot& slot) {
  switch (slot.kind->kind) {
    case ValueKind::kInteger: return slot.as_text ? "string" : "integer";
    case ValueKind::kNumber:
    case ValueKind::kAmount: return "number";
    case ValueKind::kBoolean: return "boolean";
    default: return "string";
  }
}

Value OneValue(Rng& rng, const Slot& slot) {
  const SlotKind& kind = *slot.kind;
  if (kind.kind == ValueKind::kBoolean) {
    const bool on = rng.Chance(0.5);
    return {on, on ? "yes" : "no"};
  }
  if (kind.kind == ValueKind::kEnum) {
    const size_t i = rng.Below(slot.options.size());
    return {json::value(slot.options[i]), slot.said[i]};
  }
  if (slot.normal) return MakeNormalValue(rng, kind.kind);
  Value value = MakeValue(rng, kind.kind, kind.low, kind.high);
  if (slot.as_text) value.data = value.said;
  return value;
}

std::string Replaced(std::string_view mention, std::string_view value) {
  std::string out(mention);
  if (const size_t at = out.find("{}"); at != std::string::npos) out.replace(at, 2, value);
  return out;
}

}  // namespace

Slot MakeSlot(Rng& rng, const SlotKind& kind, Naming naming) {
  Slot slot{.kind = &kind, .words = std::string(rng.Pick(kind.names))};
  Finish(rng, slot, naming);
  return slot;
}

Slot MakeWildSlot(Rng& rng, Naming naming) {
  const SlotKind& kind = WildKind(rng);
  const std::string first = rng.Chance(0.6) ? std::string(Adjectives().Pick(rng)) : AnyWord(rng);
  const std::string second = rng.Chance(0.4)   ? std::string(CommonNouns().Pick(rng))
                             : rng.Chance(0.4) ? PseudoWord(rng)
                                               : std::string(Noun(kind.kind));
  Slot slot{.kind = &kind, .words = rng.Chance(0.2) ? second : first + " " + second};
  Finish(rng, slot, naming);
  return slot;
}

std::vector<Slot> MakeSlots(Rng& rng, const Domain& domain, size_t count, Naming naming) {
  std::vector<size_t> order(domain.slots.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  rng.Shuffle(order);
  std::vector<Slot> slots;
  for (const size_t index : order) {
    if (slots.size() >= count) break;
    Slot slot = MakeSlot(rng, domain.slots[index], naming);
    if (rng.Chance(0.08)) slot = MakeWildSlot(rng, naming);
    const auto same = [&](const Slot& other) { return other.name == slot.name; };
    if (std::ranges::none_of(slots, same)) slots.push_back(std::move(slot));
  }
  for (size_t i = 1; i < slots.size(); ++i) slots[i].required = rng.Chance(0.5);
  return slots;
}

json::object SchemaOf(const Slot& slot) {
  json::object schema;
  if (slot.kind->list) {
    schema["type"] = "array";
    schema["items"] = {{"type", "string"}};
  } else {
    schema["type"] = TypeName(slot);
  }
  if (!slot.options.empty()) schema["enum"] = json::array(slot.options.begin(), slot.options.end());
  if (!slot.description.empty()) schema["description"] = slot.description;
  return schema;
}

Value ValueOf(Rng& rng, const Slot& slot) {
  if (!slot.kind->list) return OneValue(rng, slot);
  std::vector<std::string> said;
  for (int64_t i = rng.Between(2, 4); i > 0; --i) said.push_back(OneValue(rng, slot).said);
  return {json::array(said.begin(), said.end()), Listed(said)};
}

std::string Mention(Rng& rng, const Slot& slot, const Value& value) {
  const auto& mentions = slot.kind->mentions;
  if (!mentions.empty() && rng.Chance(0.75)) {
    if (slot.kind->kind != ValueKind::kBoolean) return Replaced(rng.Pick(mentions), value.said);
    return std::string(mentions[value.data.as_bool() || mentions.size() < 2 ? 0 : 1]);
  }
  return Say(rng,
             "[{w} {v}|with {w} {v}|{w}: {v}|the {w} is {v}|with {v} as the {w}|{v} as {w}|{w} = "
             "{v}|the {w} should be {v}|set the {w} to {v}]",
             {{"w", slot.words}, {"v", value.said}});
}

std::string CapitalMention(Rng& rng, const Slot& slot, const Value& value) {
  const std::string mention = Mention(rng, slot, value);
  return mention.starts_with(value.said) ? mention : Capital(mention);
}

std::string Said(const Slot& slot, const Value& value) {
  return slot.kind->kind == ValueKind::kBoolean ? (value.data.as_bool() ? "yes" : "no")
                                                : value.said;
}

std::string Question(Rng& rng, const Slot& slot) {
  if (slot.kind->kind == ValueKind::kBoolean) {
    return Say(rng, "[And {w}: yes or no?|Do you want \"{w}\"?|Should I set {w}?]",
               {{"w", slot.words}});
  }
  return Say(rng,
             "[Which {w} should I use?|What is the {w}?|Could you tell me the {w}?|I still need "
             "the {w}.|And the {w}?]",
             {{"w", slot.words}});
}

}  // namespace understudy
