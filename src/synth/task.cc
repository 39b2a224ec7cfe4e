#include "synth/task.h"

#include <fmt/format.h>

#include "synth/vocabulary.h"

namespace understudy {
namespace {

void NameTask(Rng& rng, Task& task, Naming naming) {
  const auto verbs = Split(task.action->names, '|');
  const std::string verb = Named(Naming::kWords, verbs[rng.Below(verbs.size())]);
  task.words = rng.Chance(0.15) ? task.thing + " " + verb : verb + " " + task.thing;
  task.name = Named(naming, task.words);
}

// A name that says nothing; the description binds it.
void HideName(Rng& rng, Task& task, Naming naming) {
  task.words =
      PseudoWord(rng) + " " + (rng.Chance(0.5) ? PseudoWord(rng) : std::to_string(rng.Below(100)));
  task.name = Named(naming, task.words);
}

// `text` without its first article when the phrase for it is the numeral "one".
std::string Determined(Rng& rng, const Task& task) {
  std::string article = Say(rng, task.action->article);
  if (article == "one") article = "a";
  if (article == "a") return WithArticle(task.thing);
  return article + " " + task.thing;
}

std::string DetailsInLine(Rng& rng, std::vector<std::string>& mentions) {
  rng.Shuffle(mentions);
  return Joined(mentions, rng.Chance(0.5) ? " " : ", ");
}

std::string Opener(Rng& rng) {
  return Say(rng,
             "[Hi|Hello|Hey|Good morning|Good evening|Hi there|Dear team|OK|Right|So|Quick one|One "
             "more thing|"
             "Morning|Hello again|Excuse me|Listen|Next|Now|Thanks for the help earlier|When you "
             "have a minute]"
             "[, |, |. |! | - ]");
}

std::string Excuse(Rng& rng) {
  return Say(rng,
             "[My [boss|brother|aunt|colleague|neighbour|daughter|manager|partner] asked me about "
             "this[ again|]. |"
             "I am in a [hurry|meeting|taxi|bit of a rush][ right now|]. |This is [urgent|not "
             "urgent|for later|for work]. |"
             "I [forgot|tried|meant] to do [it|this] [yesterday|last week|this morning]. |We spoke "
             "[earlier|on Monday]. |"
             "Sorry to [bother|trouble] you[ again|]. |I [hope|guess] you can help. ]");
}

std::string Closer(Rng& rng) {
  return Say(rng,
             "[ Thanks[!|.|]| Thank you[!|.|]| Cheers[.|!]| Please be quick.| That is all.| Let me "
             "know how it goes.|"
             " Much appreciated.| Is that possible?| No rush.| Many thanks in advance.| Tell me "
             "when it is done.]");
}

// Frames that take "{do}" (imperative) and "{d}" (details, with their leading space or comma).
constexpr std::string_view kFrames[] = {
    "[Please|Kindly] {do}{d}.",
    "{Do}{d}.",
    "{Do}{d}[ please|, please|, will you|, if you can|, thanks]",
    "[Can|Could|Would|Will] you [please |kindly |quickly |]{do}{d}[, please|]?",
    "[I'd like|I would like|I want|I need|We need|We want|I have|I wish] to {do}{d}.",
    "[I'd like|I would like|I want|I need] you to {do}{d}.",
    "[Any chance|Is it possible|Is there a way] to {do}{d}?",
    "[I'm|I am|We are] [trying|hoping|planning|going|about] to {do}{d}.",
    "[Let's|Let us|We should|I should|Time to] {do}{d}.",
    "{do}{d}",
    "[Help me|How do I|How can I] {do}{d}?",
    "[Would you mind helping me to|Be so kind as to|Go ahead and|Do me a favour and] {do}{d}.",
    "What I need[ is simple|]: {do}{d}.",
};

std::string Lines(Rng& rng, const Task& task, const Values& values) {
  const std::string_view mark = rng.Chance(0.7) ? ": " : rng.Chance(0.5) ? " = " : " - ";
  const std::string_view start = rng.Chance(0.4) ? "\n- " : "\n";
  std::string out;
  for (size_t i = 0; i < values.size(); ++i) {
    if (!values[i]) continue;
    const Slot& slot = task.slots[i];
    out += fmt::format("{}{}{}{}", start, slot.words, mark, Said(slot, *values[i]));
  }
  return out;
}

std::string Framed(Rng& rng, const Task& task, std::string_view details) {
  if (rng.Chance(0.25)) {
    const std::string with_article = WithArticle(task.thing);
    return Say(rng, task.action->asks,
               {{"t", task.thing},
                {"T", Capital(task.thing)},
                {"a", with_article},
                {"A", Capital(with_article)},
                {"d", details}});
  }
  const std::string what = SayTask(rng, task);
  return Say(rng, rng.Pick(kFrames), {{"do", what}, {"Do", Capital(what)}, {"d", details}});
}

std::string SecondSentence(Rng& rng, std::vector<std::string>& mentions) {
  rng.Shuffle(mentions);
  return Say(rng,
             " [It should be|Make it|I need it|That would be|Details|The details|What matters|In "
             "short|Namely][: |, | ]{m}.",
             {{"m", Listed(mentions, rng.Chance(0.5) ? " and " : ", ")}});
}

}  // namespace

const Domain& AnyDomain(Rng& rng) {
  return rng.Pick(Domains());
}

Task MakeWildTask(Rng& rng, size_t slots, Naming naming) {
  Task task{.action = &rng.Pick(Actions())};
  const std::string noun = rng.Chance(0.5) ? PseudoWord(rng) : std::string(CommonNouns().Pick(rng));
  const std::string before =
      rng.Chance(0.5) ? PseudoWord(rng) : std::string(Adjectives().Pick(rng));
  task.thing = rng.Chance(0.25) ? noun : before + " " + noun;
  NameTask(rng, task, naming);
  while (task.slots.size() < slots) {
    Slot slot = MakeWildSlot(rng, naming);
    const auto same = [&](const Slot& other) { return other.name == slot.name; };
    if (std::ranges::none_of(task.slots, same)) task.slots.push_back(std::move(slot));
  }
  for (size_t i = 1; i < task.slots.size(); ++i) task.slots[i].required = rng.Chance(0.5);
  return task;
}

Task MakeTask(Rng& rng, const Domain& domain, size_t slots, Naming naming) {
  if (rng.Chance(0.12)) return MakeWildTask(rng, slots, naming);
  Task task{.domain = &domain, .action = rng.Pick(domain.actions)};
  task.thing = domain.things.Pick(rng);
  if (rng.Chance(0.1))
    task.thing = Say(rng, "{a} {t}", {{"a", Adjectives().Pick(rng)}, {"t", task.thing}});
  task.slots = MakeSlots(rng, domain, slots, naming);
  NameTask(rng, task, naming);
  return task;
}

std::vector<Task> MakeTasks(Rng& rng, size_t count, size_t max_slots, Naming naming) {
  const Domain* domain = &AnyDomain(rng);
  const double far = rng.Chance(0.5) ? 0.1 : 0.6;  // few or many tasks of other domains
  const bool hidden = rng.Chance(0.05);
  std::vector<Task> tasks;
  for (size_t tries = 0; tasks.size() < count && tries < count * 8; ++tries) {
    const Domain& from = rng.Chance(far) ? AnyDomain(rng) : *domain;
    Task task = MakeTask(rng, from, 1 + rng.Below(max_slots), naming);
    if (!tasks.empty() && rng.Chance(0.35)) {  // a near one: the same thing, or the same verb
      if (rng.Chance(0.5))
        task.thing = tasks[0].thing;
      else
        task.action = tasks[0].action;
      NameTask(rng, task, naming);
    }
    if (hidden) HideName(rng, task, naming);
    const auto same = [&](const Task& other) {
      return other.name == task.name || (other.thing == task.thing && other.action == task.action);
    };
    if (std::ranges::none_of(tasks, same)) tasks.push_back(std::move(task));
  }
  return tasks;
}

std::string DescribeTask(Rng& rng, const Task& task) {
  const auto verbs = Split(task.action->says, '|');
  const std::string_view verb = verbs[rng.Below(std::min<size_t>(verbs.size(), 3))];
  const std::string thing = WithArticle(task.thing);
  return Say(rng,
             "[{V} {t}|{V} {t}|{V} {t}.|Use this to {v} {t}.|Lets the user {v} {t}|For people who "
             "want to {v} {t}|"
             "{V} {t} for [a customer|the user|someone]|Service: {v} {t}|{V} {t} [by|with|from] "
             "the given details]",
             {{"v", verb}, {"V", Capital(verb)}, {"t", thing}});
}

std::string SayTask(Rng& rng, const Task& task) {
  const auto says = Split(task.action->says, '|');
  const std::string what = Determined(rng, task);
  return fmt::format("{} {}", says[rng.Below(says.size())], what);
}

Values DrawValues(Rng& rng, const Task& task) {
  Values values(task.slots.size());
  for (size_t i = 0; i < values.size(); ++i) {
    if (task.slots[i].required || rng.Chance(0.45)) values[i] = ValueOf(rng, task.slots[i]);
  }
  return values;
}

json::object ArgumentsOf(const Task& task, const Values& values) {
  json::object arguments;
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i]) arguments[task.slots[i].name] = values[i]->data;
  }
  return arguments;
}

std::string RequestText(Rng& rng, const Task& task, const Values& values, bool details) {
  std::vector<std::string> mentions;
  for (size_t i = 0; i < values.size() && details; ++i) {
    if (values[i]) mentions.push_back(Mention(rng, task.slots[i], *values[i]));
  }
  std::string opening;
  if (rng.Chance(0.22)) opening += Opener(rng);
  if (rng.Chance(0.12)) opening += Excuse(rng);
  std::string text;
  if (mentions.empty()) {
    text += Framed(rng, task, "");
  } else if (rng.Chance(0.1)) {
    text += Framed(rng, task, "") + Lines(rng, task, values);
  } else if (rng.Chance(0.15)) {
    text += Framed(rng, task, "") + SecondSentence(rng, mentions);
  } else {
    const std::string_view gap = rng.Chance(0.8) ? " " : ", ";
    text += Framed(rng, task, std::string(gap) + DetailsInLine(rng, mentions));
  }
  if (rng.Chance(0.15)) text += Closer(rng);
  if (opening.ends_with(", ") && !text.starts_with('I'))
    text = Lower(text.substr(0, 1)) + text.substr(1);
  text = opening + text;
  return rng.Chance(0.8) ? Capital(text) : text;
}

}  // namespace understudy
