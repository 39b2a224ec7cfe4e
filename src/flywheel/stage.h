// The one wrapper that every stage of the flywheel runs through: it knows the inputs by their
// hashes, gives the stage a folder to write into, times it, lets it be stopped, publishes what it
// wrote whole or not at all, and does not do again what is done.
//
//   StageSpec spec{.name = "curate", .version = "1", .parameters = {...}, .inputs = files};
//   TRY(const StageResult done, RunStage(spec, place, hooks, [&](StageRun& run) -> Status {
//     ... write files into run.folder() ...
//     run.Count("kept", kept);
//     return run.Step(rows_done, rows);   // now and then: progress, and whether to stop
//   }));
//
// A run is named by the hash of its stage, version, parameters, seed and the bytes of its inputs
// (their names and order in the list matter, their place on the disk does not). Its folder holds
// the stage's files and meta.json:
//   {"stage","version","hash","parameters","seed","started","seconds","counts":{...},
//    "inputs":[{"file","bytes","sha256"}],"outputs":[{"file","bytes","sha256"}]}
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"

namespace understudy {

// A run with a file of this name is done again when it is asked for: what it was made of was
// erased.
inline constexpr const char* kStaleMark = "stale.json";

struct StageSpec {
  std::string name;     // "curate"; a folder's name
  std::string version;  // another version, another run: raise it when the output changes
  // All that decides the output besides the inputs. It is published: never a secret.
  json::object parameters;
  uint64_t seed = 0;
  std::vector<std::filesystem::path> inputs;  // regular files
  // The stage can go on from what an interrupted run of the same hash left in its folder.
  bool resumes = false;
};

// Where a run is published: in a workspace as runs/<stage>/<hash>, or as a folder of one's own.
struct StagePlace {
  std::filesystem::path workspace;
  std::filesystem::path out;  // not empty: instead of the workspace
  bool force = false;         // do it again although it is done
};

struct StageHooks {
  // What is done, of how many (0: unknown). Called often; must be cheap.
  std::function<void(std::string_view what, int64_t done, int64_t total)> progress;
  std::function<bool()> stop;  // true: end as soon as possible, and publish nothing
  const Clock* clock = &Clock::System();
};

// A stage's side of its run.
class StageRun {
 public:
  StageRun(const StageHooks& hooks, std::filesystem::path folder, bool resumed)
      : hooks_(hooks), folder_(std::move(folder)), resumed_(resumed) {}

  // Where to write; what is in it at the end is published, but for names that begin with a dot.
  const std::filesystem::path& folder() const { return folder_; }
  bool resumed() const { return resumed_; }  // the folder holds what an interrupted run wrote

  // Tells what goes on and how far it is; kCancelled where the run shall end.
  Status Step(std::string_view what, int64_t done, int64_t total) const;
  void Count(std::string_view name, int64_t count) { counts_[name] = count; }
  const json::object& counts() const { return counts_; }

 private:
  const StageHooks& hooks_;
  std::filesystem::path folder_;
  bool resumed_;
  json::object counts_;
};

struct StageResult {
  std::filesystem::path folder;
  json::object meta;       // of meta.json
  bool unchanged = false;  // it was done before, and nothing was done now
};

// Runs `body`. While it runs the files lie beside the place in a folder named *.part, which one run
// at a time may hold (kUnavailable for a second one); on an error or a stop it goes away, or with
// `resumes` stays for the next run. An earlier run in the same place is replaced only once the new
// one is whole. Fails with kInvalidInput where `out` is a folder that no run of this stage wrote
// (it is never emptied), and as reading and writing fail.
Result<StageResult> RunStage(const StageSpec& spec, const StagePlace& place,
                             const StageHooks& hooks, const std::function<Status(StageRun&)>& body);

// The hash that names a run whose inputs have these SHA-256 sums, in order.
std::string StageHash(const StageSpec& spec, const std::vector<std::string>& input_hashes);

}  // namespace understudy
