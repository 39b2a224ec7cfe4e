// What a server.listen says.
#pragma once

#include <string_view>

namespace understudy {

// Whether other machines can reach it: not loopback, and no Unix socket.
bool ListensBeyondLoopback(std::string_view listen);

}  // namespace understudy
