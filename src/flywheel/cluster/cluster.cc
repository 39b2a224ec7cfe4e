#include "flywheel/cluster/cluster.h"

#include <algorithm>
#include <numeric>
#include <optional>

#include <fmt/format.h>

#include "base/file.h"
#include "base/line_reader.h"
#include "flywheel/cluster/part_files.h"
#include "flywheel/cluster/recorded_call.h"
#include "flywheel/cluster/task_tally.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kTasks = "tasks.json";
constexpr int64_t kRowsAStep = 64;
constexpr int64_t kFitRows = 60'000;
constexpr size_t kFitPrompts = 5'000;  // kept whole; rows of more are assigned, not fitted to

struct PartFile {
  Part part;
  fs::path path;
};

std::string FileOf(Part part) {
  return fmt::format("{}.jsonl", Name(part));
}

// The parts in a curated folder, train first; or every file as train.
Result<std::vector<PartFile>> PartsOf(const std::vector<fs::path>& inputs) {
  std::vector<PartFile> parts;
  std::error_code failed;
  if (inputs.size() == 1 && fs::is_directory(inputs[0], failed)) {
    for (size_t i = kPartCount; i-- > 0;) {
      const auto part = static_cast<Part>(i);
      const fs::path path = inputs[0] / FileOf(part);
      if (fs::exists(path, failed)) parts.push_back({part, path});
    }
    if (parts.empty() || parts[0].part != Part::kTrain) {
      return Fail(NotFound("there is no train.jsonl in " + inputs[0].string())
                      .Mend("understudy curate writes such folders; or name exchange files."));
    }
    return parts;
  }
  for (const fs::path& path : inputs) {
    if (fs::is_directory(path, failed)) {
      return Fail(InvalidInput("a folder stands for all input: " + path.string())
                      .Mend("Name one folder, or files."));
    }
    parts.push_back({Part::kTrain, path});
  }
  if (parts.empty()) return Fail(InvalidInput("there is no input"));
  return parts;
}

bool IsBlank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

class Clustering {
 public:
  Clustering(const ClusterInput& input, std::vector<PartFile> parts, const FindNeighbours& find,
             StageRun& run)
      : input_(input), parts_(std::move(parts)), find_(find), run_(run), files_(run.folder()) {}

  Status Run() {
    if (!input_.previous.empty()) {
      TRY(TaskModel earlier, TaskModel::Load(input_.previous));
      earlier_ = std::move(earlier);
      earlier_rows_.resize(earlier_->tasks().size(), 0);
    }
    TRY_VOID(ReadForFit());
    TRY(TaskModelData data, FitTasks(std::move(fit_), input_.fit, find_, run_));
    TRY(model_, TaskModel::Make(data));
    tallies_.resize(data.tasks.size());
    TRY_VOID(AssignAll());
    return Write(std::move(data));
  }

  const ClusterReport& report() const { return report_; }

 private:
  // use(line) for each line that is not blank; the reader skips what is too long.
  template <class Use>
  Status ForEachLine(const fs::path& path, std::string_view what, Use use) {
    TRY(LineReader reader, LineReader::Open(path.string()));
    std::string line;
    for (int64_t count = 0;; ++count) {
      if (count % kRowsAStep == 0) {
        TRY_VOID(run_.Step(what, reader.bytes_read(), reader.bytes_total()));
      }
      const Result<bool> got = reader.Next(line);
      if (reader.failed()) return Fail(got.error());
      if (got && !*got) return {};
      if (!got || !IsBlank(line)) TRY_VOID(use(got ? std::string_view(line) : ""));
    }
  }

  Status ReadForFit() {
    int64_t rows = 0;
    for (const PartFile& file : parts_) {
      if (file.part != Part::kTrain) continue;
      TRY_VOID(ForEachLine(file.path, "Counting", [&](std::string_view) {
        ++rows;
        return Status();
      }));
    }
    const int64_t stride = std::max<int64_t>(1, (rows + kFitRows - 1) / kFitRows);
    int64_t at = 0;
    for (const PartFile& file : parts_) {
      if (file.part != Part::kTrain) continue;
      TRY_VOID(ForEachLine(file.path, "Reading", [&](std::string_view line) {
        if (at++ % stride == 0) TakeForFit(line);
        return Status();
      }));
    }
    return {};
  }

  void TakeForFit(std::string_view line) {
    const auto call = ReadRecordedCall(line);
    if (!call) return;
    Prompt prompt;
    ReadPrompt(call->request, prompt);
    const uint64_t fingerprint = prompt.Fingerprint();
    const auto known = prompt_numbers_.find(fingerprint);
    if (known == prompt_numbers_.end()) {
      if (fit_.prompts.size() >= kFitPrompts) return;
      prompt_numbers_.emplace(fingerprint, static_cast<uint32_t>(fit_.prompts.size()));
      fit_.prompts.push_back({.prompt = std::move(prompt)});
    }
    FitCalls::Call row;
    row.prompt = prompt_numbers_[fingerprint];
    row.coarse = coarse_[call->answered.coarse];
    for (const std::string& part : call->answered.fine) row.fine.push_back(fine_[part]);
    const auto features = UserFeatures(call->request, counter_);
    row.user.assign(features.begin(), features.end());
    ++fit_.prompts[row.prompt].rows;
    fit_.calls.push_back(std::move(row));
  }

  Status AssignAll() {
    for (const PartFile& file : parts_) {
      TRY_VOID(ForEachLine(file.path, "Assigning",
                           [&](std::string_view line) { return Assign(line, file.part); }));
    }
    return files_.Flush();
  }

  Status Assign(std::string_view line, Part part) {
    ++report_.rows;
    const auto call = ReadRecordedCall(line);
    if (!call) {
      ++report_.unusable;
      return {};
    }
    const int task = model_->Assign(call->request, scratch_).task;
    if (task < 0) {
      ++report_.rest[static_cast<size_t>(part)];
      return files_.Add("rest/" + FileOf(part), line);
    }
    TaskTally& tally = tallies_[static_cast<size_t>(task)];
    tally.Add(*call, part);
    if (earlier_ && part == Part::kTrain) {
      const int old = earlier_->Assign(call->request, earlier_scratch_).task;
      ++tally.earlier[old];
      if (old >= 0) ++earlier_rows_[static_cast<size_t>(old)];
    }
    return files_.Add(fmt::format("{}/{}", task, FileOf(part)), line);
  }

  Status Write(TaskModelData data) {
    std::vector<uint64_t> frames;
    for (const TaskShape& shape : data.shapes) {
      frames.push_back(FrameHash(data.frames[shape.frame]));
    }
    std::vector<EarlierTask> earlier;
    for (size_t i = 0; i < earlier_rows_.size(); ++i) {
      earlier.push_back({earlier_->tasks()[i].id, earlier_rows_[i]});
    }
    std::vector<TaskReport> tasks = ReportTasks(tallies_, frames, earlier);
    for (size_t i = 0; i < tasks.size(); ++i) {
      TRY_VOID(NameFolder(i, tasks[i].id));
      data.tasks[i] = {tasks[i].id, tasks[i].name, std::string(Name(tasks[i].kind))};
    }
    report_.frames = std::ssize(data.frames);
    TRY_VOID(WriteFileAtomically(run_.folder() / kAssignerFile, SerializeTaskModel(data), 0600));
    const auto all = [](const TaskReport& task) {
      return std::accumulate(task.rows.begin(), task.rows.end(), int64_t{0});
    };
    std::ranges::stable_sort(tasks, std::greater(), all);
    report_.tasks = std::move(tasks);
    return WriteFileAtomically(run_.folder() / kTasks, json::serialize(ToJson(report_)) + '\n',
                               0600);
  }

  Status NameFolder(size_t task, const std::string& id) const {
    const fs::path from = run_.folder() / fmt::format("{}", task);
    std::error_code failed;
    if (!fs::exists(from, failed)) return {};
    fs::rename(from, run_.folder() / id, failed);
    if (failed) return Fail(IoError("cannot name " + from.string() + ": " + failed.message()));
    return {};
  }

  const ClusterInput& input_;
  std::vector<PartFile> parts_;
  const FindNeighbours& find_;
  StageRun& run_;
  PartFiles files_;
  FitCalls fit_;
  Names coarse_, fine_;
  std::unordered_map<uint64_t, uint32_t> prompt_numbers_;  // by fingerprint
  FeatureCounter counter_;
  std::optional<TaskModel> model_, earlier_;
  TaskModel::Scratch scratch_, earlier_scratch_;
  std::vector<int64_t> earlier_rows_;
  std::vector<TaskTally> tallies_;
  ClusterReport report_;
};

StageSpec SpecOf(const ClusterInput& input, const std::vector<PartFile>& parts) {
  const FitOptions& fit = input.fit;
  StageSpec spec;
  spec.name = "cluster";
  spec.version = "1";
  spec.parameters = {{"least_rows", fit.least_rows},       {"least_share", fit.least_share},
                     {"min_samples", fit.min_samples},     {"most_rows", fit.most_rows},
                     {"exact_rows", fit.exact_rows},       {"apart_bits", fit.apart_bits},
                     {"previous", !input.previous.empty()}};
  spec.seed = fit.seed;
  for (const PartFile& file : parts) spec.inputs.push_back(file.path);
  if (!input.previous.empty()) spec.inputs.push_back(input.previous / kAssignerFile);
  return spec;
}

}  // namespace

Result<Clustered> Cluster(const ClusterInput& input, const StagePlace& place,
                          const StageHooks& hooks, const FindNeighbours& find_neighbours) {
  TRY(std::vector<PartFile> parts, PartsOf(input.inputs));
  Clustered clustered;
  const StageSpec spec = SpecOf(input, parts);
  TRY(clustered.stage, RunStage(spec, place, hooks, [&](StageRun& run) -> Status {
        Clustering clustering(input, std::move(parts), find_neighbours, run);
        TRY_VOID(clustering.Run());
        clustered.report = clustering.report();
        run.Count("rows", clustered.report.rows);
        run.Count("tasks", std::ssize(clustered.report.tasks));
        return {};
      }));
  if (!clustered.stage.unchanged) return clustered;
  TRY(const std::string text, ReadFile(clustered.stage.folder / kTasks));
  TRY(const json::value value, ParseJson(text));
  TRY(clustered.report, ClusterReportFrom(value));
  return clustered;
}

}  // namespace understudy
