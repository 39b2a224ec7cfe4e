#include "adapter/adapter_registry.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <utility>

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
  // A name of its own in the task's folder, which is made.
  static Result<Unpublished> In(const fs::path& task) {
    TRY_VOID(MakeFolders(task));
    return Unpublished(task / fmt::format(".new-{}-{}", ::getpid(), ToHex(RandomBytes(4))));
  }
  explicit Unpublished(fs::path path) : path_(std::move(path)) {}
  Unpublished(Unpublished&& other) noexcept : path_(std::exchange(other.path_, {})) {}
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

// So that a name outlives a power cut.
Status SyncFolder(const fs::path& folder) {
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  const int reason = errno;
  if (fd >= 0) ::close(fd);
  if (synced) return {};
  return Fail(IoErrorFromErrno("cannot sync " + folder.string(), reason));
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

// Drafts get their number last: of two processes that take the same one, the second goes on.
Result<AdapterVersion> AdapterRegistry::Number(
    const std::string& task, const fs::path& draft,
    const std::function<Status(uint32_t number)>& papers) const {
  const fs::path folder = root_ / task;
  TRY(uint32_t number, NextNumber(folder));
  for (;;) {
    TRY_VOID(papers(number));
    TRY_VOID(SyncFolder(draft));
    const AdapterVersion version{task, number, folder / fmt::format("v{}", number)};
    TRY(const bool published, Rename(draft, version.folder));
    if (published) {
      TRY_VOID(SyncFolder(folder));
      return version;
    }
    TRY(const uint32_t next, NextNumber(folder));
    number = std::max(next, number + 1);
  }
}

Result<AdapterVersion> AdapterRegistry::Publish(const LoraAdapter& adapter, TensorType type,
                                                const GgufFile& base,
                                                TrainingRecord& record) const {
  TRY_VOID(CheckTaskName(record.task));
  TRY(Unpublished draft, Unpublished::In(root_ / record.task));
  TRY(const uint32_t first, NextNumber(root_ / record.task));
  TRY_VOID(
      WriteAdapterFolder(draft.path(), fmt::format("v{}", first), adapter, type, base, record));
  TRY(const AdapterVersion version, Number(record.task, draft.path(), [&](uint32_t number) {
        if (number == first) return Status();
        return WriteAdapterPapers(draft.path(), fmt::format("v{}", number), record,
                                  WithoutPeft(draft.path()));
      }));
  draft.Keep();
  return version;
}

Result<AdapterVersion> AdapterRegistry::Adopt(const Adoption& adoption) const {
  TRY_VOID(CheckTaskName(adoption.task));
  TRY(const AdoptedAdapter adapter, ReadAdoption(adoption));
  TRY(auto held, Holding(adoption.task, adapter.sha256));
  if (held) return *std::move(held);
  TRY(const auto earlier, List(adoption.task));
  const std::string follows = earlier.empty() ? "" : earlier.back().name();
  const auto copied = [&]() -> Result<AdapterVersion> {
    TRY(Unpublished draft, Unpublished::In(root_ / adoption.task));
    TRY_VOID(WriteAdoption(draft.path(), adoption, adapter));
    TRY(const AdapterVersion version, Number(adoption.task, draft.path(), [&](uint32_t number) {
          return WriteAdoptionPapers(draft.path(), fmt::format("v{}", number), follows, adoption,
                                     adapter);
        }));
    draft.Keep();
    return version;
  }();
  if (copied || copied.error().kind != ErrorKind::kIo) return copied;
  return Fail(Error(copied.error())
                  .Mend(fmt::format("The adapter takes {} MB in {}: see that there is room, and "
                                    "that it may be written. Nothing was changed.",
                                    adapter.bytes.size() / 1'000'000 + 1, root_.string())));
}

Result<std::optional<AdapterVersion>> AdapterRegistry::Holding(std::string_view task,
                                                               std::string_view sha256) const {
  TRY(const auto versions, List(task));
  for (auto version = versions.rbegin(); version != versions.rend(); ++version) {
    const auto hash = HashFile(version->gguf());  // one that cannot be read is none
    if (hash && *hash == sha256) return *version;
  }
  return std::nullopt;
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
