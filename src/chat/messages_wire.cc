#include "chat/messages_wire.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/json.h"
#include "chat/messages_answer.h"

namespace understudy {
namespace {

void AppendEvent(std::string_view type, std::string_view members, std::string* out) {
  *out += fmt::format("event: {0}\ndata: {{\"type\":\"{0}\"{1}}}\n\n", type, members);
}

// One content block a part.
class BlockEvents final : public PartStream::Sink {
 public:
  explicit BlockEvents(std::string* out) : out_(out) {}

  void Begin(const AnswerPart& part, size_t index) override {
    AppendEvent("content_block_start",
                fmt::format(R"(,"index":{},"content_block":{})", index, OpenBlock(part)), out_);
  }
  void Piece(const AnswerPart& part, size_t index, std::string_view piece) override {
    AppendEvent("content_block_delta",
                fmt::format(R"(,"index":{},"delta":{{{}:{}}})", index, Member(part.kind),
                            JsonString(piece)),
                out_);
  }
  void End(const AnswerPart&, size_t index) override {
    AppendEvent("content_block_stop", fmt::format(R"(,"index":{})", index), out_);
  }

 private:
  static std::string_view Member(PartKind kind) {
    switch (kind) {
      case PartKind::kReasoning: return R"("type":"thinking_delta","thinking")";
      case PartKind::kCall: return R"("type":"input_json_delta","partial_json")";
      default: return R"("type":"text_delta","text")";
    }
  }

  std::string* out_;
};

}  // namespace

Result<ChatRequest> MessagesWire::ReadRequest(std::string body) {
  TRY(ConvertedRequest converted, ChatFromMessages(body, use_));
  for (const std::string& name : converted.left_out) LeaveOut(name);
  stops_ = std::move(converted.stops);
  TRY(ChatRequest request, ParseChatRequest(std::move(converted.body)));
  request.reasoning = std::move(converted.reasoning);
  return request;
}

std::string MessagesWire::AnswerBody(ChatAnswer& answer) {
  return MessageJson(answer, stops_);
}

std::string MessagesWire::ErrorBody(const Error& error) const {
  return MessagesError(error);
}

void MessagesWire::Begin(std::string_view id, std::string_view model, std::string* out) {
  begun_ = true;
  AppendEvent("message_start",
              fmt::format(R"(,"message":{{"id":{},"type":"message","role":"assistant","model":{},)"
                          R"("content":[],"stop_reason":null,"stop_sequence":null,"usage":{}}})",
                          JsonString(MessageId(id)), JsonString(model), MessagesUsage(usage_)),
              out);
  AppendEvent("ping", "", out);
}

void MessagesWire::AddChunk(const ChatChunk& chunk, std::string* out) {
  if (!begun_) Begin(chunk.id, chunk.model, out);
  BlockEvents events(out);
  parts_.Add(chunk, events);
}

Status MessagesWire::AddWhole(const ChatAnswer& answer, int64_t wall_ms, std::string* out) {
  usage_ = answer.usage;
  usage_.completion_tokens = 0;
  return WireFormat::AddWhole(answer, wall_ms, out);
}

void MessagesWire::EndStream(const Usage& usage, std::string* out) {
  if (!begun_) Begin({}, {}, out);
  BlockEvents events(out);
  parts_.Close(events);
  const bool at_stop = std::ranges::find(stops_, parts_.stop_text()) != stops_.end();
  const std::string_view reason = StopReason(parts_.finish(), parts_.parts(), at_stop);
  AppendEvent(
      "message_delta",
      fmt::format(R"(,"delta":{{"stop_reason":"{}","stop_sequence":{}}},"usage":{})", reason,
                  reason == "stop_sequence" ? JsonString(parts_.stop_text()) : "null",
                  MessagesUsage(usage)),
      out);
  AppendEvent("message_stop", "", out);
}

void MessagesWire::BreakStream(const Error& error, std::string* out) {
  *out += "event: error\ndata: " + MessagesError(error) + "\n\n";
}

}  // namespace understudy
