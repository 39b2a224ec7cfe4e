// Lines of exchange files, of all three shapes: what is read can be written, and reading that again
// changes nothing.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "chat/exchange_json.h"
#include "is_json.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace understudy;
  const auto exchange = ParseExchangeLine({reinterpret_cast<const char*>(data), size});
  if (!exchange) {
    if (exchange.error().kind != ErrorKind::kInvalidInput) std::abort();
    return 0;
  }
  const std::string line = FormatExchangeLine(*exchange);
  if (line.find('\n') != std::string::npos || !IsJson(line)) std::abort();
  const auto again = ParseExchangeLine(line);
  if (!again || FormatExchangeLine(*again) != line) std::abort();
  if (again->id != exchange->id || again->answers.size() != exchange->answers.size()) std::abort();
  return 0;
}
