#include "flywheel/evaluate/answer_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <map>
#include <set>

#include "base/file.h"
#include "base/line_reader.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;
using Key = std::pair<std::string, int64_t>;  // part, row

// The lines of an earlier run that still hold.
Result<std::vector<GradedAnswer>> ReadLines(const fs::path& path,
                                            std::span<const EvalExample> examples) {
  std::map<Key, const EvalExample*> wanted;
  for (const EvalExample& one : examples) wanted[{one.part, one.row}] = &one;
  std::vector<GradedAnswer> answers;
  TRY(LineReader reader, LineReader::Open(path.string()));
  std::string line;
  for (;;) {
    const Result<bool> got = reader.Next(line);
    if (reader.failed()) return Fail(got.error());
    if (got && !*got) return answers;
    auto graded = got ? GradedAnswerFrom(line) : Result<GradedAnswer>(Fail(got.error()));
    if (!graded) continue;
    const auto place = wanted.find({graded->part, graded->row});
    if (place == wanted.end() || place->second->id != graded->id) continue;
    wanted.erase(place);
    answers.push_back(*std::move(graded));
  }
}

std::string LineOf(const GradedAnswer& graded) {
  return json::serialize(ToJson(graded)) + '\n';
}

}  // namespace

Result<AnswerLog> AnswerLog::Open(const fs::path& path, bool resumed,
                                  std::span<const EvalExample> examples) {
  std::vector<GradedAnswer> answers;
  if (resumed && fs::exists(path)) {
    TRY(answers, ReadLines(path, examples));
  }
  std::string whole;
  std::set<Key> done;
  for (const GradedAnswer& graded : answers) {
    whole += LineOf(graded);
    done.emplace(graded.part, graded.row);
  }
  TRY_VOID(WriteFileAtomically(path, whole, 0600));
  const int file = ::open(path.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (file < 0) return Fail(IoErrorFromErrno("cannot open " + path.string(), errno));
  AnswerLog log(file);
  log.answers_ = std::move(answers);
  for (size_t i = 0; i < examples.size(); ++i) {
    if (!done.contains({examples[i].part, examples[i].row})) log.open_.push_back(i);
  }
  return log;
}

AnswerLog::AnswerLog(AnswerLog&& other) noexcept
    : file_(std::exchange(other.file_, -1)),
      answers_(std::move(other.answers_)),
      open_(std::move(other.open_)) {}

AnswerLog::~AnswerLog() {
  if (file_ >= 0) ::close(file_);
}

Status AnswerLog::Add(GradedAnswer graded) {
  const std::string line = LineOf(graded);
  for (size_t at = 0; at < line.size();) {
    const auto written = ::write(file_, line.data() + at, line.size() - at);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return Fail(IoErrorFromErrno("cannot write the answers", errno));
    at += static_cast<size_t>(written);
  }
  answers_.push_back(std::move(graded));
  return {};
}

}  // namespace understudy
