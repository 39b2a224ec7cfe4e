// A stream's payloads, one a line, shaped for a client: whatever comes, every chunk that goes out
// is one, all have the same id and model, and calls can be put together by index alone.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "chat/stream_shaper.h"

namespace {

using namespace understudy;

void Expect(bool holds) {
  if (!holds) std::abort();
}

const ChatRequest& Request() {
  static const ChatRequest request =
      ParseChatRequest(R"({"messages":[{"role":"user","content":"x"}],"n":2,"tools":[)"
                       R"({"type":"function","function":{"name":"f"}}],)"
                       R"("stream_options":{"include_usage":true}})")
          .value();
  return request;
}

void Check(const std::vector<ChatChunk>& chunks) {
  std::map<int, int> calls;  // by choice
  for (const ChatChunk& chunk : chunks) {
    const auto again = ParseChatChunk(chunk.data);
    Expect(again.has_value());
    Expect(!again->id.empty() && again->id == chunks.front().id);
    Expect(!again->model.empty() && again->model == chunks.front().model);
    for (const auto& delta : again->deltas) {
      int& known = calls[delta.index];
      for (const ToolCall& piece : delta.tool_calls) {
        Expect(piece.index >= 0 && piece.index <= known);
        Expect((piece.index == known) == !piece.name.empty());
        known = std::max(known, piece.index + 1);
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::string_view lines(reinterpret_cast<const char*>(data), size);
  StreamShaper shaper(Request(), "ours", 0);
  std::vector<ChatChunk> out;
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size());
    auto chunk = ParseChatChunk(std::string(lines.substr(0, end)));
    if (chunk) shaper.Add(*std::move(chunk), out);
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  shaper.End(out);
  Check(out);
  (void)std::move(shaper).Build();
  return 0;
}
