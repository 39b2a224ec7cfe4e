// A task model of two tasks, one a prompt: "Label the mail." is t-1, "Be brief." is t-2. Calls that
// share words with "your parcel is late" and "book a table for two" are near.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "route/task_model.h"

namespace understudy {

inline constexpr char kMailPrompt[] = "Label the mail.";
inline constexpr char kDeskPrompt[] = "Be brief.";

inline ChatRequest AskedOf(std::string system, std::string user) {
  ChatRequest request;
  request.messages = {{.role = Role::kSystem, .text = std::move(system), .has_content = true},
                      {.role = Role::kUser, .text = std::move(user), .has_content = true}};
  return request;
}

inline TaskModelData SmallTasks() {
  std::vector<float> rows(kBuckets * kEmbeddingSize);
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i] = static_cast<float>(static_cast<int64_t>(FastHash("row", i) % 2001) - 1000) / 8000;
  }
  TaskModelData data{.projection = Projection::Quantized(rows, std::vector<float>(kBuckets, 1))};
  const auto add = [&](const ChatRequest& request, std::string id, std::string name) {
    Prompt prompt;
    ReadPrompt(request, prompt);
    data.frames.push_back(Frame::Of(prompt));
    FeatureCounter counter;
    TaskShape shape{.frame = static_cast<uint32_t>(data.tasks.size()), .least_cosine = -1};
    data.projection.Add(UserFeatures(request, counter), 1, shape.exemplars.emplace_back());
    Normalize(shape.exemplars[0]);
    for (size_t i = 0; i < shape.cosines.size(); ++i) {
      shape.cosines[i] = 0.3F + 0.04F * static_cast<float>(i);
    }
    data.shapes.push_back(std::move(shape));
    data.tasks.push_back({std::move(id), std::move(name), "tool_call"});
  };
  add(AskedOf(kMailPrompt, "your parcel is late"), "t-1", "label-mail");
  add(AskedOf(kDeskPrompt, "book a table for two"), "t-2",
      "book-t\xc3\xa4"
      "ble");
  return data;
}

}  // namespace understudy
