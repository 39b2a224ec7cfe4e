// An ExchangeFilter as SQL over the table `exchange`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/name_table.h"
#include "store/usage_store.h"

namespace understudy {

struct ExchangeQuery {
  std::string conditions;       // "TRUE AND at_ms >= ? AND ..."
  std::vector<int64_t> values;  // for its parameters, and the limit's
  bool newest_first = false;

  // Nothing when the filter asks for a name that the store does not have: no exchange can pass.
  static Result<std::optional<ExchangeQuery>> From(const ExchangeFilter& filter, NameTable& names,
                                                   NameTable& sessions);
  // "SELECT `what` FROM exchange WHERE ... ORDER BY id LIMIT ?"
  std::string Sql(std::string_view what) const;
};

}  // namespace understudy
