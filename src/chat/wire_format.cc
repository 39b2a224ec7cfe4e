#include "chat/wire_format.h"

namespace understudy {
namespace {

constexpr size_t kMostNames = 16;
constexpr size_t kMostNameBytes = 64;

bool FitsHeader(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_-.:[]").contains(c);
}

}  // namespace

Status WireFormat::AddWhole(const ChatAnswer& answer, int64_t wall_ms, std::string* out) {
  for (std::string& data : ChunksOf(answer, kHeldPieceBytes, true, wall_ms)) {
    TRY(ChatChunk chunk, ParseChatChunk(std::move(data)));
    for (auto& delta : chunk.deltas) {
      if (delta.finish == FinishReason::kNone) continue;
      delta.stop_text = answer.choices.front().stop_text;  // of which chunks say nothing
    }
    AddChunk(chunk, out);
  }
  return {};
}

// Names come from strangers and go into a header.
void WireFormat::LeaveOut(std::string_view name) {
  if (++left_out_count_ > kMostNames) {
    if (left_out_count_ == kMostNames + 1) left_out_ += ",...";
    return;
  }
  if (!left_out_.empty()) left_out_ += ',';
  for (const char c : name.substr(0, kMostNameBytes)) left_out_ += FitsHeader(c) ? c : '?';
}

}  // namespace understudy
