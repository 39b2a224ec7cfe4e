// Several texts as one row of bytes, equal ones once: a served answer's body is mostly the very
// response, and should not be stored twice.
//
//   varint count, then a head for each part, then the bytes of all parts that are there, in order.
//   head: varint length * 2, or varint index * 2 + 1 for "the same as that earlier part".
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace understudy {

// Clears `out` first. Empty parts are welcome.
void PackParts(const std::vector<std::string_view>& parts, std::string& out);

// The parts as views into `packed`. Refuses what PackParts cannot have made, and parts that would
// add up to more than kMaxPlainBytes (schema.h).
Result<std::vector<std::string_view>> UnpackParts(std::string_view packed);

}  // namespace understudy
