// API keys of the gateway: made here, shown once, kept only as a hash.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace understudy {

// "us_" and 43 characters of [0-9A-Za-z]: 256 bits from the kernel, so a plain SHA-256 suffices to
// keep it (nothing can be guessed, so nothing needs to be slow).
std::string NewApiKey();

// "NAME:HEX" for auth.api_keys.
std::string ApiKeyEntry(std::string_view name, std::string_view key);

// A name is 1 to 64 of [A-Za-z0-9._-].
bool IsApiKeyName(std::string_view name);

}  // namespace understudy
