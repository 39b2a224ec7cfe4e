// A hash by value: JSON values that SameJson calls equal hash alike.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/json.h"

namespace understudy {

// Linear in the value's size. Adds to `*work` about one for each member, item and 64 bytes of text.
uint64_t HashJson(const json::value& value, size_t* work);

}  // namespace understudy
