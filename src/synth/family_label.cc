// label: one of the given labels. Intents of requests and dialogues, labels bound by descriptions
// or by examples only, routing to teams, topics, sentiment, and yes or no.
#include <fmt/format.h>

#include "synth/dialogue.h"
#include "synth/draft.h"
#include "synth/families.h"
#include "synth/vocabulary.h"

namespace understudy {
namespace {

struct Choice {
  std::string label;
  std::string description;  // may be empty
};

size_t LabelCount(Rng& rng) {
  constexpr size_t kCounts[] = {2, 3, 3, 4, 5, 5, 6, 8, 10, 12, 15, 20, 30, 50};
  return rng.Pick(kCounts);
}

std::string LabelList(Rng& rng, const std::vector<Choice>& choices) {
  const bool described =
      std::ranges::any_of(choices, [](const Choice& c) { return !c.description.empty(); });
  std::vector<std::string> items;
  const std::string_view between = rng.Chance(0.7) ? ": " : rng.Chance(0.5) ? " - " : " = ";
  for (const Choice& choice : choices) {
    items.push_back(choice.description.empty()
                        ? choice.label
                        : fmt::format("{}{}{}", choice.label, between, choice.description));
  }
  if (described) return "\n" + Joined(items, "\n");
  switch (rng.Below(5)) {
    case 0: return "\n- " + Joined(items, "\n- ");
    case 1: return " " + Joined(items, " | ");
    case 2: return "\n" + Joined(items, "\n");
    case 3: return " [" + Joined(items, ", ") + "]";
    default: return " " + Joined(items, ", ");
  }
}

std::string Instruction(Rng& rng, std::string_view what, const std::vector<Choice>& choices) {
  return Say(rng,
             "[Choose the {w}|Pick the {w}|Decide on the {w}|Name the {w}|Classify by {w}|Sort the "
             "message by {w}|What is the {w}|"
             "Give the {w}|Assign the {w}|Tell the {w}|Tag the text with its {w}|One {w} "
             "only|State the {w}][.|]"
             "[ Answer with the label[ only|, nothing else|].| Reply with one name from the list.| "
             "No explanation.| Just the label.||]"
             "[ Labels:| Options:| Choices:| One of:| Possible answers:| Pick from:| The list:]{l}",
             {{"w", what}, {"l", LabelList(rng, choices)}});
}

// True if the instruction stands apart from the text, so that further texts can follow.
bool Ask(Rng& rng, Draft& draft, std::string_view instruction, std::string_view text) {
  switch (rng.Below(4)) {
    case 0:
      draft.User(Say(rng, "{i}\n\n[Text: |Message: |Input: |]{t}[\nLabel:|\nAnswer:||]",
                     {{"i", instruction}, {"t", text}}));
      return false;
    case 1: draft.User(Say(rng, "{t}\n\n{i}", {{"i", instruction}, {"t", text}})); return false;
    default:
      draft.System(instruction);
      draft.User(text);
      return true;
  }
}

std::string TaskText(Rng& rng, const Task& task) {
  const Values values = DrawValues(rng, task);
  if (rng.Chance(0.2)) return Transcript(rng, MakeDialogue(rng, task, values));
  return RequestText(rng, task, values, rng.Chance(0.7));
}

// A dialogue in which one request is done with before the next one; the last one counts.
std::string SwitchText(Rng& rng, const Task& before, const Task& last) {
  std::vector<Turn> turns = MakeDialogue(rng, before, DrawValues(rng, before));
  turns.push_back({false, Say(rng,
                              "[Done. Anything else?|That is settled. What else can I do?|All set. "
                              "Next?|Finished, your {t} is {p}.]",
                              {{"t", before.thing}, {"p", before.action->past}})});
  for (Turn& turn : MakeDialogue(rng, last, DrawValues(rng, last)))
    turns.push_back(std::move(turn));
  return Transcript(rng, turns);
}

// Intents: each label is the name of a task; at times none of them fits.
void Intent(Rng& rng, Draft& draft) {
  const Naming naming = LabelNaming(rng);
  std::vector<Task> tasks = MakeTasks(rng, LabelCount(rng), 3, naming);
  if (rng.Chance(0.2)) {  // codes in place of names
    const std::string stem =
        rng.Chance(0.5) ? Upper(PseudoWord(rng).substr(0, 1)) : PseudoWord(rng) + "_";
    for (size_t i = 0; i < tasks.size(); ++i) {
      tasks[i].name = rng.Chance(0.3) ? fmt::format("{}{}", PseudoWord(rng), i)
                                      : fmt::format("{}{}", stem, i + 1);
      tasks[i].words.clear();
    }
  }
  const Task target = tasks.front();
  rng.Shuffle(tasks);
  const bool described = tasks.size() <= 8 && rng.Chance(0.4);
  std::vector<Choice> choices;
  for (const Task& task : tasks) {
    const bool telling = task.words.find(task.thing) != std::string::npos;
    choices.push_back({task.name, described || !telling ? DescribeTask(rng, task) : ""});
  }
  std::string answer = target.name;
  const bool none = choices.size() > 2 && rng.Chance(0.25);
  if (none) {
    const std::string other = Named(naming, Say(rng, "[none|other|unknown|no match|out of scope]"));
    if (rng.Chance(0.4)) {
      std::erase_if(choices, [&](const Choice& choice) { return choice.label == answer; });
      answer = other;
    }
    choices.push_back({other, choices[0].description.empty() ? "" : "nothing else fits"});
  }
  const std::string what =
      Say(rng, "[intent|request type|label|kind of request|action|what the user wants|command]");
  const bool switching = tasks.size() > 1 && rng.Chance(0.12);
  const Task& before = tasks[tasks[0].name == target.name ? tasks.size() - 1 : 0];
  const std::string text = switching ? SwitchText(rng, before, target) : TaskText(rng, target);
  const bool apart = Ask(rng, draft, Instruction(rng, what, choices), text);
  draft.Assistant(answer);
  if (!apart || none || rng.Chance(0.4)) return;
  for (int64_t more = rng.Between(1, 7); more > 0; --more) {
    const Task& task = rng.Pick(tasks);
    draft.User(RequestText(rng, task, DrawValues(rng, task), true));
    draft.Assistant(task.name);
  }
}

std::string TopicText(Rng& rng, const Domain& domain) {
  const std::vector<std::string> words = domain.words.PickSome(rng, 4);
  return Say(rng,
             "[The {a} was near the {b}|Nobody expected the {a} to change the {b}|A {a} and a {b}, "
             "that was all|We talked about the {a} and the {b}|"
             "Our {a} needs a better {b}|After the {a} came the {b}|First the {a}, then the {b}]"
             "[.|, and later the {c}[ with the {d}|].|; the {c} [stayed|was new|was old|came "
             "late].|. The {c} [was|seemed] {j}[ because of the {d}|].]",
             {{"a", words[0]},
              {"b", words[1]},
              {"c", words[2]},
              {"d", words[3]},
              {"j", Adjectives().Pick(rng)}});
}

void Topic(Rng& rng, Draft& draft) {
  std::vector<size_t> order(Domains().size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  rng.Shuffle(order);
  order.resize(2 + rng.Below(order.size() - 2));
  const Naming naming = LabelNaming(rng);
  const bool coded = rng.Chance(0.25);
  const bool team = rng.Chance(0.3);
  std::vector<Choice> choices;
  for (const size_t i : order) {
    const Domain& domain = Domains()[i];
    std::string label =
        Named(naming, team ? fmt::format("{} team", domain.name) : std::string(domain.name));
    if (coded) label = fmt::format("{}{}", Capital(PseudoWord(rng)), i);
    const std::vector<std::string> words = domain.things.PickSome(rng, 3);
    const bool described = coded || team || rng.Chance(0.1);
    choices.push_back({label, described ? fmt::format("{}: {}", domain.name, Listed(words)) : ""});
  }
  const Domain& domain = Domains()[order[0]];
  const std::string answer = choices[0].label;
  rng.Shuffle(choices);
  const bool request = rng.Chance(0.4);
  Task task;
  do task = MakeTask(rng, domain, 2, Naming::kWords);
  while (task.domain == nullptr);
  const std::string text = request ? TaskText(rng, task) : TopicText(rng, domain);
  Ask(rng, draft,
      Instruction(rng,
                  Say(rng, team ? "[team|desk|queue]" : "[topic|subject|field|category|theme]"),
                  choices),
      text);
  draft.Assistant(answer);
}

const WordList& Good() {
  static const WordList list(
      "excellent|lovely|superb|delightful|wonderful|brilliant|perfect|charming|splendid|fantastic|"
      "a joy|worth every penny|better than promised|spotless|impressive",
      '|');
  return list;
}
const WordList& Bad() {
  static const WordList list(
      "awful|terrible|dreadful|broken|disappointing|rude|useless|a waste of money|worse than "
      "ever|filthy|horrible|painfully slow|a nightmare|unacceptable|faulty",
      '|');
  return list;
}
const WordList& Plain() {
  static const WordList list(
      "average|as described|the usual|neither good nor bad|nothing "
      "special|acceptable|ordinary|what one would expect|standard|medium",
      '|');
  return list;
}

void Sentiment(Rng& rng, Draft& draft) {
  const Naming naming = LabelNaming(rng);
  constexpr std::string_view kNames[][3] = {
      {"positive", "negative", "neutral"},
      {"happy", "unhappy", "indifferent"},
      {"praise", "complaint", "remark"},
      {"good", "bad", "mixed"},
      {"satisfied customer", "angry customer", "calm customer"}};
  const auto& names = rng.Pick(kNames);
  const size_t count = rng.Chance(0.5) ? 2 : 3;
  const size_t which = rng.Below(count);
  const WordList& words = which == 0 ? Good() : which == 1 ? Bad() : Plain();
  const bool coded = rng.Chance(0.2);
  std::vector<Choice> choices;
  for (size_t i = 0; i < count; ++i) {
    const std::string name = Named(naming, names[i]);
    choices.push_back(coded ? Choice{fmt::format("{}{}", PseudoWord(rng), i), name}
                            : Choice{name, ""});
  }
  const std::string answer = choices[which].label;
  rng.Shuffle(choices);
  const Domain& domain = AnyDomain(rng);
  const std::string text =
      Say(rng,
          "[The {t}|Our {t}|That {t}|My new {t}|Their {t}] [was|is|turned out|proved] [really "
          "|quite |frankly |]{w}[.|!|, and the {n} [too|as well].|. {M}.]",
          {{"t", domain.things.Pick(rng)},
           {"w", words.Pick(rng)},
           {"n", domain.words.Pick(rng)},
           {"M", Capital(MakeText(rng, ValueKind::kSentence))}});
  Ask(rng, draft, Instruction(rng, Say(rng, "[sentiment|tone|mood|opinion|feeling]"), choices),
      text);
  draft.Assistant(answer);
}

// Labels that mean only what the examples show.
void FewShot(Rng& rng, Draft& draft) {
  const size_t count = 2 + rng.Below(3);
  const std::vector<Task> tasks = MakeTasks(rng, count, 2, Naming::kWords);
  std::vector<std::string> labels;
  for (size_t i = 0; i < tasks.size(); ++i)
    labels.push_back(rng.Chance(0.5)
                         ? PseudoWord(rng) + std::to_string(i)
                         : fmt::format("{}{}", static_cast<char>('A' + i),
                                       rng.Chance(0.5) ? "" : std::to_string(rng.Below(100))));
  std::vector<std::string> lines;
  const std::string_view mark = rng.Chance(0.5) ? " -> " : rng.Chance(0.5) ? " => " : "\nlabel: ";
  for (size_t i = 0; i < tasks.size(); ++i) {
    for (int64_t shot = rng.Between(1, 2); shot > 0; --shot) {
      lines.push_back(RequestText(rng, tasks[i], DrawValues(rng, tasks[i]), rng.Chance(0.3)) +
                      std::string(mark) + labels[i]);
    }
  }
  rng.Shuffle(lines);
  const size_t which = rng.Below(tasks.size());
  std::string head = Say(rng,
                         "[Label the last line as the examples show.|Learn from "
                         "these:|Examples:|Continue in the same way.|Same labels as here:|]");
  if (!head.empty()) head += "\n";
  const std::string query =
      RequestText(rng, tasks[which], DrawValues(rng, tasks[which]), rng.Chance(0.3));
  if (rng.Chance(0.5)) {
    draft.System(head + Joined(lines, "\n"));
    draft.User(query);
  } else {
    draft.User(head + Joined(lines, "\n") + "\n" + query +
               std::string(mark.substr(0, mark.size() - 1)));
  }
  draft.Assistant(labels[which]);
}

void YesNo(Rng& rng, Draft& draft) {
  constexpr std::pair<std::string_view, std::string_view> kAnswers[] = {
      {"yes", "no"}, {"Yes", "No"}, {"true", "false"},   {"TRUE", "FALSE"},
      {"1", "0"},    {"Y", "N"},    {"correct", "wrong"}};
  const auto& [yes, no] = rng.Pick(kAnswers);
  const bool holds = rng.Chance(0.5);
  const Task task = MakeTask(rng, AnyDomain(rng), 4, Naming::kWords);
  Values values(task.slots.size());
  for (size_t i = 0; i < values.size(); ++i) {
    if (rng.Chance(0.7)) values[i] = ValueOf(rng, task.slots[i]);
  }
  std::string text = RequestText(rng, task, values);
  std::string question;
  const size_t i = rng.Below(values.size());
  if (rng.Chance(0.5) && values[i] && task.slots[i].kind->kind != ValueKind::kBoolean) {
    Value other = ValueOf(rng, task.slots[i]);
    while (!holds && other.said == values[i]->said) other = MakeValue(rng, ValueKind::kCode);
    question = Say(rng, "[Is the {w} {v}?|Does the text say that the {w} is {v}?|{w} = {v}?]",
                   {{"w", task.slots[i].words}, {"v", holds ? values[i]->said : other.said}});
  } else {
    const std::string word = Upper(PseudoWord(rng)) + std::to_string(rng.Below(10));
    if (holds) text += " (" + word + ")";
    question = Say(rng, "[Does the text contain {w}?|Is {w} in it?|Can you see {w} there?]",
                   {{"w", word}});
  }
  Ask(rng, draft,
      Say(rng, "{q} [Answer {y} or {n}.|({y}/{n})|Say {y} or {n} only.]",
          {{"q", question}, {"y", yes}, {"n", no}}),
      text);
  draft.Assistant(holds ? yes : no);
}

}  // namespace

void MakeLabel(Rng& rng, SyntheticExample& example) {
  Draft draft(example);
  const double kind = rng.Unit();
  if (kind < 0.5) return Intent(rng, draft);
  if (kind < 0.65) return Topic(rng, draft);
  if (kind < 0.75) return Sentiment(rng, draft);
  if (kind < 0.9) return FewShot(rng, draft);
  YesNo(rng, draft);
}

}  // namespace understudy
