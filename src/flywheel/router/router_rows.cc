#include "flywheel/router/router_rows.h"

#include <algorithm>
#include <unordered_map>

#include <fmt/format.h>

#include "base/file.h"
#include "base/ids.h"
#include "base/line_reader.h"
#include "chat/exchange_json.h"
#include "flywheel/curate/mark.h"
#include "route/task_model.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kTasksFile = "tasks.json", kAnswersFile = "answers.jsonl";
constexpr std::array<std::string_view, 2> kParts = {"valid", "calib"};
constexpr int64_t kRowsAStep = 64;

fs::path AnswersIn(const fs::path& path) {
  return fs::is_directory(path) ? path / kAnswersFile : path;
}

// A task's id names its folder, so it may lead nowhere else.
bool IsPlainId(std::string_view id) {
  return !id.empty() && id.front() != '.' && std::ranges::all_of(id, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' ||
           c == '_' || c == '.';
  });
}

// tasks.json, which may name tasks that assigner.bin does not; not the other way round.
Result<json::value> ReadTaskList(const fs::path& folder) {
  TRY(const std::string text, ReadFile(folder / kTasksFile, uint64_t{1} << 30));
  Result<json::value> root = ParseJson(text);
  if (!root) return Fail(std::move(root).error().At((folder / kTasksFile).string()));
  const json::value* tasks = Find(*root, "tasks");
  const bool good = IntOr(*root, "v", 0) == 1 && tasks && tasks->is_array() &&
                    std::ranges::all_of(tasks->get_array(), [](const json::value& task) {
                      return IsPlainId(StringOr(task, "id"));
                    });
  if (good) return *tasks;
  return Fail(InvalidInput("this is no list of tasks of version 1")
                  .At((folder / kTasksFile).string())
                  .Mend("understudy cluster writes it."));
}

struct Answer {
  bool calib = false, passed = false, right = false, met = false;
  Signals signals{};
};

class RowReader {
 public:
  RowReader(const RouterFiles& files, const StageRun& run) : files_(files), run_(run) {}

  Result<RouterRows> Read() && {
    for (const fs::path& path : files_.answers) TRY_VOID(ReadAnswers(AnswersIn(path)));
    TRY(TaskModel model, TaskModel::Load(files_.tasks));
    rows_.data.dims = kEmbeddingSize;
    TRY_VOID(ReadTasks(model));
    for (size_t task = 0; task < rows_.data.tasks.size(); ++task) {
      for (const std::string_view part : kParts) TRY_VOID(ReadCalls(model, task, part));
    }
    for (const auto& [id, answer] : answers_) rows_.unknown += !answer.met;
    rows_.answers = std::ssize(answers_);
    if (!rows_.data.rows.empty()) return std::move(rows_);
    return Fail(InvalidInput(fmt::format("none of the {} answers is to a call of valid.jsonl or "
                                         "calib.jsonl in {}",
                                         answers_.size(), files_.tasks.string()))
                    .Mend("Evaluate the tasks of that very folder."));
  }

 private:
  template <class Use>
  Status ForEachLine(const fs::path& path, std::string_view what, const Use& use) {
    TRY(LineReader reader, LineReader::Open(path.string()));
    std::string line;
    for (int64_t count = 0;; ++count) {
      if (count % kRowsAStep == 0) {
        TRY_VOID(run_.Step(what, reader.bytes_read(), reader.bytes_total()));
      }
      TRY(const bool got, reader.Next(line));
      if (!got) return {};
      if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
      Status used = use(line);
      if (used) continue;
      Error error = std::move(used).error();
      const std::string inner = error.where.empty() ? "" : ": " + error.where;
      return Fail(
          std::move(error).At(fmt::format("{}:{}{}", path.string(), reader.line_number(), inner)));
    }
  }

  Status ReadAnswers(const fs::path& path) {
    return ForEachLine(path, "Reading answers", [&](const std::string& line) -> Status {
      TRY(const json::value value, ParseJson(line));
      const std::string id(StringOr(value, "id"));
      const std::string_view part = StringOr(value, "part");
      const json::value* right = Find(value, "right");
      if (id.empty() || part.empty() || !right || !right->is_bool()) {
        return Fail(InvalidInput("an answer has the members id, part and right")
                        .Mend("understudy evaluate writes them."));
      }
      if (part != kParts[0] && part != kParts[1]) return {};
      Answer answer{.calib = part == kParts[1], .right = right->get_bool()};
      const auto verdict = ParseVerdictKind(StringOr(value, "verdict", "unchecked"));
      answer.passed = verdict && Verdict{.kind = *verdict}.ok();
      const json::value* signals = Find(value, "signals");
      answer.signals = SignalsFromJson(signals ? *signals : json::value(nullptr));
      if (answers_.emplace(id, answer).second) return {};
      return Fail(InvalidInput(fmt::format("the call {} was answered before", id))
                      .Mend("Name one folder of answers a task: those of the model that will "
                            "serve it."));
    });
  }

  Status ReadTasks(const TaskModel& model) {
    TRY(const json::value list, ReadTaskList(files_.tasks));
    std::unordered_map<std::string_view, const json::value*> by_id;
    for (const json::value& task : list.get_array()) by_id.emplace(StringOr(task, "id"), &task);
    for (const TaskInfo& info : model.tasks()) {
      const auto found = by_id.find(info.id);
      if (found == by_id.end()) {
        return Fail(InvalidInput(fmt::format("{} has a task {} that {} does not", kAssignerFile,
                                             info.id, kTasksFile))
                        .At(files_.tasks.string())
                        .Mend("They are of two runs: cluster again."));
      }
      RouterTask task{.id = info.id, .name = info.name};
      if (!BoolOr(*found->second, "replaceable", false)) {
        task.why = StringOr(*found->second, "why", "not replaceable");
      }
      rows_.data.tasks.push_back(std::move(task));
    }
    return {};
  }

  Status ReadCalls(const TaskModel& model, size_t task, std::string_view part) {
    const fs::path path = files_.tasks / rows_.data.tasks[task].id / fmt::format("{}.jsonl", part);
    return ForEachLine(path, "Reading calls", [&](const std::string& line) -> Status {
      TRY(Exchange exchange, ParseExchangeLine(line));
      const bool calib = part == kParts[1];
      rows_.data.tasks[task].calib_rows += calib;
      const auto found = answers_.find(exchange.id);
      if (found == answers_.end() || found->second.calib != calib || found->second.met) return {};
      found->second.met = true;
      return AddRow(model, task, std::move(exchange), found->second);
    });
  }

  Status AddRow(const TaskModel& model, size_t task, Exchange exchange, const Answer& answer) {
    const CurateMark mark = TakeMark(exchange);
    const std::string& kin = exchange.session.empty() ? exchange.id : exchange.session;
    TRY(const ChatRequest request, ParseChatRequest(std::move(exchange.request)));
    const TaskModel::Assignment assigned = model.Assign(request, scratch_);
    RouterData& data = rows_.data;
    data.rows.push_back({.id = exchange.id,
                         .task = static_cast<int>(task),
                         .assigned = assigned.task,
                         .calib = answer.calib,
                         .group = mark.group.value_or(FastHash(kin)),
                         .features = FeaturesOf(request),
                         .closeness = assigned.closeness,
                         .signals = answer.signals,
                         .passed = answer.passed,
                         .right = answer.right});
    data.embeddings.insert(data.embeddings.end(), assigned.embedding.begin(),
                           assigned.embedding.end());
    return {};
  }

  const RouterFiles& files_;
  const StageRun& run_;
  std::unordered_map<std::string, Answer> answers_;
  TaskModel::Scratch scratch_;
  RouterRows rows_;
};

}  // namespace

Result<std::vector<fs::path>> InputsOf(const RouterFiles& files) {
  std::vector<fs::path> inputs{files.tasks / kTasksFile, files.tasks / kAssignerFile};
  for (const fs::path& path : files.answers) inputs.push_back(AnswersIn(path));
  for (const fs::path& path : inputs) {
    std::error_code missing;
    if (!fs::exists(path, missing)) return Fail(NotFound("there is no file " + path.string()));
  }
  TRY(const json::value list, ReadTaskList(files.tasks));
  for (const json::value& task : list.get_array()) {
    for (const std::string_view part : kParts) {
      const fs::path folder = files.tasks / std::string(StringOr(task, "id"));
      const fs::path path = folder / fmt::format("{}.jsonl", part);
      std::error_code missing;
      if (!fs::exists(path, missing)) return Fail(NotFound("there is no file " + path.string()));
      inputs.push_back(path);
    }
  }
  return inputs;
}

Result<RouterRows> ReadRouterRows(const RouterFiles& files, const StageRun& run) {
  return RowReader(files, run).Read();
}

}  // namespace understudy
