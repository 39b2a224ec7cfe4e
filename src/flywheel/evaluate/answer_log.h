// answers.jsonl while it grows: each line is on its way to the disk before the next is asked for,
// and what an interrupted run left is taken up again.
#pragma once

#include <filesystem>
#include <span>
#include <vector>

#include "base/result.h"
#include "flywheel/evaluate/graded_answer.h"

namespace understudy {

class AnswerLog {
 public:
  // With `resumed`, reads what is there: each answer to one of `examples` once. A line that was cut
  // off, or that answers none of them, goes.
  static Result<AnswerLog> Open(const std::filesystem::path& path, bool resumed,
                                std::span<const EvalExample> examples);
  AnswerLog(AnswerLog&& other) noexcept;
  AnswerLog& operator=(AnswerLog&&) = delete;
  ~AnswerLog();

  Status Add(GradedAnswer graded);  // one thread at a time
  const std::vector<GradedAnswer>& answers() const { return answers_; }
  // Indexes of the examples that no line answers yet.
  const std::vector<size_t>& open_examples() const { return open_; }

 private:
  explicit AnswerLog(int file) : file_(file) {}
  int file_ = -1;
  std::vector<GradedAnswer> answers_;
  std::vector<size_t> open_;
};

}  // namespace understudy
