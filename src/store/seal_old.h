// A store of version 1 kept its texts compressed and in plain. This seals what is left of them.
#pragma once

#include "base/result.h"
#include "store/store_file.h"

namespace understudy {

// Seals every row and dictionary that is in plain, a thousand rows a transaction, then writes the
// file anew (VACUUM) and cuts the log, so that no page keeps what was there. Does nothing where
// that is done. What stops it (no room, another process in between) is logged, and it goes on at
// the next opening; a row that is damaged stays as it is.
Status SealOldRows(StoreFile& file);

}  // namespace understudy
