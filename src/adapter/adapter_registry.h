// The adapters of a workspace: adapters/TASK/v1, v2, ... each a folder as adapter/adapter_folder.h
// writes it, complete from the moment it can be seen, and never changed afterwards.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/adapter_folder.h"
#include "adapter/adoption.h"
#include "base/result.h"

namespace understudy {

struct AdapterVersion {
  std::string task;
  uint32_t number = 0;           // 1, 2, ...
  std::filesystem::path folder;  // .../adapters/TASK/vNUMBER
  std::string name() const;      // "v3"
  std::filesystem::path gguf() const { return folder / kAdapterFile; }
};

class AdapterRegistry {
 public:
  explicit AdapterRegistry(const std::filesystem::path& workspace)
      : root_(workspace / "adapters") {}

  // Writes a folder beside its place and renames it to the next free number. Several processes may
  // do so at once: each gets a number of its own. record.task names the task.
  Result<AdapterVersion> Publish(const LoraAdapter& adapter, TensorType type, const GgufFile& base,
                                 TrainingRecord& record) const;

  // Checks an adapter that was made elsewhere against its base and copies it, with its papers, to
  // the task's next version, in the same way. One that the task has already, byte for byte, is that
  // version, and nothing is written. Fails as CheckAdapterFile does, and as writing fails (a full
  // disk); then nothing is left behind.
  Result<AdapterVersion> Adopt(const Adoption& adoption) const;
  // The task's version whose adapter.gguf has this SHA-256 (hex), the latest. Reads them all.
  Result<std::optional<AdapterVersion>> Holding(std::string_view task,
                                                std::string_view sha256) const;

  // By task, then by number. Empty where there are none. Folders that are still being written, and
  // whatever else lies there, are left out.
  Result<std::vector<AdapterVersion>> List() const;
  Result<std::vector<AdapterVersion>> List(std::string_view task) const;
  // kNotFound names what there is.
  Result<AdapterVersion> Latest(std::string_view task) const;

 private:
  // `papers` writes what names the version into the draft.
  Result<AdapterVersion> Number(const std::string& task, const std::filesystem::path& draft,
                                const std::function<Status(uint32_t number)>& papers) const;

  std::filesystem::path root_;
};

// 1 to 64 letters, digits, '-', '_' and '.', not beginning with '.' or '-': they name folders.
Status CheckTaskName(std::string_view task);

}  // namespace understudy
