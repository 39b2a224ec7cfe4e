// Server-sent events: the same events in any chunking, and what is written comes back.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "chat/sse.h"

namespace understudy {
namespace {

struct Outcome {
  std::vector<std::pair<std::string, std::string>> events;
  bool failed = false;
  bool operator==(const Outcome&) const = default;
};

Outcome Parse(std::string_view stream, size_t piece_bytes, size_t max_bytes) {
  SseParser parser(max_bytes);
  Outcome outcome;
  while (!stream.empty() && !outcome.failed) {
    const std::string_view piece = stream.substr(0, piece_bytes);
    stream.remove_prefix(piece.size());
    parser.Feed(piece);
    while (true) {
      auto next = parser.Next();
      outcome.failed = !next;
      if (!next || !*next) break;
      outcome.events.emplace_back((*next)->event, (*next)->data);
    }
  }
  return outcome;
}

}  // namespace
}  // namespace understudy

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace understudy;
  if (size == 0) return 0;
  const size_t piece_bytes = 1 + data[0] % 16;
  const std::string_view stream(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Outcome whole = Parse(stream, std::max<size_t>(stream.size(), 1), size);
  if (whole.failed || whole != Parse(stream, piece_bytes, size)) std::abort();
  for (const auto& [event, text] : whole.events) {
    const Outcome again = Parse(FormatSseData(text), piece_bytes, size);
    if (again.events.size() != 1 || again.events[0].second != text) std::abort();
  }
  if (!Parse(FormatSseComment(stream), piece_bytes, size).events.empty()) std::abort();
  (void)Parse(stream, piece_bytes, 8);  // a small limit: no crash
  return 0;
}
