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

}  // namespace

std::vector<Turn> MakeDialogue(Rng& rng, const Task& task, const Values& values) {
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
