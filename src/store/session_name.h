// Sessions as they are kept. What a client names its session may name a person, so the gateway
// stores KeyedHash(origin key, name); an imported exchange's session stays as its file has it.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "store/usage_store.h"

namespace understudy {

// Whether it looks like a keyed hash: 32 lower-case hex digits.
bool IsSessionHash(std::string_view session);

// What to look for where somebody asks for `session`: itself if the store knows it, else the hash
// that a client's name has become. `origin_key`: 32 bytes.
Result<std::string> SessionAsKept(UsageStore& store, std::string_view origin_key,
                                  const std::string& session);

}  // namespace understudy
