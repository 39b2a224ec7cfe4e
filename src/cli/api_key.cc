#include "cli/api_key.h"

#include <fmt/format.h>

#include "base/ids.h"

namespace understudy {
namespace {

constexpr std::string_view kDigits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr size_t kLength = 43;                                     // 62^43 > 2^256
constexpr unsigned kFair = 256 / kDigits.size() * kDigits.size();  // bytes above would be unfair

}  // namespace

std::string NewApiKey() {
  std::string key = "us_";
  while (key.size() < 3 + kLength) {
    for (const char byte : RandomBytes(64)) {
      const auto value = static_cast<unsigned char>(byte);
      if (value < kFair && key.size() < 3 + kLength) key += kDigits[value % kDigits.size()];
    }
  }
  return key;
}

std::string ApiKeyEntry(std::string_view name, std::string_view key) {
  return fmt::format("{}:{}", name, Sha256Hex(key));
}

bool IsApiKeyName(std::string_view name) {
  constexpr std::string_view kAllowed =
      "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._-";
  return !name.empty() && name.size() <= 64 &&
         name.find_first_not_of(kAllowed) == std::string_view::npos;
}

}  // namespace understudy
