// Which tasks learn together. One adapter a task is the rule; tasks whose answers are of one kind
// (tool calls, JSON, labels) may share one, trained on the examples of all: what they have in
// common, such as copying a value out of the request, is then learned from all of them, where each
// alone has few examples.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "flywheel/stage.h"

namespace understudy {

enum class AdapterSharing {
  kEach,  // an adapter a task
  kKind,  // an adapter for all tasks of one kind of answers
};
Result<AdapterSharing> ParseAdapterSharing(std::string_view name);  // "each", "kind"

// A task as lessons see it.
struct Learner {
  std::string task;  // its id
  std::string kind;  // of its answers
};

// One training: a task, or several.
struct Lesson {
  std::string name;                // the task's id; "all-<kind>" of several
  std::vector<std::string> tasks;  // ids, in the order of `learners`
};

// Every learner is in exactly one lesson; lessons come in the order of their first tasks.
std::vector<Lesson> PlanLessons(const std::vector<Learner>& learners, AdapterSharing sharing);

// The stage "mix": train.jsonl and valid.jsonl of several folders, one after the other (a training
// shuffles them itself). Fails where a folder lacks one of them.
Result<StageResult> MixExamples(const std::vector<std::filesystem::path>& folders,
                                const StagePlace& place, const StageHooks& hooks);

}  // namespace understudy
