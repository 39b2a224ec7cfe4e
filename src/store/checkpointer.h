// Moves the log (WAL) into the main file, beside the writer and not in its way: on a busy disk 16
// MB take a quarter of a second, and what is recorded meanwhile should be committed meanwhile.
//
// A short-lived thread with a connection of its own does the bulk. It cannot finish while commits
// go on, and only an empty log starts again at its beginning; so the writer does the last few
// pages.
#pragma once

#include <cstdint>
#include <filesystem>
#include <future>

#include "store/sqlite.h"

namespace understudy {

class Checkpointer {
 public:
  // `writer`: the connection that commits; must outlive this. Turns its own checkpoints off.
  explicit Checkpointer(Database& writer);
  ~Checkpointer();  // waits for a run under way

  // After each commit, on the writer's thread.
  void AfterCommit();

 private:
  static void MoveBulk(const std::filesystem::path& path);
  void Start();
  void Finish();

  Database& writer_;
  int64_t due_pages_;  // how long the log may be before the next run
  std::future<void> running_;
};

}  // namespace understudy
