// The query of a reading route: what is asked for, as a filter of exchanges.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "store/usage_store.h"

namespace understudy {

inline constexpr int64_t kDefaultListLimit = 50;
inline constexpr int64_t kMaxListLimit = 1000;

// "a=1&b=x%20y" as names and values, decoded ("+" is a blank). kInvalidInput for a bad escape, or a
// name given twice.
Result<std::vector<std::pair<std::string, std::string>>> ParseQuery(std::string_view query);

// since, until (RFC 3339, "2026-01-31", or milliseconds since 1970), agent, model, task, outcome,
// session, limit (to kMaxListLimit). kInvalidInput, with `param`, for anything else. Never bodies.
Result<ExchangeFilter> FilterFromQuery(std::string_view query);

}  // namespace understudy
