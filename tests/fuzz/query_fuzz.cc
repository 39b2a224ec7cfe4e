// The query of a reading route, whoever sent it: a filter that asks for no bodies, or an error.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "gateway/query.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace understudy;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto filter = FilterFromQuery(text);
  if (!filter) {
    if (filter.error().kind != ErrorKind::kInvalidInput) std::abort();
    return 0;
  }
  if (filter->with_bodies || filter->limit < 0 || filter->limit > kMaxListLimit) std::abort();
  return 0;
}
