// extract: a text, a list of fields, and the JSON object of their values, copied as they stand.
#include <fmt/format.h>

#include "synth/dialogue.h"
#include "synth/draft.h"
#include "synth/families.h"
#include "synth/vocabulary.h"

namespace understudy {
namespace {

std::string Notes(Rng& rng, const Task& task, const Values& values) {
  std::string out;
  for (size_t i = 0; i < values.size(); ++i) {
    if (!values[i]) continue;
    out += CapitalMention(rng, task.slots[i], *values[i]) + Say(rng, "[. |; |.\n]");
    if (rng.Chance(0.2)) out += Capital(MakeText(rng, ValueKind::kSentence)) + ". ";
  }
  return out.empty() ? Capital(MakeText(rng, ValueKind::kSentence)) + "." : out;
}

std::string Mail(Rng& rng, const Task& task, const Values& values) {
  const std::string to(FirstNames().Pick(rng));
  const std::string from(FirstNames().Pick(rng));
  return Say(rng,
             "[Dear|Hi|Hello] {to},\n\n{body}\n\n[Best|Regards|Yours|Thanks|Kind regards],\n{from}",
             {{"to", to}, {"from", from}, {"body", RequestText(rng, task, values)}});
}

std::string SourceText(Rng& rng, const Task& task, const Values& values) {
  switch (rng.Below(6)) {
    case 0: return Notes(rng, task, values);
    case 1: return Mail(rng, task, values);
    case 2:
    case 3: return Transcript(rng, MakeDialogue(rng, task, values));
    default: return RequestText(rng, task, values);
  }
}

std::string FieldLine(Rng& rng, const Slot& slot, int style) {
  std::string hint = slot.description.empty() ? slot.words : slot.description;
  if (slot.kind->list) hint += " (list)";
  if (slot.kind->kind == ValueKind::kBoolean) hint += " (true or false)";
  if (!slot.options.empty())
    hint += " [" + Joined(slot.options, rng.Chance(0.5) ? ", " : "|") + "]";
  if (style == 0) return fmt::format("- {}: {}", slot.name, hint);
  if (style == 1) return fmt::format("{} ({})", slot.name, hint);
  return fmt::format("* {} = {}", slot.name, hint);
}

std::string Fields(Rng& rng, const Task& task) {
  const int style = static_cast<int>(rng.Below(4));
  std::vector<std::string> lines;
  bool plain = style == 3;  // names alone, where these say enough
  for (const Slot& slot : task.slots) plain = plain && slot.options.empty() && !slot.kind->list;
  for (const Slot& slot : task.slots)
    lines.push_back(plain ? slot.name : FieldLine(rng, slot, style));
  return plain ? Joined(lines, ", ") : "\n" + Joined(lines, "\n");
}

std::string Instruction(Rng& rng, const Task& task, bool nulls) {
  return Say(
      rng,
      "[Extract these fields as JSON|Pull the following out of the text|Give me a JSON object "
      "with|Read the text and fill in|"
      "Collect the details the user gave, as JSON|Find these values|State of the conversation so "
      "far, as JSON|"
      "JSON only, with these keys|Turn the message into JSON with the keys|Which of these were "
      "said? Reply in JSON|"
      "You are a form filler. Fill in|Slots to fill|Fields wanted|Return an object with|Parse the "
      "request for {t}]: {f}\n"
      "{m}",
      {{"t", WithArticle(task.thing)},
       {"f", Fields(rng, task)},
       {"m", nulls
                 ? Say(rng,
                       "[Use null for what is missing.|Missing ones are null.|null if unknown.|Not "
                       "mentioned means null.|Write null where the text says nothing.]")
                 : Say(rng,
                       "[Leave out what is missing.|Skip fields that were not given.|Only include "
                       "what was said.|Omit unknown ones.|Do not list fields without a value.]")}});
}

// True if the instruction stands apart from the text, so that further texts can follow.
bool Ask(Rng& rng, Draft& draft, std::string_view instruction, std::string_view text) {
  switch (rng.Below(4)) {
    case 0:
      draft.User(
          Say(rng, "{i}\n\n[Text: |Input:\n|\"\"\"\n|]{t}", {{"i", instruction}, {"t", text}}));
      return false;
    case 1:
      draft.User(Say(rng, "{t}\n\n[---\n||]{i}", {{"i", instruction}, {"t", text}}));
      return false;
    default:
      draft.System(instruction);
      draft.User(text);
      return true;
  }
}

// Each slot is said with the chance `share`.
Values SomeValues(Rng& rng, const Task& task, double share) {
  Values values(task.slots.size());
  for (size_t i = 0; i < values.size(); ++i) {
    if (rng.Chance(share)) values[i] = ValueOf(rng, task.slots[i]);
  }
  return values;
}

json::object FlatAnswer(const Task& task, const Values& values, bool nulls) {
  json::object answer;
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i])
      answer[task.slots[i].name] = values[i]->data;
    else if (nulls)
      answer[task.slots[i].name] = nullptr;
  }
  return answer;
}

void Flat(Rng& rng, Draft& draft) {
  const Naming naming = rng.Chance(0.8) ? CodeNaming(rng) : Naming::kWords;
  const Task task = MakeTask(rng, AnyDomain(rng), static_cast<size_t>(rng.Between(1, 7)), naming);
  const double share = rng.Chance(0.05) ? 0 : rng.Chance(0.5) ? 0.6 : 0.9;
  const Values values = SomeValues(rng, task, share);
  const bool nulls = rng.Chance(0.45);
  const std::string text = SourceText(rng, task, values);
  const bool apart = Ask(rng, draft, Instruction(rng, task, nulls), text);
  draft.Assistant(DumpJson(FlatAnswer(task, values, nulls)));
  if (!apart || rng.Chance(0.4)) return;
  for (int64_t more = rng.Between(1, 5); more > 0; --more) {
    const Values next = SomeValues(rng, task, share);
    draft.User(SourceText(rng, task, next));
    draft.Assistant(DumpJson(FlatAnswer(task, next, nulls)));
  }
}

// Which of several tasks the text is about, and its values beneath.
void Nested(Rng& rng, Draft& draft) {
  const Naming naming = CodeNaming(rng);
  const std::vector<Task> tasks = MakeTasks(rng, 2 + rng.Below(2), 3, naming);
  const Task task = rng.Pick(tasks);
  const Values values = DrawValues(rng, task);
  std::vector<std::string> lines;
  for (const Task& each : tasks) {
    std::vector<std::string> names;
    for (const Slot& slot : each.slots) {
      names.push_back(slot.options.empty()
                          ? slot.name
                          : fmt::format("{} [{}]", slot.name, Joined(slot.options, "|")));
    }
    lines.push_back(
        fmt::format("- {} ({}): {}", each.name,
                    each.action->key == "find" ? "find " + each.thing : Lower(each.words),
                    Joined(names, ", ")));
  }
  const std::string outer = Say(rng, "[intent|request|task|kind]");
  const std::string inner = Say(rng, "[slots|details|fields|values]");
  const std::string instruction =
      Say(rng,
          "[Answer with JSON: {o} and {i}.|Write an object with \"{o}\" and \"{i}\".|Keys: {o}, "
          "{i}.] [Known kinds|Choose from|Possible {o}s]:\n{l}",
          {{"o", outer}, {"i", inner}, {"l", Joined(lines, "\n")}});
  Ask(rng, draft, instruction, SourceText(rng, task, values));
  draft.Assistant(DumpJson(json::object{{outer, task.name}, {inner, ArgumentsOf(task, values)}}));
}

// Several rows of the same shape in one text.
void Rows(Rng& rng, Draft& draft) {
  constexpr std::pair<std::string_view, ValueKind> kColumns[] = {
      {"name", ValueKind::kPerson},   {"city", ValueKind::kCity},   {"date", ValueKind::kDate},
      {"phone", ValueKind::kPhone},   {"email", ValueKind::kEmail}, {"code", ValueKind::kCode},
      {"item", ValueKind::kWord},     {"time", ValueKind::kTime},   {"file", ValueKind::kFile},
      {"count", ValueKind::kInteger}, {"price", ValueKind::kNumber}};
  std::vector<std::pair<std::string_view, ValueKind>> columns;
  for (const auto& column : kColumns) columns.push_back(column);
  rng.Shuffle(columns);
  columns.resize(1 + rng.Below(3));
  const std::string_view gap = columns.size() == 1 ? "" : rng.Chance(0.5) ? ", " : " | ";
  json::array rows;
  std::string text;
  for (int64_t row = rng.Between(1, 5); row > 0; --row) {
    json::object object;
    std::vector<std::string> cells;
    for (const auto& [name, kind] : columns) {
      const Value value = MakeValue(rng, kind);
      object[name] = value.data;
      cells.push_back(value.said);
    }
    text += Joined(cells, gap) + "\n";
    if (rng.Chance(0.1)) text += "(" + MakeText(rng, ValueKind::kSentence) + ")\n";
    rows.push_back(std::move(object));
  }
  std::vector<std::string> names;
  for (const auto& column : columns) names.emplace_back(column.first);
  Ask(rng, draft,
      Say(rng,
          "[List every entry as a JSON array with {n}.|JSON array, one object a row: {n}.|Turn the "
          "rows into JSON ({n}).|Columns are {n}; write them as a JSON list.]",
          {{"n", Joined(names, ", ")}}),
      text);
  draft.Assistant(DumpJson(rows));
}

// One value, without JSON.
void Single(Rng& rng, Draft& draft) {
  const Task task = MakeTask(rng, AnyDomain(rng), 4, Naming::kWords);
  Values values(task.slots.size());
  for (size_t i = 0; i < values.size(); ++i) values[i] = ValueOf(rng, task.slots[i]);
  const size_t i = rng.Below(values.size());
  const std::string text = SourceText(rng, task, values);
  Ask(rng, draft,
      Say(rng,
          "[What is the {w}? Answer with the value only.|Copy the {w} from the text.|Give the {w}, "
          "nothing else.|{w}?|Only the {w}, please.]",
          {{"w", task.slots[i].words}}),
      text);
  draft.Assistant(Said(task.slots[i], *values[i]));
}

}  // namespace

void MakeExtract(Rng& rng, SyntheticExample& example) {
  Draft draft(example);
  const double kind = rng.Unit();
  if (kind < 0.68) return Flat(rng, draft);
  if (kind < 0.78) return Nested(rng, draft);
  if (kind < 0.9) return Rows(rng, draft);
  Single(rng, draft);
}

}  // namespace understudy
