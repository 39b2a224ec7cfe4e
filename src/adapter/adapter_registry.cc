#include "adapter/adapter_registry.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>

#include <fmt/format.h>

#include "base/file.h"
#include "base/ids.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;

constexpr size_t kLongestTask = 64;

// A folder that goes away unless it was published.
class Unpublished {
 public:
  explicit Unpublished(fs::path path) : path_(std::move(path)) {}
  ~Unpublished() {
    std::error_code ignored;
    if (!path_.empty()) fs::remove_all(path_, ignored);
  }
  Unpublished(const Unpublished&) = delete;
  Unpublished& operator=(const Unpublished&) = delete;
  const fs::path& path() const { return path_; }
  void Keep() { path_.clear(); }

 private:
  fs::path path_;
};

// "v12" -> 12; 0 for other names.
uint32_t NumberOf(const std::string& name) {
  uint32_t number = 0;
  if (name.size() < 2 || name[0] != 'v' || name[1] == '0') return 0;
  const auto [end, bad] = std::from_chars(name.data() + 1, name.data() + name.size(), number);
  return bad == std::errc() && end == name.data() + name.size() ? number : 0;
}

// Names of the folders in `folder`; none where it is absent.
Result<std::vector<std::string>> FoldersIn(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code failed;
  fs::directory_iterator entries(folder, failed);
  if (failed == std::errc::no_such_file_or_directory) return names;
  for (; !failed && entries != fs::directory_iterator(); entries.increment(failed)) {
    std::error_code ignored;
    if (entries->is_directory(ignored)) names.push_back(entries->path().filename().string());
  }
  if (failed) return Fail(IoErrorFromErrno("cannot list " + folder.string(), failed.value()));
  return names;
}

Result<uint32_t> NextNumber(const fs::path& folder) {
  TRY(const auto names, FoldersIn(folder));
  uint32_t last = 0;
  for (const std::string& name : names) last = std::max(last, NumberOf(name));
  return last + 1;
}

// False where the number was taken meanwhile: a version is never empty, and rename(2) replaces
// empty folders only.
Result<bool> Rename(const fs::path& from, const fs::path& to) {
  if (::rename(from.c_str(), to.c_str()) == 0) return true;
  if (errno == ENOTEMPTY || errno == EEXIST) return false;
  return Fail(IoErrorFromErrno("cannot publish " + to.string(), errno));
}

std::string WithoutPeft(const fs::path& folder) {
  const auto text = ReadFile(folder / kManifestFile);
  const auto manifest = text ? ParseJson(*text) : Result<json::value>(Fail(text.error()));
  return manifest ? std::string(StringOr(*manifest, "without_peft")) : std::string();
}

}  // namespace

Status CheckTaskName(std::string_view task) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
  };
  if (!task.empty() && task.size() <= kLongestTask && task[0] != '.' && task[0] != '-' &&
      std::ranges::all_of(task, allowed)) {
    return {};
  }
  return Fail(
      InvalidInput(fmt::format("\"{}\" cannot name a task", task))
          .Mend("Take 1 to 64 letters, digits, '-', '_' and '.', a letter or digit first."));
}

std::string AdapterVersion::name() const {
  return fmt::format("v{}", number);
}

Result<AdapterVersion> AdapterRegistry::Publish(const LoraAdapter& adapter, TensorType type,
                                                const GgufFile& base,
                                                TrainingRecord& record) const {
  TRY_VOID(CheckTaskName(record.task));
  const fs::path folder = root_ / record.task;
  TRY_VOID(MakeFolders(folder));
  Unpublished draft(folder / fmt::format(".new-{}-{}", ::getpid(), ToHex(RandomBytes(4))));
  TRY(uint32_t number, NextNumber(folder));
  TRY_VOID(
      WriteAdapterFolder(draft.path(), fmt::format("v{}", number), adapter, type, base, record));
  for (;;) {
    const AdapterVersion version{record.task, number, folder / fmt::format("v{}", number)};
    TRY(const bool published, Rename(draft.path(), version.folder));
    if (published) {
      draft.Keep();
      return version;
    }
    TRY(const uint32_t next, NextNumber(folder));
    number = std::max(next, number + 1);
    TRY_VOID(WriteAdapterPapers(draft.path(), fmt::format("v{}", number), record,
                                WithoutPeft(draft.path())));
  }
}

Result<std::vector<AdapterVersion>> AdapterRegistry::List(std::string_view task) const {
  TRY_VOID(CheckTaskName(task));
  const fs::path folder = root_ / task;
  TRY(const auto names, FoldersIn(folder));
  std::vector<AdapterVersion> versions;
  for (const std::string& name : names) {
    std::error_code ignored;
    if (NumberOf(name) == 0 || !fs::exists(folder / name / kManifestFile, ignored)) continue;
    versions.push_back({std::string(task), NumberOf(name), folder / name});
  }
  std::ranges::sort(versions, {}, &AdapterVersion::number);
  return versions;
}

Result<std::vector<AdapterVersion>> AdapterRegistry::List() const {
  TRY(auto tasks, FoldersIn(root_));
  std::ranges::sort(tasks);
  std::vector<AdapterVersion> all;
  for (const std::string& task : tasks) {
    if (!CheckTaskName(task)) continue;
    TRY(auto versions, List(task));
    std::ranges::move(versions, std::back_inserter(all));
  }
  return all;
}

Result<AdapterVersion> AdapterRegistry::Latest(std::string_view task) const {
  TRY(auto versions, List(task));
  if (!versions.empty()) return std::move(versions.back());
  TRY(auto tasks, FoldersIn(root_));
  std::ranges::sort(tasks);
  return Fail(NotFound(fmt::format("there is no adapter for the task {}", task))
                  .At(root_.string())
                  .Mend(tasks.empty() ? "understudy tune --task NAME makes one."
                                      : fmt::format("There are: {}.", fmt::join(tasks, ", "))));
}

}  // namespace understudy
