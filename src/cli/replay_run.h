// The engine of `understudy replay`: sends recorded requests to an OpenAI-compatible endpoint,
// so many at once or at a given rate, and keeps what came of each.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/runtime.h"
#include "chat/answer.h"
#include "chat/request.h"
#include "net/client.h"

namespace understudy {

struct ReplayItem {
  std::string id, session, agent;
  ChatRequest request;
  std::optional<ChatAnswer> recorded;  // what its answer was, where there is one
  bool follows = false;  // a later call of the item before it: sent behind it, by the same worker,
                         // and only where that one's answer was equal to the recorded one
};

struct ReplayPlan {
  Url url;                    // up to and without "/chat/completions"
  std::string authorization;  // "Bearer ..."; empty: none is sent
  std::string model;          // in place of the recorded model's name; empty: as recorded
  bool stream = false;        // stream every answer; else as recorded
  int64_t concurrency = 1;    // requests at once
  double rate = 0;            // requests (with those that follow them) begun a second; 0: as fast
                              // as answers come
  std::chrono::milliseconds timeout{120'000};  // of one request
  std::chrono::milliseconds max_time{0};       // of the whole run; 0: no limit
  bool keep_answers = false;                   // in the results
  // Whether an answer equals the item's recorded one; empty: SameAnswer. Called on the runtime's
  // threads.
  std::function<bool(const ReplayItem&, const ChatAnswer&)> same;
};

struct ReplayResult {
  bool sent = false;     // false: the run ended before its turn, or what it follows went wrong
  int status = 0;        // HTTP; 0: no answer came
  std::string error;     // why there is no answer; empty where there is one
  std::string outcome;   // x-understudy-outcome, or the stream's closing comment
  std::string model;     // x-understudy-model
  std::string route;     // x-understudy-route
  std::string task;      // x-understudy-task
  std::string verdict;   // x-understudy-verdict; of plain answers only
  int64_t first_us = 0;  // to the first piece of the answer's body
  int64_t total_us = 0;  // to its end. Under a rate both count from the planned moment, so
                         // that a slow endpoint cannot hide by delaying the next request
  Usage usage;
  std::optional<bool> equal;  // to the recorded answer; unset where there is nothing to compare
  std::optional<ChatAnswer> answer;  // where they are kept
  bool answered() const { return sent && error.empty(); }
};

class ReplayRun {
 public:
  // `done` is called after each result, on a thread of the runtime. `items` and `plan` must
  // outlive the run.
  ReplayRun(const std::vector<ReplayItem>& items, const ReplayPlan& plan,
            std::function<void()> done);
  ~ReplayRun();

  // Begins on a started runtime; call once.
  void Start(Runtime& runtime);
  // Waits so long; true once all is over.
  bool Wait(std::chrono::milliseconds limit);
  // No new requests; those that run are cancelled. Thread-safe.
  void Stop();

  // One an item, in their order. Only once Wait returned true.
  const std::vector<ReplayResult>& results() const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace understudy
