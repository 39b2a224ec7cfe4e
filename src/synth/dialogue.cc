#include "synth/dialogue.h"

#include <fmt/format.h>

namespace understudy {
namespace {

constexpr std::pair<std::string_view, std::string_view> kSpeakers[] = {
    {"User", "Assistant"},
    {"Customer", "Agent"},
    {"Caller", "Desk"},
    {"A", "B"},
    {"Human", "Bot"},
    {"client", "helper"},
    {"U", "S"},
    {"Guest", "Staff"},
    {"Q", "R"},
    {"Visitor", "Host"},
    {"user", "system"},
    {"Member", "Service"},
    {"me", "you"},
    {"Person", "AI"},
};

std::string SmallTalk(Rng& rng) {
  return Say(rng,
             "[Of course.|Sure.|Happy to help.|All right.|Noted.|OK, noted.|Understood.|One "
             "moment.|Got that down.|Fine.|Certainly.]");
}

std::string Refusal(Rng& rng) {
  return Say(rng,
             "[I don't know yet.|No idea, leave that open.|That doesn't matter.|I will tell you "
             "later.|Not sure.|Skip that one.]");
}

// Which of the values is first said wrongly and corrected in the end, if any.
std::optional<size_t> Mistaken(Rng& rng, const Task& task, const Values& values) {
  if (values.empty() || !rng.Chance(0.3)) return std::nullopt;
  const size_t i = rng.Below(values.size());
  if (!values[i] || task.slots[i].kind->kind == ValueKind::kBoolean) return std::nullopt;
  return i;
}

}  // namespace

std::string Correction(Rng& rng, const Slot& slot, const Value& value) {
  return Say(
      rng,
      "[Actually, |Sorry, |Wait, |Oh, |No, |Hold on, |On second thought, ||]"
      "[make the {w} {v}|the {w} should be {v}|{w} is {v}, not what I said|I meant {v} as the "
      "{w}|change the {w} to {v}|let's take {v} as {w} instead][.|, please.||]",
      {{"w", slot.words}, {"v", value.said}});
}

std::vector<Turn> MakeDialogue(Rng& rng, const Task& task, const Values& true_values) {
  const std::optional<size_t> mistaken = Mistaken(rng, task, true_values);
  Values values = true_values;
  if (mistaken) values[*mistaken] = ValueOf(rng, task.slots[*mistaken]);
  Values first(values.size());
  std::vector<size_t> later;
  for (size_t i = 0; i < values.size(); ++i) {
    if (rng.Chance(0.4))
      first[i] = values[i];
    else
      later.push_back(i);
  }
  rng.Shuffle(later);
  std::vector<Turn> turns{{true, RequestText(rng, task, first)}};
  for (const size_t i : later) {
    if (!values[i] && rng.Chance(0.6)) continue;
    const Slot& slot = task.slots[i];
    const bool asked = !values[i] || rng.Chance(0.7);
    turns.push_back({false, asked ? Question(rng, slot) : SmallTalk(rng) + " Anything else?"});
    if (!values[i])
      turns.push_back({true, Refusal(rng)});
    else if (asked && rng.Chance(0.5))
      turns.push_back({true, Said(slot, *values[i])});
    else
      turns.push_back({true, CapitalMention(rng, slot, *values[i]) + "."});
  }
  if (mistaken) {
    turns.push_back({false, SmallTalk(rng) + " Is that right?"});
    turns.push_back({true, Correction(rng, task.slots[*mistaken], *true_values[*mistaken])});
  }
  return turns;
}

std::string Transcript(Rng& rng, const std::vector<Turn>& turns) {
  const auto& [user, other] = rng.Pick(kSpeakers);
  std::string out;
  for (const Turn& turn : turns) {
    if (!out.empty()) out += '\n';
    out += fmt::format("{}: {}", turn.user ? user : other, turn.text);
  }
  return out;
}

}  // namespace understudy
