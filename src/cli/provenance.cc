#include "cli/provenance.h"

#include <algorithm>
#include <fstream>
#include <map>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "flywheel/stage.h"
#include "route/deployments.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;

struct Made {
  fs::path folder;
  std::string kind;
  std::vector<std::string> inputs, outputs;  // SHA-256
  int64_t exchanges = 0;
  bool tainted = false;
};

std::vector<std::string> Sums(const json::value& meta, std::string_view member) {
  std::vector<std::string> sums;
  const json::value* list = Find(meta, member);
  if (!list || !list->is_array()) return sums;
  for (const auto& file : list->get_array()) sums.emplace_back(StringOr(file, "sha256"));
  return sums;
}

// Lines that begin with "id" first are told apart without parsing them.
int64_t CountIds(const fs::path& file, const std::unordered_set<std::string>& ids) {
  std::ifstream in(file);
  int64_t count = 0;
  for (std::string line; std::getline(in, line);) {
    const auto value = ParseJson(line);
    if (value && ids.contains(std::string(StringOr(*value, "id")))) ++count;
  }
  return count;
}

class Search {
 public:
  Search(const fs::path& workspace, const std::unordered_set<std::string>& ids)
      : workspace_(workspace), ids_(ids) {}

  Provenance Run() {
    Collect("runs", "meta.json", "inputs");
    Collect("adapters", "manifest.json", "data");
    Spread();
    for (Made& made : made_) {
      if (!made.tainted) continue;
      found_.artefacts.push_back({.folder = made.folder,
                                  .kind = made.kind,
                                  .exchanges = made.exchanges,
                                  .serves = ServedBy(made.folder)});
    }
    std::ranges::sort(found_.artefacts, {}, &Artefact::folder);
    return std::move(found_);
  }

 private:
  // Folders with such a file, at any depth of runs/ and adapters/.
  void Collect(const char* under, const char* meta_name, const char* inputs) {
    std::error_code failed;
    for (fs::recursive_directory_iterator at(workspace_ / under, failed), end; !failed && at != end;
         at.increment(failed)) {
      if (at->path().filename() != meta_name) continue;
      const auto text = ReadFile(at->path(), 1 << 26);
      const auto meta = text ? ParseJson(*text) : Result<json::value>(Fail(IoError("unread")));
      if (!meta) {
        ++found_.unreadable;
        continue;
      }
      Made made{.folder = at->path().parent_path(), .inputs = Sums(*meta, inputs)};
      made.kind =
          under == std::string_view("adapters") ? "adapter" : std::string(StringOr(*meta, "stage"));
      made.outputs = Sums(*meta, "outputs");
      // An adapter that was taken over from a run is that run's file.
      if (const json::value* adopted = Find(*meta, "adopted")) {
        made.inputs.emplace_back(StringOr(*adopted, "sha256"));
      }
      for (const auto& file : fs::directory_iterator(made.folder, failed)) {
        if (file.path().extension() == ".jsonl") made.exchanges += CountIds(file.path(), ids_);
      }
      made.tainted = made.exchanges > 0;
      made_.push_back(std::move(made));
    }
  }

  void Spread() {
    std::unordered_set<std::string> sums;
    for (bool changed = true; changed;) {
      changed = false;
      for (Made& made : made_) {
        made.tainted = made.tainted || std::ranges::any_of(made.inputs, [&](const auto& sum) {
                         return sums.contains(sum);
                       });
        if (!made.tainted) continue;
        for (const std::string& sum : made.outputs) changed |= sums.insert(sum).second;
      }
    }
  }

  std::vector<std::string> ServedBy(const fs::path& folder) const {
    std::vector<std::string> serves;
    const auto deployments = LoadDeployments(DeploymentsPath(workspace_));
    if (!deployments) return serves;
    for (const Deployment& one : deployments->deployments) {
      if (one.stage == DeploymentStage::kRetired || one.adapter_path.empty()) continue;
      const fs::path used = (workspace_ / one.adapter_path).lexically_normal().parent_path();
      if (used == folder.lexically_normal()) {
        serves.push_back(fmt::format("{} ({})", one.id, Name(one.stage)));
      }
    }
    return serves;
  }

  const fs::path workspace_;
  const std::unordered_set<std::string>& ids_;
  std::vector<Made> made_;
  Provenance found_;
};

}  // namespace

Provenance FindArtefacts(const fs::path& workspace, const std::unordered_set<std::string>& ids) {
  return Search(workspace, ids).Run();
}

Status MarkStale(const Artefact& artefact, const std::string& origin, int64_t now_ms) {
  const json::object mark{
      {"at", FormatWallMs(now_ms)}, {"origin", origin}, {"exchanges", artefact.exchanges}};
  return WriteFileAtomically(artefact.folder / kStaleMark, json::serialize(mark) + '\n', 0600);
}

}  // namespace understudy
