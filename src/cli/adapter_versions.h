// The adapters of a workspace, version by version, and what serves with them: for `deploy list`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "adapter/adapter_registry.h"
#include "base/json.h"
#include "base/result.h"
#include "route/deployments.h"

namespace understudy {

struct AdapterVersionRow {
  AdapterVersion version;
  uint64_t bytes = 0;                          // of adapter.gguf; 0: it is missing
  json::object manifest;                       // empty: it cannot be read
  std::vector<const Deployment*> deployments;  // that name it, retired ones too; the caller's
};

// By task and number; `deployments` must outlive the rows.
Result<std::vector<AdapterVersionRow>> AdapterVersions(const std::filesystem::path& workspace,
                                                       const Deployments& deployments);
// A table, empty where there are none.
std::string AdapterVersionsText(const std::vector<AdapterVersionRow>& rows);
// [{"task","version","path","bytes","base","base_sha256","sha256","made","from","run",
//   "deployments":[{"id","stage"}]}], unknown members left out; paths from the workspace.
json::array AdapterVersionsJson(const std::vector<AdapterVersionRow>& rows,
                                const std::filesystem::path& workspace);

}  // namespace understudy
