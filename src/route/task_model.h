// Which task a request belongs to: the online half of clustering. `understudy cluster` writes the
// model (assigner.bin), the router reads it.
//
//   TRY(const TaskModel model, TaskModel::Load(folder));
//   TaskModel::Scratch scratch;                          // one a thread, kept
//   const auto [task, closeness, embedding] = model.Assign(request, scratch);
//
// First the prompt: its frame (fingerprint.h) leaves the tasks of that frame. Then the meaning: the
// task with the exemplar nearest to the request's embedding (embedding.h). A request of a frame
// with one task always belongs to it; where there are several, one that is far from all has none.
// Prompts repeat, so what is known of a prompt is remembered in the scratch by its hash.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "chat/request.h"
#include "route/embedding.h"
#include "route/fingerprint.h"

namespace understudy {

inline constexpr std::string_view kAssignerFile = "assigner.bin";
inline constexpr size_t kClosenessSteps = 16;

struct TaskInfo {
  std::string id;    // "t-9f2c11d0"; survives clustering again
  std::string name;  // "book-table"; for people
  std::string kind;  // of most answers: tool_call, json, label, number, text (dataset/score.h)
};

// What the online half needs to know of a task.
struct TaskShape {
  uint32_t frame = 0;      // index into TaskModelData::frames
  float least_cosine = 0;  // a request farther from all exemplars is none of the task's; -1: any is
  // Of the task's own calls, the cosines with the nearest exemplar: least, then each sixteenth, up
  // to the greatest. Rising.
  std::array<float, kClosenessSteps + 1> cosines{};
  std::vector<Embedding> exemplars;  // at least one
};

struct TaskModelData {
  Projection projection;
  std::vector<Frame> frames;
  std::vector<TaskInfo> tasks;
  std::vector<TaskShape> shapes;  // as many as tasks
};

class TaskModel {
 public:
  struct Assignment {
    int task = -1;        // index into tasks(); -1: none
    float closeness = 0;  // the share of the task's own calls that are as far away or farther, 0..1
    std::span<const float> embedding;  // kEmbeddingSize, of length 1 (or zeros); in the scratch
  };
  // A thread's memory: about 200 kB. Must not be shared. May be used with one model after another.
  class Scratch {
   public:
    Scratch();

   private:
    friend class TaskModel;
    static constexpr size_t kRemembered = 64;
    struct Known {
      uint64_t bytes_hash = 0;
      int frame = -1;
      Embedding variable{};  // the projection of the prompt's own words
    };
    uint64_t model_ = 0;  // whose prompts are remembered
    std::vector<Known> known_;
    Prompt prompt_;
    std::vector<uint32_t> words_;
    FeatureCounter counter_;
    Embedding embedding_{};
  };

  // Reads folder/assigner.bin. kNotFound where there is none; kInvalidInput for a file that is none
  // of ours, of another version, cut short, damaged, or that contradicts itself.
  static Result<TaskModel> Load(const std::filesystem::path& folder);
  static Result<TaskModel> Parse(std::string_view bytes);
  // kInvalidInput for data that contradicts itself.
  static Result<TaskModel> Make(TaskModelData data);

  // Thread-safe: the model never changes. No lock, no disk, no allocation once the scratch has
  // grown.
  Assignment Assign(const ChatRequest& request, Scratch& scratch) const;
  // The frame alone, -1 for none; and the embedding, which every request has.
  int FrameOf(const ChatRequest& request, Scratch& scratch) const;

  std::span<const TaskInfo> tasks() const { return data_->tasks; }
  int Find(std::string_view id) const;  // index into tasks(), -1: no such task
  const TaskModelData& data() const { return *data_; }

 private:
  explicit TaskModel(std::shared_ptr<const TaskModelData> data);
  const Scratch::Known& Recall(const ChatRequest& request, Scratch& scratch) const;

  std::shared_ptr<const TaskModelData> data_;
  std::vector<std::pair<uint32_t, uint32_t>> tasks_of_frame_;  // a range of by_frame_
  std::vector<uint32_t> by_frame_;                             // tasks, frame by frame
  uint64_t id_ = 0;
};

// The bytes of assigner.bin (task_model_file.h has the format).
std::string SerializeTaskModel(const TaskModelData& data);

// The embedding of a request whose frame is known: what clustering fits on and what Assign uses.
// `share` of the prompt's own words: kVariableShare; the rest is the user's.
inline constexpr float kVariableShare = 0.5F;

}  // namespace understudy
