// A store for the gateway: what keeps it from opening (a read-only folder, a damaged page, a wrong
// or missing master key) must not keep the gateway from answering.
#pragma once

#include <filesystem>
#include <memory>

#include "base/options.h"
#include "store/usage_store.h"

namespace understudy {

// Opens it now and, where that fails, says so in the log and tries again with every batch; until
// then each Append fails with what is wrong, never as if an exchange were at fault.
std::unique_ptr<UsageStore> OpenPatiently(const std::filesystem::path& path,
                                          const StoreOptions& options);

}  // namespace understudy
