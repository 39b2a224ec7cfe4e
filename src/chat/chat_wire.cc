#include "chat/chat_wire.h"

#include "chat/error_body.h"
#include "chat/sse.h"

namespace understudy {

Result<ChatRequest> ChatWire::ReadRequest(std::string body) {
  auto request = ParseChatRequest(std::move(body));
  if (request) include_usage_ = request->include_usage;
  return request;
}

std::string ChatWire::ErrorBody(const Error& error) const {
  return understudy::ErrorBody(error);
}

// The client did not ask for the usage chunk that the gateway asked for on its own account.
void ChatWire::AddChunk(const ChatChunk& chunk, std::string* out) {
  if (!include_usage_ && chunk.usage_only()) return;
  if (chunk.data.find_first_of("\r\n") == std::string::npos) {
    out->append("data: ").append(chunk.data).append("\n\n");
  } else {
    *out += FormatSseData(chunk.data);
  }
}

Status ChatWire::AddWhole(const ChatAnswer& answer, int64_t wall_ms, std::string* out) {
  for (const std::string& data : ChunksOf(answer, kHeldPieceBytes, include_usage_, wall_ms)) {
    *out += FormatSseData(data);
  }
  return {};
}

void ChatWire::EndStream(const Usage&, std::string* out) {
  *out += kSseDone;
}

void ChatWire::BreakStream(const Error& error, std::string* out) {
  *out += FormatSseData(ErrorEvent(error));
}

}  // namespace understudy
