// What commands that send many requests share: the endpoint's address, and the run itself with its
// progress bar, ended by a signal or its time.
#pragma once

#include <string>
#include <vector>

#include "cli/console.h"
#include "cli/replay_run.h"

namespace understudy {

// "http://host" means "http://host/v1", as the client libraries' base URLs do. A usage error about
// --to where it is no URL.
Result<Url> EndpointOf(const std::string& to);

// "Bearer KEY" of the environment variable; empty where it is not set.
std::string AuthorizationFrom(const std::string& variable);

struct Driven {
  std::vector<ReplayResult> results;  // one an item
  double seconds = 0;
  bool interrupted = false;  // by SIGINT or SIGTERM
};
// Sends all of it on threads of its own, at most one a core.
Driven DriveReplay(const std::vector<ReplayItem>& items, const ReplayPlan& plan,
                   const std::string& label, Console& console);

}  // namespace understudy
