// Any text as an upstream's URL: what is accepted must read the same when written out again.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "net/client.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace understudy;
  const auto url = ParseUrl(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!url) {
    if (url.error().message.empty() || url.error().mend.empty()) std::abort();
    return 0;
  }
  if (url->host.empty() || url->path.ends_with('/')) std::abort();
  if (url->socket.empty() && url->port.empty()) std::abort();
  const auto again = ParseUrl(url->ToString());
  if (!again) std::abort();
  const bool same = again->tls == url->tls && again->host == url->host &&
                    again->port == url->port && again->path == url->path &&
                    again->socket == url->socket;
  if (!same) std::abort();
  return 0;
}
