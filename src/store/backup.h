// Copies of a store. A copy holds data keys wrapped by the master key, and never that key itself:
// it must be kept elsewhere, and an older copy needs the master key of its day.
#pragma once

#include <cstdint>
#include <filesystem>

#include "base/result.h"
#include "store/store_file.h"

namespace understudy {

// A consistent, compact copy (mode 0600), while a gateway records. kInvalidInput where there is
// something of that name.
Status BackupStore(StoreFile& file, const std::filesystem::path& to);

struct Restored {
  int64_t exchanges = 0;
  int64_t erased = 0;  // brought back by the copy, and erased again
  std::filesystem::path
      replaced;  // where the store that stood there lies now; empty: there was none
};

// Puts a copy in the store's place, with every erasure since applied to it before it is there. The
// store must not be in use. The copy stays as it is.
Result<Restored> RestoreStore(const std::filesystem::path& copy, const std::filesystem::path& store,
                              const StoreOptions& options);

}  // namespace understudy
