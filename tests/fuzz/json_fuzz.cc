// JSON off the hot path: canonical text is stable and means the same. And both of our readers, this
// one and the strict one of the hot path, accept the same objects.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "base/json.h"
#include "chat/exchange_shape.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace understudy;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = ParseJson(text);
  if ((value && value->is_object()) != IsJsonObject(text)) std::abort();
  if (JsonString(text).size() < size + 2) std::abort();
  if (!value) return 0;
  const std::string canonical = CanonicalJson(*value);
  // Boost.JSON 1.81 reads fractions to within one unit in the last place and writes what overflows
  // so that it cannot be read again: the way back is tried on the other numbers.
  if (text.find_first_of(".eE") != text.npos || text.size() > 18) return 0;
  const auto again = ParseJson(canonical);
  if (!again || !SameJson(*value, *again) || CanonicalJson(*again) != canonical) std::abort();
  return 0;
}
