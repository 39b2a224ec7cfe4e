// An embeddings request's body with the upstream's model name in it; all other bytes untouched.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace understudy {

// Replaces the value of the top-level member "model", or adds the member where it is absent. A name
// that is neither `ours` nor an alias ("understudy/...") is the upstream's own and stays; empty:
// every name goes. kInvalidInput when `body` is no JSON object. What follows "model" is not
// checked.
Result<std::string> WithModelName(std::string_view body, std::string_view model,
                                  std::string_view ours = {});

}  // namespace understudy
