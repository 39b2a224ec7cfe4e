#include "flywheel/cluster/fit.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include <fmt/format.h>

#include "flywheel/cluster/exemplars.h"
#include "flywheel/cluster/hdbscan.h"

namespace understudy {
namespace {

constexpr size_t kGraphNeighbours = 48;
constexpr double kOutermost = 0.01;  // of a cluster's own calls may lie beyond its border

// How near a call must be to be one of a task's that has others beside it. New calls lie a little
// farther out than those that were fitted to, by as much as these spread.
float BorderOf(const TaskShape& shape, const std::vector<Embedding>& points) {
  std::vector<float> cosines;
  for (const Embedding& point : points) {
    cosines.push_back(NearestCosine(shape.exemplars, point));
  }
  std::ranges::sort(cosines);
  const float least = cosines[static_cast<size_t>(kOutermost * static_cast<double>(points.size()))];
  return least - (cosines[cosines.size() / 2] - least) / 2;
}

class Fit {
 public:
  Fit(FitCalls calls, const FitOptions& options, const FindNeighbours& find, const StageRun& run)
      : calls_(std::move(calls)), options_(options), find_(find), run_(run) {}

  Result<TaskModelData> Run() {
    data_.frames = FindFrames(calls_.prompts, options_.least_rows);
    if (data_.frames.empty()) return Fail(TooFew());
    TRY_VOID(Embed());
    members_.resize(data_.frames.size());
    for (size_t i = 0; i < calls_.calls.size(); ++i) {
      const int frame = FrameOf(i);
      if (frame >= 0) members_[static_cast<size_t>(frame)].push_back(i);
    }
    for (uint32_t frame = 0; frame < data_.frames.size(); ++frame) {
      TRY_VOID(run_.Step("Clustering", frame, std::ssize(data_.frames)));
      TRY_VOID(TasksOf(frame));
    }
    return std::move(data_);
  }

 private:
  int FrameOf(size_t call) const { return calls_.prompts[calls_.calls[call].prompt].frame; }

  Error TooFew() const {
    return InvalidInput(fmt::format("no prompt has {} calls for training, which a task needs",
                                    options_.least_rows))
        .Mend("Record more calls, or lower --least.");
  }

  Status Embed() {
    std::vector<FitText> texts;
    texts.reserve(calls_.calls.size());
    FeatureCounter counter;
    for (size_t i = 0; i < calls_.calls.size(); ++i) {
      FitText text{.user = std::move(calls_.calls[i].user)};
      counter.AddHashes(calls_.prompts[calls_.calls[i].prompt].variable);
      const auto variable = counter.Take();
      text.variable.assign(variable.begin(), variable.end());
      // Calls of no frame count too: they are of the log's language.
      text.group = static_cast<uint32_t>(FrameOf(i) + 1);
      texts.push_back(std::move(text));
    }
    TRY(data_.projection, FitProjection(texts, options_.seed, run_));
    embeddings_.reserve(texts.size());
    for (const FitText& text : texts) {
      embeddings_.push_back(EmbeddingOf(data_.projection, text));
    }
    return {};
  }

  Status TasksOf(uint32_t frame) {
    const std::vector<size_t>& members = members_[frame];
    TRY(const std::vector<int32_t> labels, Labels(members));
    const int32_t count = *std::ranges::max_element(labels) + 1;
    for (int32_t label = 0; label < std::max(count, 1); ++label) {
      std::vector<Embedding> points;
      for (size_t i = 0; i < members.size(); ++i) {
        if (count < 2 || labels[i] == label) points.push_back(embeddings_[members[i]]);
      }
      AddTask(frame, points, count > 1);
    }
    MeasureTasks(frame, members);
    return {};
  }

  // Of each member, a task's number or kNoise; all kNoise or 0 where the frame is one task.
  Result<std::vector<int32_t>> Labels(const std::vector<size_t>& members) {
    std::vector<int32_t> labels(members.size(), kNoise);
    const auto least = static_cast<size_t>(std::max(
        options_.least_rows, static_cast<int64_t>(std::llround(
                                 options_.least_share * static_cast<double>(members.size())))));
    if (members.size() < 2 * least) return labels;
    const size_t stride = (members.size() - 1) / static_cast<size_t>(options_.most_rows) + 1;
    std::vector<float> values;
    std::vector<size_t> chosen;
    for (size_t i = 0; i < members.size(); i += stride) {
      const Embedding& point = embeddings_[members[i]];
      values.insert(values.end(), point.begin(), point.end());
      chosen.push_back(i);
    }
    TRY(auto edges, Tree(Points{values, kEmbeddingSize}));
    const auto found =
        LabelsOfTree(std::move(edges), chosen.size(), std::max<size_t>(2, least / stride));
    for (size_t i = 0; i < chosen.size(); ++i) labels[chosen[i]] = found[i];
    Merge(members, labels);
    return labels;
  }

  Result<std::vector<TreeEdge>> Tree(const Points& points) const {
    const auto samples = static_cast<size_t>(options_.min_samples);
    if (std::ssize(points.values) <= options_.exact_rows * std::ssize(Embedding{})) {
      return TreeOfAllPairs(points, samples);
    }
    TRY(const Neighbours neighbours,
        find_(points, std::min(points.count(), std::max(kGraphNeighbours, samples))));
    return TreeOfGraph(points, neighbours, samples);
  }

  void Merge(const std::vector<size_t>& members, std::vector<int32_t>& labels) const {
    const int32_t count = *std::ranges::max_element(labels) + 1;
    if (count < 2) return;
    std::vector<ComparedRow> rows;
    for (size_t i = 0; i < members.size(); ++i) {
      const FitCalls::Call& call = calls_.calls[members[i]];
      rows.push_back({labels[i], call.prompt, call.coarse, call.fine});
    }
    const auto merged = MergeAlike(rows, static_cast<size_t>(count), options_.apart_bits);
    for (int32_t& label : labels) {
      if (label >= 0) label = merged[static_cast<size_t>(label)];
    }
  }

  void AddTask(uint32_t frame, const std::vector<Embedding>& points, bool bordered) {
    TaskShape shape{.frame = frame, .least_cosine = -1, .exemplars = ExemplarsOf(points)};
    if (bordered) shape.least_cosine = BorderOf(shape, points);
    const std::string name = fmt::format("{}", data_.tasks.size());
    data_.tasks.push_back({.id = name, .name = name});
    data_.shapes.push_back(std::move(shape));
  }

  // The cosines of all calls that the tasks of this frame will be given.
  void MeasureTasks(uint32_t frame, const std::vector<size_t>& members) {
    size_t first = data_.shapes.size();
    while (first > 0 && data_.shapes[first - 1].frame == frame) --first;
    std::vector<std::vector<float>> cosines(data_.shapes.size() - first);
    for (const size_t member : members) {
      size_t best = first;
      float most = -2;
      for (size_t task = first; task < data_.shapes.size(); ++task) {
        const float cosine = NearestCosine(data_.shapes[task].exemplars, embeddings_[member]);
        if (cosine > most) most = cosine, best = task;
      }
      if (most >= data_.shapes[best].least_cosine) cosines[best - first].push_back(most);
    }
    for (size_t task = first; task < data_.shapes.size(); ++task) {
      data_.shapes[task].cosines = StepsOf(std::move(cosines[task - first]));
    }
  }

  FitCalls calls_;
  const FitOptions& options_;
  const FindNeighbours& find_;
  const StageRun& run_;
  TaskModelData data_{.projection = Projection({}, {}, {})};
  std::vector<Embedding> embeddings_;
  std::vector<std::vector<size_t>> members_;  // of each frame: indexes of calls
};

}  // namespace

Result<TaskModelData> FitTasks(FitCalls calls, const FitOptions& options,
                               const FindNeighbours& find_neighbours, const StageRun& run) {
  return Fit(std::move(calls), options, find_neighbours, run).Run();
}

}  // namespace understudy
