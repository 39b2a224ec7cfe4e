// Who may do what. A key has one role; each route of the gateway states the right that it takes.
//
//              call, feedback     counts, costs,      bodies with personal   bodies as recorded,
//              on one's own       metadata            data masked, feedback  keys, audit log
//   agent      yes                -                   -                      -
//   viewer     -                  yes                 -                      -
//   curator    -                  yes                 yes                    -
//   admin      yes                yes                 yes                    yes
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace understudy {

// Frozen values. kAgent is what the keys of config.toml are.
enum class KeyRole : uint8_t { kAgent = 0, kViewer = 1, kCurator = 2, kAdmin = 3 };

// What something takes. kUnstated is no right at all: nobody has it, and no route may have it.
enum class Right : uint8_t {
  kUnstated,
  kAnyone,      // no key asked for: it says nothing of any call
  kCall,        // to be answered by a model
  kFeedback,    // to say what an answer was worth
  kCounts,      // counts, costs, tokens, times, names; never a text
  kMasked,      // bodies, personal data masked
  kEverything,  // bodies as recorded, keys, the audit log
};

bool May(KeyRole role, Right right);

std::string_view Name(KeyRole role);  // "agent", "viewer", "curator", "admin"
Result<KeyRole> ParseKeyRole(std::string_view name);
// The roles that have the right, for errors: "curator or admin".
std::string RolesWith(Right right);

}  // namespace understudy
