// The config.toml that `understudy init` writes: few settings, each explained, all working.
#pragma once

#include <string>
#include <string_view>

namespace understudy {

// `api_key_entry` "NAME:HEX" or empty. With a key the clients' Authorization is the gateway's, so
// the reference model takes its own from the environment.
std::string StarterConfig(std::string_view api_key_entry);

}  // namespace understudy
