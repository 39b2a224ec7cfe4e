// assigner.bin, whoever wrote it: tasks that every request can be assigned to, or an error. The
// first byte of an input says what the rest is: "w" a whole file, anything else what follows the
// projection in a file whose header, length and checksum are right: most of a file is a table of
// numbers, and no fuzzer guesses a checksum.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "route/task_model.h"
#include "route/task_model_file.h"

namespace {

using namespace understudy;

void Want(bool right) {
  if (!right) std::abort();
}

// A file of no tasks up to its frames: header and projection.
const std::string& Beginning() {
  static const std::string bytes = [] {
    std::vector<float> numbers(kBuckets, 1);
    std::vector<int8_t> rows(kBuckets * kEmbeddingSize);
    for (size_t i = 0; i < rows.size(); ++i) rows[i] = static_cast<int8_t>(i * 37 % 251 - 125);
    const TaskModelData none{.projection{numbers, numbers, std::move(rows)}};
    std::string whole = SerializeTaskModel(none);
    whole.resize(whole.size() - 2 * sizeof(uint32_t));  // no frames, no tasks
    return whole;
  }();
  return bytes;
}

std::string FileOf(std::string_view rest) {
  std::string bytes = Beginning();
  bytes += rest;
  const std::string_view payload = std::string_view(bytes).substr(kTaskModelHeader);
  const uint64_t length = payload.size(), checksum = FastHash(payload);
  std::memcpy(bytes.data() + 24, &length, sizeof(length));
  std::memcpy(bytes.data() + 32, &checksum, sizeof(checksum));
  return bytes;
}

ChatRequest Ask(std::string system, std::string user) {
  ChatRequest request;
  request.messages.push_back({.role = Role::kSystem, .text = std::move(system)});
  request.messages.push_back({.role = Role::kUser, .text = std::move(user)});
  return request;
}

void Assign(const TaskModel& model, const ChatRequest& request) {
  static TaskModel::Scratch scratch;
  const auto assigned = model.Assign(request, scratch);
  Want(assigned.task >= -1 && assigned.task < std::ssize(model.tasks()));
  Want(assigned.closeness >= 0 && assigned.closeness <= 1);
  Want(assigned.embedding.size() == kEmbeddingSize);
  for (const float x : assigned.embedding) Want(std::isfinite(x) && std::fabs(x) < 1.01F);
  if (assigned.task < 0) return;
  const std::string& id = model.tasks()[static_cast<size_t>(assigned.task)].id;
  Want(model.Find(id) == assigned.task);
}

// With its first frame one that `request` is of, so that tasks are looked at.
void AssignNear(TaskModelData data, const ChatRequest& request) {
  if (data.frames.empty()) return;
  Prompt prompt;
  ReadPrompt(request, prompt);
  data.frames[0] = Frame::Of(prompt);
  const auto near = TaskModel::Make(std::move(data));
  Want(near.has_value());
  Assign(*near, request);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const bool whole = bytes.starts_with('w');
  if (!bytes.empty()) bytes.remove_prefix(1);
  const std::string file = whole ? std::string(bytes) : FileOf(bytes);
  const auto model = TaskModel::Parse(file);
  if (!model) {
    Want(model.error().kind == ErrorKind::kInvalidInput && !model.error().mend.empty());
    return 0;
  }
  Want(SerializeTaskModel(model->data()) == file || whole);
  Assign(*model, Ask("Label the mail.", "your parcel is late"));
  AssignNear(model->data(), Ask("Be brief.", "book a table for two"));
  Assign(*model, ChatRequest{});
  return 0;
}
