// The adapters of a workspace: adapters/TASK/v1, v2, ... each a folder as adapter/adapter_folder.h
// writes it, complete from the moment it can be seen, and never changed afterwards.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/adapter_folder.h"
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

  // By task, then by number. Empty where there are none. Folders that are still being written, and
  // whatever else lies there, are left out.
  Result<std::vector<AdapterVersion>> List() const;
  Result<std::vector<AdapterVersion>> List(std::string_view task) const;
  // kNotFound names what there is.
  Result<AdapterVersion> Latest(std::string_view task) const;

 private:
  std::filesystem::path root_;
};

// 1 to 64 letters, digits, '-', '_' and '.', not beginning with '.' or '-': they name folders.
Status CheckTaskName(std::string_view task);

}  // namespace understudy
