// What curation writes on each row it keeps, as one more member of the line:
//   "curated":{"rows":2,"group":"03f1...","seed":0}
// rows: how many recorded rows it stands for (exact duplicates are merged); group: sixteen
// hexadecimal digits, equal for rows that must stay in one part of the data, and their place in the
// split under this seed. It makes curation of curated data change nothing, though the rows that
// once joined a group may be gone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "chat/exchange.h"

namespace understudy {

struct CurateMark {
  int64_t rows = 1;
  std::optional<uint64_t> group;  // absent on a row that was never curated
  uint64_t seed = 0;
};

// Takes the mark off the exchange's unknown members. A member of that name that is no mark goes
// too: it would stand twice.
CurateMark TakeMark(Exchange& exchange);

// The line of an exchange without a mark, with one.
std::string WithMark(std::string_view line, const CurateMark& mark);

}  // namespace understudy
