// write: short texts by a template or a rule of the prompt, with every fact copied from it.
#include <fmt/format.h>

#include "synth/draft.h"
#include "synth/families.h"
#include "synth/task.h"
#include "synth/vocabulary.h"

namespace understudy {
namespace {

struct Facts {
  Task task;
  Values values;
};

Facts MakeFacts(Rng& rng, size_t count, Naming naming) {
  Facts facts{MakeTask(rng, AnyDomain(rng), count, naming), {}};
  for (const Slot& slot : facts.task.slots) facts.values.push_back(ValueOf(rng, slot));
  return facts;
}

std::string FactLines(Rng& rng, const Facts& facts) {
  std::vector<std::string> lines;
  for (size_t i = 0; i < facts.values.size(); ++i) {
    lines.push_back(facts.task.slots[i].name + ": " + Said(facts.task.slots[i], *facts.values[i]));
  }
  return Joined(lines, rng.Chance(0.7) ? "\n" : "; ");
}

// "Dear {name}, ..." with the holes filled.
void FillTemplate(Rng& rng, Draft& draft) {
  const Facts facts = MakeFacts(rng, 2 + rng.Below(4), CodeNaming(rng));
  constexpr std::pair<std::string_view, std::string_view> kMarks[] = {
      {"<", ">"}, {"{", "}"}, {"{{", "}}"}, {"[", "]"}, {"%", "%"}, {"$", ""}};
  const auto& [open, close] = rng.Pick(kMarks);
  std::string form = Say(
      rng, "[Dear customer, |Hello, |Note: |Good day. |Summary: |]{t}[ {p}|: {p}| ({p})][. |, ]",
      {{"t", "your " + facts.task.thing}, {"p", facts.task.action->past}});
  std::string filled = form;
  std::vector<size_t> order(facts.values.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  rng.Shuffle(order);
  for (const size_t i : order) {
    const Slot& slot = facts.task.slots[i];
    const std::string before = Say(rng, "[The {w} is |{W}: |with {w} |We noted |and |{w} = |for ]",
                                   {{"w", slot.words}, {"W", Capital(slot.words)}});
    const std::string after = Say(rng, "[. |, |; |.\n]");
    form += fmt::format("{}{}{}{}{}", before, open, slot.name, close, after);
    filled += before + Said(slot, *facts.values[i]) + after;
  }
  const std::string end = Say(rng, "[Goodbye.|Thank you.|See you soon.|Regards, {n}|{n}]",
                              {{"n", FirstNames().Pick(rng)}});
  const std::string rule =
      Say(rng,
          "[Fill in the template.|Complete the text with the values.|Replace the "
          "placeholders.|Write the message from this form.|Put the values in.]");
  const std::string body = rng.Chance(0.5) ? form + end + "\n\n" + FactLines(rng, facts)
                                           : FactLines(rng, facts) + "\n\n" + form + end;
  if (rng.Chance(0.5)) {
    draft.System(rule);
    draft.User(body);
  } else {
    draft.User(rule + "\n" + body);
  }
  draft.Assistant(filled + end);
}

void Confirm(Rng& rng, Draft& draft) {
  const Facts facts = MakeFacts(rng, 1 + rng.Below(4), CodeNaming(rng));
  std::vector<std::string> parts;
  for (size_t i = 0; i < facts.values.size(); ++i)
    parts.push_back(fmt::format("{} {}", facts.task.slots[i].words,
                                Said(facts.task.slots[i], *facts.values[i])));
  const std::string rule =
      Say(rng,
          "[Confirm to the user in one sentence.|Write a one-line confirmation.|Tell the customer "
          "that it is done, with every detail.|Short confirmation, please.|Answer as the "
          "assistant: it worked.]");
  draft.System(rule);
  draft.User(
      fmt::format("{}: {}\n{}", facts.task.thing, facts.task.action->past, FactLines(rng, facts)));
  draft.Assistant(
      fmt::format("Your {} is {}: {}.", facts.task.thing, facts.task.action->past, Listed(parts)));
}

void ListToSentence(Rng& rng, Draft& draft) {
  std::vector<std::string> items;
  for (int64_t i = rng.Between(2, 6); i > 0; --i)
    items.push_back(rng.Chance(0.5)
                        ? AnyWord(rng)
                        : MakeText(rng, rng.Chance(0.5) ? ValueKind::kPerson : ValueKind::kCity));
  const std::string start = Say(rng,
                                "[We need|On the list are|Invited are|Please bring|I packed|They "
                                "visited|The winners are|Still missing:|She likes]");
  const bool last_or = rng.Chance(0.2);
  draft.User(
      Say(rng,
          "[Make one sentence that begins with \"{s}\"|Write the list as a sentence starting "
          "\"{s}\"|One sentence, begin with \"{s}\"|Turn into a sentence (\"{s} ...\")]{o}:\n{l}",
          {{"s", start},
           {"o", last_or ? ", joined by or" : ""},
           {"l", (rng.Chance(0.5) ? "- " + Joined(items, "\n- ") : Joined(items, "\n"))}}));
  draft.Assistant(start + " " + Listed(items, last_or ? " or " : " and ") + ".");
}

void SubjectLine(Rng& rng, Draft& draft) {
  Facts facts = MakeFacts(rng, 2, Naming::kWords);
  const std::string text = RequestText(rng, facts.task, facts.values);
  const std::string from(FirstNames().Pick(rng));
  const auto verb = Split(facts.task.action->names, '|').front();
  const std::string label = Capital(Named(Naming::kWords, verb));
  const std::string rule =
      Say(rng,
          "[Write the subject line for this mail as \"VERB: THING\"|Subject line (action: "
          "object)|Give it a subject of the form ACTION: THING].");
  draft.System(rule + " Use the verb " + std::string(Named(Naming::kWords, verb)) + ".");
  draft.User(text + "\n" + from);
  draft.Assistant(label + ": " + facts.task.thing);
}

// A curt note, said politely by the pattern that the prompt prescribes.
void Polite(Rng& rng, Draft& draft) {
  const Facts facts = MakeFacts(rng, 1 + rng.Below(3), Naming::kWords);
  const auto verb = Split(facts.task.action->says, '|').front();
  std::vector<std::string> parts;
  for (size_t i = 0; i < facts.values.size(); ++i)
    parts.push_back(Mention(rng, facts.task.slots[i], *facts.values[i]));
  const std::string what = fmt::format("{} the {} {}", verb, facts.task.thing, Joined(parts, ", "));
  const std::string name(FirstNames().Pick(rng));
  const std::string opening = Say(rng,
                                  "[Dear {n}, could you please|Hello {n}, would you kindly|Hi {n}, "
                                  "may I ask you to|Dear {n}, I would be grateful if you could]",
                                  {{"n", name}});
  const std::string ending = Say(rng, "[? Thank you.|? Many thanks.|? Kind regards|?]");
  draft.User(Say(rng,
                 "[Say this politely to {n}|Rewrite as a polite line to {n}|Make it a friendly "
                 "mail line for {n}|More polite, please, to {n}][, begin with \"{o}\"| (start: "
                 "{o})] [and end with|ending]: \"{e}\"\n\n{w}",
                 {{"n", name}, {"o", opening}, {"e", ending}, {"w", what}}));
  draft.Assistant(opening + " " + what + ending);
}

void Reminder(Rng& rng, Draft& draft) {
  const std::string person = MakeText(rng, ValueKind::kPerson);
  const std::string date = MakeText(rng, ValueKind::kDate);
  const std::string time = MakeText(rng, ValueKind::kTime);
  const std::string place = MakeText(rng, ValueKind::kPlace);
  const std::string thing(AnyDomain(rng).things.Pick(rng));
  draft.System(Say(rng,
                   "[Write reminders like this:|Format:|Use exactly this form:] Reminder: WHAT "
                   "with WHO, WHEN at TIME, WHERE."));
  draft.User(Say(rng,
                 "[{T} on or around: {d}. Time {h}. {p} comes too. We meet at {l}.|With {p}: {t}. "
                 "{l}, {h}, {d}.|who: {p}\nwhat: {t}\nwhen: {d}, {h}\nwhere: {l}]",
                 {{"t", thing},
                  {"T", Capital(thing)},
                  {"d", date},
                  {"h", time},
                  {"p", person},
                  {"l", place}}));
  draft.Assistant(
      fmt::format("Reminder: {} with {}, {} at {}, {}.", thing, person, date, time, place));
}

}  // namespace

void MakeWrite(Rng& rng, SyntheticExample& example) {
  Draft draft(example);
  switch (rng.Below(8)) {
    case 0:
    case 1: return FillTemplate(rng, draft);
    case 2:
    case 3: return Confirm(rng, draft);
    case 4: return ListToSentence(rng, draft);
    case 5: return SubjectLine(rng, draft);
    case 6: return Reminder(rng, draft);
    default: return Polite(rng, draft);
  }
}

}  // namespace understudy
