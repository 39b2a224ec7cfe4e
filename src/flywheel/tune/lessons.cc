#include "flywheel/tune/lessons.h"

#include <algorithm>
#include <fstream>

#include "base/line_reader.h"

namespace understudy {
namespace {

constexpr const char* kMixed[] = {"train.jsonl", "valid.jsonl"};

// The rows of every folder's `file`, behind each other.
Status MixFile(const std::vector<std::filesystem::path>& folders, const char* file, StageRun& run) {
  const std::filesystem::path path = run.folder() / file;
  std::ofstream out(path, std::ios::binary);
  std::string line;
  int64_t rows = 0;
  for (size_t i = 0; i < folders.size(); ++i) {
    TRY_VOID(
        run.Step("Mixing examples", static_cast<int64_t>(i), static_cast<int64_t>(folders.size())));
    TRY(LineReader lines, LineReader::Open((folders[i] / file).string()));
    while (true) {
      TRY(const bool more, lines.Next(line));
      if (!more) break;
      out << line << '\n';
      ++rows;
    }
  }
  out.flush();
  if (!out) return Fail(IoError("cannot write").At(path.string()));
  run.Count(std::filesystem::path(file).stem().string(), rows);
  return {};
}

}  // namespace

Result<AdapterSharing> ParseAdapterSharing(std::string_view name) {
  if (name == "each") return AdapterSharing::kEach;
  if (name == "kind") return AdapterSharing::kKind;
  return Fail(InvalidInput("there is no sharing of adapters named \"" + std::string(name) + "\"")
                  .Mend("Take each (an adapter a task) or kind (one for all tasks of a kind)."));
}

std::vector<Lesson> PlanLessons(const std::vector<Learner>& learners, AdapterSharing sharing) {
  std::vector<Lesson> lessons;
  for (const Learner& learner : learners) {
    const std::string name =
        sharing == AdapterSharing::kEach ? learner.task : "all-" + learner.kind;
    auto lesson = std::ranges::find(lessons, name, &Lesson::name);
    if (lesson == lessons.end()) lesson = lessons.insert(lesson, {.name = name, .tasks = {}});
    lesson->tasks.push_back(learner.task);
  }
  for (Lesson& lesson : lessons) {
    if (lesson.tasks.size() == 1) lesson.name = lesson.tasks.front();
  }
  return lessons;
}

Result<StageResult> MixExamples(const std::vector<std::filesystem::path>& folders,
                                const StagePlace& place, const StageHooks& hooks) {
  StageSpec spec{.name = "mix", .version = "1", .parameters = {}, .inputs = {}};
  for (const std::filesystem::path& folder : folders) {
    for (const char* file : kMixed) spec.inputs.push_back(folder / file);
  }
  return RunStage(spec, place, hooks, [&](StageRun& run) -> Status {
    for (const char* file : kMixed) TRY_VOID(MixFile(folders, file, run));
    return {};
  });
}

}  // namespace understudy
