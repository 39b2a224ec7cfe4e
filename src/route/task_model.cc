#include "route/task_model.h"

#include <algorithm>
#include <atomic>
#include <cmath>

#include <fmt/format.h>

#include "base/file.h"
#include "route/plain_name.h"
#include "route/task_model_file.h"

namespace understudy {
namespace {

constexpr size_t kMostName = 1000;  // bytes

Error Contradiction(std::string what) {
  return InvalidInput("the task model contradicts itself: " + std::move(what))
      .Mend("Make it again with understudy cluster.");
}

// No number, or one that no clustering writes: sums of such might be none.
constexpr float kMostWeight = 1e6F;
constexpr float kMostOfUnit = 1.01F;  // of a vector of length 1

bool AllWithin(std::span<const float> values, float most) {
  return std::ranges::all_of(values, [=](float value) { return std::fabs(value) <= most; });
}

bool IsSet(std::span<const uint32_t> list) {
  return std::ranges::adjacent_find(list, std::greater_equal()) == list.end();
}

Status CheckTask(const TaskInfo& info, const TaskShape& shape, size_t frames) {
  if (info.id.empty()) return Fail(Contradiction("a task without an id"));
  if (!IsPlainName(info.id)) {
    return Fail(Contradiction("the id of a task has others than letters, digits, '.', '_', '-'"));
  }
  const auto wrong = [&](std::string_view what) {
    return Fail(Contradiction(fmt::format("task {} has {}", info.id, what)));
  };
  if (std::max(info.name.size(), info.kind.size()) > kMostName) return wrong("an endless name");
  if (shape.frame >= frames) return wrong("a frame that is not there");
  if (shape.exemplars.empty()) return wrong("no exemplars");
  for (const Embedding& exemplar : shape.exemplars) {
    if (!AllWithin(exemplar, kMostOfUnit)) return wrong("an exemplar of numbers that are none");
  }
  if (!std::isfinite(shape.least_cosine)) return wrong("numbers that are none");
  if (!std::ranges::all_of(shape.cosines, [](float x) { return std::isfinite(x); }) ||
      !std::ranges::is_sorted(shape.cosines)) {
    return wrong("cosines out of order");
  }
  return {};
}

Status Check(const TaskModelData& data) {
  const Projection& projection = data.projection;
  if (projection.idf().size() != kBuckets || projection.scales().size() != kBuckets ||
      projection.rows().size() != kBuckets * kEmbeddingSize) {
    return Fail(Contradiction("a projection of another size"));
  }
  if (!AllWithin(projection.idf(), kMostWeight) || !AllWithin(projection.scales(), kMostWeight)) {
    return Fail(Contradiction("a projection with numbers that are none"));
  }
  if (data.tasks.size() != data.shapes.size()) {
    return Fail(Contradiction("not as many shapes as tasks"));
  }
  for (const Frame& frame : data.frames) {
    if (frame.shape >= kShapes) return Fail(Contradiction("a frame of a shape that no call has"));
    if (!IsSet(frame.shingles) || !IsSet(frame.tools)) {
      return Fail(Contradiction("a frame whose sets are not sorted"));
    }
  }
  std::vector<std::string_view> ids;
  for (size_t i = 0; i < data.tasks.size(); ++i) {
    TRY_VOID(CheckTask(data.tasks[i], data.shapes[i], data.frames.size()));
    ids.push_back(data.tasks[i].id);
  }
  std::ranges::sort(ids);
  const auto twice = std::ranges::adjacent_find(ids);
  if (twice != ids.end()) return Fail(Contradiction(fmt::format("two tasks {}", *twice)));
  return {};
}

// The share of the task's own calls that are no nearer than `cosine`.
float ClosenessOf(const TaskShape& shape, float cosine) {
  const auto above = std::ranges::upper_bound(shape.cosines, cosine);
  if (above == shape.cosines.begin()) return 0;
  if (above == shape.cosines.end()) return 1;
  const float upper = *above, lower = *(above - 1);
  const auto step = static_cast<float>(above - 1 - shape.cosines.begin());
  return (step + (cosine - lower) / (upper - lower)) / static_cast<float>(kClosenessSteps);
}

float Nearest(const TaskShape& shape, const Embedding& embedding) {
  float best = -1;
  for (const Embedding& exemplar : shape.exemplars) {
    best = std::max(best, Dot(exemplar, embedding));
  }
  return best;
}

// Models that live at different times must not be taken for each other by a scratch.
uint64_t NextId() {
  static std::atomic<uint64_t> last = 0;
  return ++last;
}

}  // namespace

TaskModel::Scratch::Scratch() : known_(kRemembered) {}

TaskModel::TaskModel(std::shared_ptr<const TaskModelData> data)
    : data_(std::move(data)), tasks_of_frame_(data_->frames.size()), id_(NextId()) {
  for (uint32_t task = 0; task < data_->shapes.size(); ++task) by_frame_.push_back(task);
  std::ranges::stable_sort(by_frame_, {}, [&](uint32_t task) { return data_->shapes[task].frame; });
  for (uint32_t i = 0; i < by_frame_.size(); ++i) {
    auto& [begin, end] = tasks_of_frame_[data_->shapes[by_frame_[i]].frame];
    if (end == 0) begin = i;
    end = i + 1;
  }
}

Result<TaskModel> TaskModel::Make(TaskModelData data) {
  TRY_VOID(Check(data));
  return TaskModel(std::make_shared<const TaskModelData>(std::move(data)));
}

Result<TaskModel> TaskModel::Load(const std::filesystem::path& folder) {
  const auto path = folder / kAssignerFile;
  std::error_code missing;
  if (!std::filesystem::exists(path, missing)) {
    return Fail(NotFound("there is no task model in " + folder.string())
                    .At(path.string())
                    .Mend("understudy cluster makes one."));
  }
  TRY(const std::string bytes, ReadFile(path, kMostTaskModelBytes));
  Result<TaskModel> model = Parse(bytes);
  if (!model) model.error().where = path.string();
  return model;
}

const TaskModel::Scratch::Known& TaskModel::Recall(const ChatRequest& request,
                                                   Scratch& scratch) const {
  if (scratch.model_ != id_) {
    for (auto& known : scratch.known_) known.bytes_hash = 0;
    scratch.model_ = id_;
  }
  const uint64_t hash = PromptBytesHash(request) | 1;
  Scratch::Known& known = scratch.known_[(hash >> 8) % Scratch::kRemembered];
  if (known.bytes_hash == hash) return known;
  known = {.bytes_hash = hash};
  ReadPrompt(request, scratch.prompt_);
  size_t best = 0;
  for (size_t i = 0; i < data_->frames.size(); ++i) {
    const size_t match = data_->frames[i].Match(scratch.prompt_);
    if (match <= best) continue;
    best = match;
    known.frame = static_cast<int>(i);
  }
  if (known.frame < 0) return known;
  VariableWords(scratch.prompt_, data_->frames[static_cast<size_t>(known.frame)], scratch.words_);
  scratch.counter_.AddHashes(scratch.words_);
  data_->projection.Add(scratch.counter_.Take(), kVariableShare, known.variable);
  return known;
}

int TaskModel::FrameOf(const ChatRequest& request, Scratch& scratch) const {
  return Recall(request, scratch).frame;
}

TaskModel::Assignment TaskModel::Assign(const ChatRequest& request, Scratch& scratch) const {
  const Scratch::Known& known = Recall(request, scratch);
  Embedding& embedding = scratch.embedding_;
  embedding = known.variable;
  data_->projection.Add(UserFeatures(request, scratch.counter_), 1 - kVariableShare, embedding);
  Normalize(embedding);
  Assignment assignment{.embedding = embedding};
  if (known.frame < 0) return assignment;
  const auto [begin, end] = tasks_of_frame_[static_cast<size_t>(known.frame)];
  float best = -2;
  for (uint32_t i = begin; i < end; ++i) {
    const float cosine = Nearest(data_->shapes[by_frame_[i]], embedding);
    if (cosine <= best) continue;
    best = cosine;
    assignment.task = static_cast<int>(by_frame_[i]);
  }
  if (assignment.task < 0) return assignment;
  const TaskShape& shape = data_->shapes[static_cast<size_t>(assignment.task)];
  assignment.closeness = ClosenessOf(shape, best);
  if (best < shape.least_cosine) assignment.task = -1;
  return assignment;
}

int TaskModel::Find(std::string_view id) const {
  const auto found = std::ranges::find(data_->tasks, id, &TaskInfo::id);
  return found == data_->tasks.end() ? -1 : static_cast<int>(found - data_->tasks.begin());
}

}  // namespace understudy
