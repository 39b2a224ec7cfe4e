#include "access/audit_verify.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/file.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 6> kFaults{"altered",   "reordered", "gap",
                                                  "truncated", "forked",    "unfinished"};
constexpr uint64_t kMaxLogBytes = uint64_t{1} << 31;

// Writers that have a log or a head beside where one was.
Result<std::vector<std::string>> Writers(const fs::path& workspace) {
  std::vector<std::string> writers;
  std::error_code failed;
  for (const auto& entry : fs::directory_iterator(AuditFolder(workspace), failed)) {
    const fs::path name = entry.path().filename();
    if (name.extension() != ".jsonl" && name.extension() != ".head") continue;
    const std::string writer = name.stem().string();
    if (std::ranges::find(writers, writer) == writers.end()) writers.push_back(writer);
  }
  if (failed && failed != std::errc::no_such_file_or_directory) {
    return Fail(IoErrorFromErrno("cannot read the folder audit", failed.value()));
  }
  std::ranges::sort(writers);
  return writers;
}

struct LogLines {
  std::string text;
  std::vector<std::string_view> whole;
  bool unfinished = false;
};

Result<LogLines> ReadLines(const fs::path& path) {
  LogLines lines;
  std::error_code unknown;
  if (!fs::exists(path, unknown) && !unknown) return lines;
  TRY(lines.text, ReadFile(path, kMaxLogBytes));
  std::string_view rest = lines.text;
  while (!rest.empty()) {
    const size_t end = rest.find('\n');
    lines.unfinished = end == std::string_view::npos;
    if (lines.unfinished) break;
    lines.whole.push_back(rest.substr(0, end));
    rest.remove_prefix(end + 1);
  }
  return lines;
}

// One writer's log, from its first line to its last.
class Walk {
 public:
  Walk(std::string writer, const std::string& key, AuditReport& report)
      : writer_(std::move(writer)), key_(key), report_(report) {}

  // False once something was found.
  bool Follow(const std::vector<std::string_view>& lines) {
    macs_.push_back(AuditGenesis(key_, writer_));
    for (size_t i = 0; i < lines.size(); ++i) {
      if (!Line(lines, i)) return false;
      ++report_.entries;
    }
    return true;
  }

  // Of a log that is sound so far.
  bool Reaches(const AuditHead& head, std::string_view which) {
    const auto length = static_cast<int64_t>(macs_.size()) - 1;
    if (length < head.number) {
      return Found(
          AuditFault::kTruncated, length,
          fmt::format("it has {} lines, and {} says that it had {}", length, which, head.number));
    }
    if (macs_[static_cast<size_t>(head.number)] == head.mac) return true;
    return Found(AuditFault::kForked, head.number,
                 fmt::format("line {} is not the one that {} was taken of", head.number, which));
  }

  bool Found(AuditFault fault, int64_t line, std::string what) {
    report_.findings.push_back({fault, writer_, line, std::move(what)});
    return false;
  }
  void AddHead() {
    if (macs_.size() > 1) {
      report_.heads.push_back({writer_, static_cast<int64_t>(macs_.size()) - 1, macs_.back()});
    }
  }

 private:
  bool Line(const std::vector<std::string_view>& lines, size_t i) {
    const auto number = static_cast<int64_t>(i) + 1;
    const auto entry = ParseAuditLine(lines[i]);
    if (!entry || !IsAuditMacRight(lines[i], key_) || entry->writer != writer_) {
      return Found(AuditFault::kAltered, number, "this line is not what was written");
    }
    if (entry->number != number) return OutOfPlace(lines, i, entry->number);
    if (entry->previous != macs_.back()) {
      return Found(AuditFault::kForked, number, "this line does not follow the one before it");
    }
    macs_.push_back(entry->mac);
    return true;
  }

  // A sound line in a wrong place: what is missing here stands further down, or nowhere.
  bool OutOfPlace(const std::vector<std::string_view>& lines, size_t i, int64_t is) {
    const auto expected = static_cast<int64_t>(i) + 1;
    const bool later = std::ranges::any_of(lines.begin() + static_cast<ptrdiff_t>(i), lines.end(),
                                           [expected](std::string_view line) {
                                             const auto entry = ParseAuditLine(line);
                                             return entry && entry->number == expected;
                                           });
    if (later || is < expected) {
      return Found(AuditFault::kReordered, expected,
                   fmt::format("entry {} stands where {} belongs", is, expected));
    }
    return Found(AuditFault::kGap, expected,
                 fmt::format("entries {} to {} are missing", expected, is - 1));
  }

  const std::string writer_;
  const std::string& key_;
  AuditReport& report_;
  std::vector<std::string> macs_;  // by number; that of 0 is the genesis
};

Status CheckLocalHead(const fs::path& path, const std::string& key, Walk& walk) {
  std::error_code unknown;
  if (!fs::exists(path, unknown) && !unknown) return {};
  TRY(const std::string text, ReadFile(path, 4096));
  const auto value = ParseJson(text);
  const auto head = value ? ReadHead(*value, key) : Result<AuditHead>(Fail(value.error()));
  if (head) {
    walk.Reaches(*head, "the head beside it");
  } else {
    walk.Found(AuditFault::kAltered, 0, "the head beside it: " + head.error().message);
  }
  return {};
}

Status VerifyOne(const fs::path& workspace, const std::string& writer, const std::string& key,
                 const std::vector<AuditHead>& heads, AuditReport& report) {
  TRY(const LogLines lines, ReadLines(AuditLogPath(workspace, writer)));
  Walk walk(writer, key, report);
  const size_t before = report.findings.size();
  if (!walk.Follow(lines.whole)) return {};
  for (const AuditHead& head : heads) {
    if (head.writer == writer && !walk.Reaches(head, "an exported head")) return {};
  }
  TRY_VOID(CheckLocalHead(AuditHeadPath(workspace, writer), key, walk));
  if (report.findings.size() > before) return {};
  walk.AddHead();
  if (lines.unfinished) {
    walk.Found(AuditFault::kUnfinished, static_cast<int64_t>(lines.whole.size()) + 1,
               "the last line is cut short, as by a crash; the next entry takes its place");
  }
  return {};
}

}  // namespace

std::string_view Name(AuditFault fault) {
  return kFaults.at(static_cast<size_t>(fault));
}

Result<AuditReport> VerifyAudit(const fs::path& workspace, const std::vector<AuditHead>& heads) {
  TRY(std::vector<std::string> writers, Writers(workspace));
  for (const AuditHead& head : heads) {
    if (std::ranges::find(writers, head.writer) == writers.end()) writers.push_back(head.writer);
  }
  if (writers.empty()) {
    return Fail(NotFound("there is no audit log yet")
                    .At(AuditFolder(workspace).string())
                    .Mend("It begins with the first read of a body, or the first key."));
  }
  TRY(const std::string key, LoadAuditKey(workspace));
  AuditReport report;
  for (const std::string& writer : writers) {
    TRY_VOID(VerifyOne(workspace, writer, key, heads, report));
  }
  return report;
}

std::string FormatHeads(const std::vector<AuditHead>& heads, std::string_view key, int64_t at_ms) {
  json::array list;
  for (const AuditHead& head : heads) list.push_back(HeadJson(head, key));
  return json::serialize(json::object{
             {"version", kAuditVersion}, {"at", FormatWallMs(at_ms)}, {"heads", std::move(list)}}) +
         '\n';
}

Result<std::vector<AuditHead>> ParseHeads(std::string_view json, std::string_view key) {
  TRY(const json::value file, ParseJson(json));
  const json::value* list = Find(file, "heads");
  if (IntOr(file, "version", 0) != kAuditVersion || !list || !list->is_array()) {
    return Fail(InvalidInput("these are no heads of an audit log of this version")
                    .Mend("understudy audit heads > FILE makes them."));
  }
  std::vector<AuditHead> heads;
  for (const json::value& value : list->get_array()) {
    TRY(AuditHead head, ReadHead(value, key));
    heads.push_back(std::move(head));
  }
  return heads;
}

Result<std::vector<AuditEntry>> ReadAudit(const fs::path& workspace, size_t limit) {
  TRY(const std::vector<std::string> writers, Writers(workspace));
  std::vector<AuditEntry> all;
  for (const std::string& writer : writers) {
    TRY(const LogLines lines, ReadLines(AuditLogPath(workspace, writer)));
    const size_t begin = lines.whole.size() > limit ? lines.whole.size() - limit : 0;
    for (size_t i = begin; i < lines.whole.size(); ++i) {
      if (auto entry = ParseAuditLine(lines.whole[i])) all.push_back(*std::move(entry));
    }
  }
  std::ranges::stable_sort(all, {}, &AuditEntry::at_ms);
  if (all.size() > limit) all.erase(all.begin(), all.end() - static_cast<ptrdiff_t>(limit));
  return all;
}

}  // namespace understudy
