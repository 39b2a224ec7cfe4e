// Any bytes as an upstream's answer: whole and byte by byte they must mean the same.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "net/reply_parser.h"

namespace understudy {
namespace {

struct Reading {
  bool done = false;
  bool failed = false;
  int status = 0;
  std::string body;
};

Reading Read(std::string_view bytes, size_t step, bool to_head) {
  ReplyParser parser(1024, to_head);
  Reading reading;
  size_t have = 0;
  size_t used = 0;
  while (have < bytes.size() && !parser.done() && !parser.failed()) {
    have += std::min(step, bytes.size() - have);
    while (!parser.done() && !parser.failed()) {
      const std::string_view input = bytes.substr(used, have - used);
      const size_t now = parser.Put(input);
      if (now > input.size()) std::abort();
      const std::string_view piece = parser.piece();
      if (!piece.empty() && (piece.data() < input.data() ||
                             piece.data() + piece.size() > input.data() + input.size())) {
        std::abort();
      }
      reading.body += piece;
      used += now;
      if (now == 0) break;
    }
  }
  parser.PutEnd();
  reading.done = parser.done();
  reading.failed = parser.failed();
  reading.status = parser.head_done() ? parser.status() : 0;
  return reading;
}

}  // namespace
}  // namespace understudy

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace understudy;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const bool to_head : {false, true}) {
    const Reading whole = Read(bytes, SIZE_MAX, to_head);
    const Reading dripped = Read(bytes, 1, to_head);
    if (whole.failed != dripped.failed) std::abort();
    if (whole.failed) continue;
    if (!whole.done || whole.body != dripped.body || whole.status != dripped.status) std::abort();
  }
  return 0;
}
