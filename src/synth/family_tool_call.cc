// tool_call: a few tools, a request, the right call. Also questions for missing values, results and
// closing replies, two calls at once, and requests that no tool serves.
#include <fmt/format.h>

#include "synth/dialogue.h"
#include "synth/draft.h"
#include "synth/families.h"
#include "synth/task.h"
#include "synth/vocabulary.h"

namespace understudy {
namespace {

json::object ToolOf(Rng& rng, const Task& task) {
  json::object properties;
  json::array required;
  for (const Slot& slot : task.slots) {
    properties[slot.name] = SchemaOf(slot);
    if (slot.required) required.push_back(json::value(slot.name));
  }
  json::object parameters{{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) parameters["required"] = std::move(required);
  json::object tool{{"name", task.name}};
  const bool telling = task.words.find(task.thing) != std::string::npos;
  if (!telling || rng.Chance(0.85)) tool["description"] = DescribeTask(rng, task);
  tool["parameters"] = std::move(parameters);
  return tool;
}

size_t ToolCount(Rng& rng) {
  constexpr size_t kCounts[] = {1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 4, 5, 6, 8};
  return rng.Pick(kCounts);
}

std::string SystemText(Rng& rng, const Task& task) {
  if (rng.Chance(0.3)) return "";
  const std::string name =
      rng.Chance(0.5) ? Capital(PseudoWord(rng)) : std::string(FirstNames().Pick(rng));
  const std::string_view field = task.domain ? task.domain->name : "general";
  return Say(
      rng,
      "[You are {n}[, a {f} assistant|, the helper of {c}|]. |You work for {c}. |{f} desk. |Role: "
      "{f} agent. |"
      "You help people with {f} matters. |This is the {f} line of {c}. ||]"
      "[Use the tools.|Pick the tool that fits and fill in what was said.|Call a tool whenever one "
      "fits.|"
      "Answer by a tool call where possible.|Copy values as the user wrote them.|Never invent "
      "values; ask for them.|"
      "Only use what the user said.|Leave out optional parameters nobody mentioned.|Be brief.|"
      "If no tool fits, say so.|Work with the functions you have.|Take the values word for word.|"
      "One call per wish.|Tools first, words second.]",
      {{"n", name}, {"f", field}, {"c", Company(rng)}});
}

std::string CallId(Rng& rng) {
  return fmt::format("call_{:06x}", rng.Next() & 0xffffff);
}

std::string ResultText(Rng& rng, const Task& task, const Values& values, std::string_view code,
                       bool good) {
  json::object result;
  result[rng.Chance(0.5) ? "status" : "result"] =
      good ? Say(rng, "[ok|done|success|confirmed]") : Say(rng, "[error|failed|rejected]");
  if (good) {
    result[rng.Chance(0.5) ? "reference" : "id"] = code;
    for (size_t i = 0; i < values.size(); ++i) {
      if (values[i] && rng.Chance(0.4)) result[task.slots[i].name] = values[i]->data;
    }
  } else {
    result["reason"] = code;
  }
  return DumpJson(result);
}

std::string ClosingReply(Rng& rng, const Task& task, std::string_view code, bool good) {
  if (!good) {
    return Say(rng,
               "[Sorry, that did not work: {c}.|That failed: {c}.|It was rejected: {c}. Shall I "
               "try again?]",
               {{"c", code}});
  }
  return Say(rng,
             "[Done: your {t} is {p}. The reference is {c}.|Your {t} is {p}, reference {c}.|The "
             "{t} has been {p}. Your code is {c}.|All set, {t} {p} ({c}).]",
             {{"t", task.thing}, {"p", task.action->past}, {"c", code}});
}

void ReportBack(Rng& rng, Draft& draft, const Task& task, const Values& values,
                std::string_view id) {
  const bool good = rng.Chance(0.8);
  const std::string code = good ? Code(rng) : MakeText(rng, ValueKind::kSentence);
  draft.Result(id, ResultText(rng, task, values, code, good));
  draft.Assistant(ClosingReply(rng, task, code, good));
}

// The first required slot that nobody spoke of is asked for, until none is left.
void AskForRest(Rng& rng, Draft& draft, const Task& task, Values& values,
                const std::vector<size_t>& missing) {
  for (const size_t i : missing) {
    draft.Assistant(Question(rng, task.slots[i]));
    values[i] = ValueOf(rng, task.slots[i]);
    const std::string said = Said(task.slots[i], *values[i]);
    const bool bare = task.slots[i].kind->kind == ValueKind::kBoolean || rng.Chance(0.5);
    draft.User(bare ? said
                    : Say(rng,
                          "[{s}[, please|.|]|It is {s}.|Let's say {s}.|Make it "
                          "{s}.|{s}, I think.|Use {s}.|Sure: {s}]",
                          {{"s", said}}));
  }
}

void OneCall(Rng& rng, Draft& draft, const Task& task) {
  const Values values = DrawValues(rng, task);
  draft.User(RequestText(rng, task, values));
  const std::string id = CallId(rng);
  draft.Call(id, task.name, ArgumentsOf(task, values));
  if (rng.Chance(0.2)) ReportBack(rng, draft, task, values, id);
}

void CallAfterQuestions(Rng& rng, Draft& draft, const Task& task) {
  Values values = DrawValues(rng, task);
  std::vector<size_t> missing;
  for (size_t i = 0; i < values.size(); ++i) {
    if (!task.slots[i].required || (i > 0 && rng.Chance(0.4)) || missing.size() == 3) continue;
    missing.push_back(i);
    values[i].reset();
  }
  draft.User(RequestText(rng, task, values));
  AskForRest(rng, draft, task, values, missing);
  const std::string id = CallId(rng);
  draft.Call(id, task.name, ArgumentsOf(task, values));
  if (rng.Chance(0.4)) ReportBack(rng, draft, task, values, id);
}

// The system text demands a question before the call; the user agrees, or corrects one value.
void CallAfterConfirmation(Rng& rng, Draft& draft, const Task& task) {
  Values values = DrawValues(rng, task);
  draft.System(Say(
      rng,
      "[Ask for confirmation before every call.|Repeat the details and wait for a yes before you "
      "call a tool.|Confirm first, then call.|Never call a tool before the user has confirmed.]"));
  draft.User(RequestText(rng, task, values));
  std::vector<std::string> parts;
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i])
      parts.push_back(fmt::format("{}: {}", task.slots[i].words, Said(task.slots[i], *values[i])));
  }
  draft.Assistant(fmt::format("Please confirm: {}; {}.", task.thing, Joined(parts, "; ")));
  const size_t i = rng.Below(values.size());
  if (rng.Chance(0.35) && values[i] && task.slots[i].kind->kind != ValueKind::kBoolean) {
    values[i] = ValueOf(rng, task.slots[i]);
    draft.User(Say(rng, "[Yes, but |Almost: |Right, only |No: ||]") +
               Correction(rng, task.slots[i], *values[i]));
  } else {
    draft.User(Say(rng,
                   "[Yes[.|!|, please.|, do it.]|Confirmed.|Correct.|That is right.|Go "
                   "ahead.|Yep|Sure|All correct, thanks.|Sounds good.|Fine by me.|Exactly.]"));
  }
  const std::string id = CallId(rng);
  draft.Call(id, task.name, ArgumentsOf(task, values));
  if (rng.Chance(0.3)) ReportBack(rng, draft, task, values, id);
}

void TwoCalls(Rng& rng, Draft& draft, const Task& first, const Task& second) {
  const Values a = DrawValues(rng, first);
  const Values b = DrawValues(rng, second);
  const std::string one = RequestText(rng, first, a);
  const std::string two = RequestText(rng, second, b);
  draft.User(one + Say(rng, "[\n| And then: | Also: | After that, one more: | Second: ]") + two);
  draft.Call(CallId(rng), first.name, ArgumentsOf(first, a));
  draft.Call(CallId(rng), second.name, ArgumentsOf(second, b));
}

// A second request in the same dialogue, after the first one is done.
void CallAfterCall(Rng& rng, Draft& draft, const Task& first, const Task& second) {
  const Values values = DrawValues(rng, first);
  draft.User(RequestText(rng, first, values));
  const std::string id = CallId(rng);
  draft.Call(id, first.name, ArgumentsOf(first, values));
  ReportBack(rng, draft, first, values, id);
  OneCall(rng, draft, second);
}

// One wish after the other, of any of the tools: a list of tools read once, used several times.
void Session(Rng& rng, Draft& draft, const std::vector<Task>& tasks) {
  for (int64_t wish = rng.Between(2, 6); wish > 0; --wish) {
    const Task& task = rng.Pick(tasks);
    const Values values = DrawValues(rng, task);
    draft.User(RequestText(rng, task, values));
    const std::string id = CallId(rng);
    draft.Call(id, task.name, ArgumentsOf(task, values));
    if (wish > 1) ReportBack(rng, draft, task, values, id);
  }
}

void NoToolFits(Rng& rng, Draft& draft, const Task& other) {
  draft.User(RequestText(rng, other, DrawValues(rng, other)));
  const auto verb = Split(other.action->says, '|').front();
  draft.Assistant(Say(
      rng,
      "[Sorry, I have no tool to {v} {t}.|I cannot {v} {t} here.|None of my tools can {v} {t}.]",
      {{"v", verb}, {"t", WithArticle(other.thing)}}));
}

}  // namespace

void MakeToolCall(Rng& rng, SyntheticExample& example) {
  Draft draft(example);
  const Naming naming = CodeNaming(rng);
  std::vector<Task> tasks = MakeTasks(rng, ToolCount(rng), rng.Chance(0.5) ? 3 : 5, naming);
  const double kind = rng.Unit();
  const bool no_tool = kind > 0.93 && tasks.size() > 1;
  const Task target = tasks.front();
  const Task other = tasks.back();
  const bool confirms = kind > 0.85 && !no_tool;
  if (!confirms) draft.System(SystemText(rng, target));
  if (no_tool) tasks.erase(tasks.begin());
  rng.Shuffle(tasks);
  for (const Task& task : tasks) draft.Tool(ToolOf(rng, task));
  if (no_tool) return NoToolFits(rng, draft, target);
  if (kind < 0.2) return CallAfterQuestions(rng, draft, target);
  if (kind < 0.26 && tasks.size() > 1) return TwoCalls(rng, draft, target, other);
  if (kind < 0.32 && tasks.size() > 1) return CallAfterCall(rng, draft, target, other);
  if (confirms) return CallAfterConfirmation(rng, draft, target);
  if (kind < 0.62) return Session(rng, draft, tasks);
  OneCall(rng, draft, target);
}

}  // namespace understudy
