// What an answer's body says: the part of it that is compared and kept.
#pragma once

#include <string_view>

#include "base/json.h"

namespace understudy {

// choices[0].message of a chat completion's JSON; null where there is none.
json::value FirstMessage(std::string_view body);

}  // namespace understudy
