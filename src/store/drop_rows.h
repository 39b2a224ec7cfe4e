// Removes exchanges with all that hangs on them.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "store/sqlite.h"

namespace understudy {

// Within a transaction: rows of `exchange` by their id, their answers and bodies, and sessions that
// no exchange has any more. Who does it raises the epoch: numbers of sessions are given again.
Status DropRows(Database& database, const std::vector<int64_t>& rows);

}  // namespace understudy
