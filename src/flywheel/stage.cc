#include "flywheel/stage.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

#include <fmt/format.h>

#include "base/file.h"
#include "base/ids.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view kMeta = "meta.json";

struct FileFacts {
  std::string name, sha256;
  uint64_t bytes = 0;
};

Result<FileFacts> FactsOf(const fs::path& path, std::string name) {
  FileFacts facts{std::move(name)};
  TRY(facts.sha256, HashFile(path));
  std::error_code failed;
  facts.bytes = fs::file_size(path, failed);
  return facts;
}

json::array ToJson(const std::vector<FileFacts>& files) {
  json::array list;
  for (const FileFacts& file : files) {
    list.push_back({{"file", file.name}, {"bytes", file.bytes}, {"sha256", file.sha256}});
  }
  return list;
}

Result<std::vector<FileFacts>> HashInputs(const StageSpec& spec, const StageHooks& hooks) {
  std::vector<FileFacts> inputs;
  const StageRun run(hooks, {}, false);
  for (const fs::path& path : spec.inputs) {
    TRY_VOID(run.Step("Reading", std::ssize(inputs), std::ssize(spec.inputs)));
    TRY(FileFacts facts, FactsOf(path, path.filename().string()));
    inputs.push_back(std::move(facts));
  }
  return inputs;
}

// What an earlier run wrote into the place, or null.
json::value ReadMeta(const fs::path& folder) {
  const auto text = ReadFile(folder / kMeta, 1 << 24);
  if (!text) return nullptr;
  auto meta = ParseJson(*text);
  return meta ? *std::move(meta) : json::value(nullptr);
}

// Whether all its files are still there, by their sizes, and nothing in it was erased since.
bool IsWhole(const fs::path& folder, const json::value& meta) {
  std::error_code none;
  if (fs::exists(folder / kStaleMark, none)) return false;
  const json::value* outputs = Find(meta, "outputs");
  const auto* list = outputs ? outputs->if_array() : nullptr;
  return list && std::ranges::all_of(*list, [&](const json::value& file) {
           std::error_code missing;
           const auto bytes = fs::file_size(folder / std::string(StringOr(file, "file")), missing);
           return !missing && static_cast<int64_t>(bytes) == IntOr(file, "bytes", -1);
         });
}

// A folder that we may replace: none, an empty one, or an earlier run of the stage.
Status CheckPlace(const StageSpec& spec, const fs::path& folder) {
  std::error_code missing;
  const auto status = fs::symlink_status(folder, missing);
  if (missing || !fs::exists(status)) return {};
  const bool empty = fs::is_directory(status) && fs::is_empty(folder, missing) && !missing;
  if (empty || StringOr(ReadMeta(folder), "stage") == spec.name) return {};
  return Fail(InvalidInput(fmt::format("{} holds something else than a run of {}", folder.string(),
                                       spec.name))
                  .At(folder.string())
                  .Mend("Name a folder that does not exist yet."));
}

// The folder that a run writes into: locked while it lives, removed unless it was published or is
// to be kept.
class PartFolder {
 public:
  explicit PartFolder(fs::path path) : path_(std::move(path)) {}
  ~PartFolder() {
    std::error_code ignored;
    if (lock_ >= 0 && !kept_) fs::remove_all(path_, ignored);
    if (lock_ >= 0) ::close(lock_);
  }
  PartFolder(const PartFolder&) = delete;
  PartFolder& operator=(const PartFolder&) = delete;

  // `keep`: what an interrupted run of hash `hash` left may be used.
  Status Take(bool keep, const std::string& hash) {
    TRY_VOID(MakeFolders(path_.parent_path()));
    if (::mkdir(path_.c_str(), 0700) != 0 && errno != EEXIST) {
      return Fail(IoErrorFromErrno("cannot create folder " + path_.string(), errno));
    }
    lock_ = ::open(path_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock_ < 0) return Fail(IoErrorFromErrno("cannot open " + path_.string(), errno));
    if (::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
      ::close(lock_);
      lock_ = -1;
      return Fail(Unavailable("another run is writing there")
                      .At(path_.string())
                      .Mend("Wait for it, or name another folder."));
    }
    const auto left = ReadFile(path_ / ".hash", 4096);
    resumed_ = keep && left && *left == hash;
    if (!resumed_) TRY_VOID(Empty());
    return WriteFileAtomically(path_ / ".hash", hash, 0600);
  }
  void Keep() { kept_ = true; }
  const fs::path& path() const { return path_; }
  bool resumed() const { return resumed_; }

 private:
  Status Empty() const {
    std::error_code failed;
    for (const auto& entry : fs::directory_iterator(path_, failed)) {
      fs::remove_all(entry.path(), failed);
      if (failed) break;
    }
    if (failed) return Fail(IoError("cannot empty " + path_.string() + ": " + failed.message()));
    return {};
  }

  fs::path path_;
  int lock_ = -1;
  bool kept_ = false, resumed_ = false;
};

// On the disk, before its name says that it is whole.
Status Sync(const fs::path& file) {
  const int fd = ::open(file.c_str(), O_RDONLY | O_CLOEXEC);
  const bool synced = fd >= 0 && ::fsync(fd) == 0;
  const int reason = errno;
  if (fd >= 0) ::close(fd);
  if (!synced) return Fail(IoErrorFromErrno("cannot sync " + file.string(), reason));
  return {};
}

void RemoveScratch(const fs::path& folder) {
  std::error_code failed;
  std::vector<fs::path> scratch;
  for (const auto& entry : fs::directory_iterator(folder, failed)) {
    if (entry.path().filename().string().starts_with('.')) scratch.push_back(entry.path());
  }
  for (const fs::path& path : scratch) fs::remove_all(path, failed);
}

// The run's own files, in order of their names.
Result<std::vector<FileFacts>> Outputs(const fs::path& folder) {
  RemoveScratch(folder);
  std::vector<std::string> names;
  std::error_code failed;
  for (const auto& entry : fs::recursive_directory_iterator(folder, failed)) {
    if (entry.is_directory()) continue;
    std::string name = fs::relative(entry.path(), folder, failed).string();
    names.push_back(std::move(name));
  }
  if (failed) return Fail(IoError("cannot list " + folder.string() + ": " + failed.message()));
  std::ranges::sort(names);
  std::vector<FileFacts> outputs;
  for (std::string& name : names) {
    TRY_VOID(Sync(folder / name));
    TRY(FileFacts facts, FactsOf(folder / name, name));
    outputs.push_back(std::move(facts));
  }
  return outputs;
}

// Puts `part` where `target` is. What was there is moved aside and removed: a crash between the two
// renames leaves the old run under its name with ".old", never half a run.
Status Publish(const fs::path& part, const fs::path& target) {
  fs::path old = target;
  old += ".old";
  std::error_code failed;
  fs::remove_all(old, failed);
  const bool replaces = fs::exists(fs::symlink_status(target, failed));
  if (replaces && ::rename(target.c_str(), old.c_str()) != 0) {
    return Fail(IoErrorFromErrno("cannot replace " + target.string(), errno));
  }
  if (::rename(part.c_str(), target.c_str()) != 0) {
    const int reason = errno;
    if (replaces) (void)::rename(old.c_str(), target.c_str());
    return Fail(IoErrorFromErrno("cannot publish " + target.string(), reason));
  }
  fs::remove_all(old, failed);
  return {};
}

Status WriteMeta(const fs::path& folder, const json::object& meta) {
  return WriteFileAtomically(folder / kMeta, json::serialize(meta) + '\n', 0600);
}

}  // namespace

Status StageRun::Step(std::string_view what, int64_t done, int64_t total) const {
  if (hooks_.progress) hooks_.progress(what, done, total);
  if (hooks_.stop && hooks_.stop()) return Fail(Cancelled("interrupted; nothing was written"));
  return {};
}

std::string StageHash(const StageSpec& spec, const std::vector<std::string>& input_hashes) {
  json::array inputs;
  for (size_t i = 0; i < input_hashes.size(); ++i) {
    inputs.push_back({spec.inputs[i].filename().string(), input_hashes[i]});
  }
  const json::object all{{"stage", spec.name},
                         {"version", spec.version},
                         {"parameters", spec.parameters},
                         {"seed", spec.seed},
                         {"inputs", std::move(inputs)}};
  return Sha256Hex(CanonicalJson(all)).substr(0, 32);
}

Result<StageResult> RunStage(const StageSpec& spec, const StagePlace& place,
                             const StageHooks& hooks,
                             const std::function<Status(StageRun&)>& body) {
  const Monotonic begun = hooks.clock->Now();
  const std::string started = FormatWallMs(hooks.clock->WallMs());
  TRY(const auto inputs, HashInputs(spec, hooks));
  std::vector<std::string> hashes;
  for (const FileFacts& input : inputs) hashes.push_back(input.sha256);
  const std::string hash = StageHash(spec, hashes);
  fs::path target =
      place.out.empty() ? place.workspace / "runs" / spec.name / hash : fs::absolute(place.out);
  if (!target.has_filename()) target = target.parent_path();  // "out/"
  TRY_VOID(CheckPlace(spec, target));
  const json::value before = ReadMeta(target);
  if (!place.force && StringOr(before, "hash") == hash && IsWhole(target, before)) {
    return StageResult{target, before.get_object(), true};
  }

  fs::path part_path = target;
  part_path += ".part";
  PartFolder part(part_path);
  TRY_VOID(part.Take(spec.resumes, hash));
  StageRun run(hooks, part.path(), part.resumed());
  if (Status done = body(run); !done) {
    if (spec.resumes) part.Keep();
    return Fail(std::move(done).error());
  }
  TRY(const auto outputs, Outputs(part.path()));
  const double seconds = static_cast<double>(MicrosBetween(begun, hooks.clock->Now())) / 1e6;
  json::object meta{{"stage", spec.name},
                    {"version", spec.version},
                    {"hash", hash},
                    {"parameters", spec.parameters},
                    {"seed", spec.seed},
                    {"started", started},
                    {"seconds", seconds},
                    {"counts", run.counts()},
                    {"inputs", ToJson(inputs)},
                    {"outputs", ToJson(outputs)}};
  TRY_VOID(WriteMeta(part.path(), meta));
  TRY_VOID(run.Step("Publishing", 1, 1));
  TRY_VOID(Publish(part.path(), target));
  part.Keep();
  return StageResult{target, std::move(meta), false};
}

}  // namespace understudy
