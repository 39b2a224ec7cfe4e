// Any bytes as a client's requests: whole and byte by byte they must mean the same.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "net/request_parser.h"

namespace understudy {
namespace {

struct Reading {
  std::vector<HttpRequest> requests;
  int refused = 0;
  size_t used = 0;
};

Reading Read(std::string_view bytes, size_t step) {
  Reading reading;
  RequestParser parser(1024, 512);
  HttpRequest request;
  parser.Start(request);
  size_t have = 0;
  while (have < bytes.size() && !parser.refused()) {
    have += std::min(step, bytes.size() - have);
    while (true) {
      const size_t used = parser.Put(bytes.substr(reading.used, have - reading.used));
      if (used > have - reading.used) std::abort();
      reading.used += used;
      if (!parser.done()) break;
      reading.requests.push_back(request);
      parser.Start(request);
      if (reading.used == have) break;
    }
  }
  reading.refused = parser.refused() ? parser.rejection().status : 0;
  return reading;
}

bool Same(const HttpRequest& a, const HttpRequest& b) {
  return a.method == b.method && a.target == b.target && a.body == b.body &&
         a.headers.size() == b.headers.size();
}

}  // namespace
}  // namespace understudy

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace understudy;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Reading whole = Read(bytes, SIZE_MAX);
  const Reading dripped = Read(bytes, 1);
  // A refusal may come earlier where more of the request is seen at once, but never be missed.
  const size_t common = dripped.requests.size();
  if (whole.requests.size() < common || (dripped.refused && !whole.refused)) std::abort();
  if (!whole.refused && whole.requests.size() != common) std::abort();
  for (size_t i = 0; i < common; ++i) {
    const HttpRequest& request = whole.requests[i];
    if (!Same(request, dripped.requests[i])) std::abort();
    if (request.body.size() > 512) std::abort();  // the limit holds for every encoding
    if (request.headers.Has("Transfer-Encoding") || request.headers.Has("Connection")) std::abort();
  }
  return 0;
}
