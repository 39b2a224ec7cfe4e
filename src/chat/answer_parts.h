// An answer as a row of parts, one after the other: what Anthropic calls content blocks and
// OpenAI's Responses output items. Chat completions have them side by side in one message, and a
// stream may mix them; here they are put in a row.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "chat/answer.h"

namespace understudy {

enum class PartKind : uint8_t { kReasoning, kText, kRefusal, kCall };

struct AnswerPart {
  PartKind kind = PartKind::kText;
  std::string text;  // of a call: its arguments
  std::string id;    // of a call; made up where the model's server gave none
  std::string name;  // of a call
};

// Of the first choice: reasoning, text, refusal, calls; empty ones left out.
std::vector<AnswerPart> PartsOf(const ChatAnswer& answer);

// Makes the row from a stream's chunks. Of each part the sink hears Begin, Piece (any number), End,
// and nothing of the next before its End.
//
// Calls that come in turns are put in a row without loss: one begins when the arguments of the one
// before are whole (a JSON object), or at the stream's end; what comes of it earlier waits. Text
// that comes after the first call waits for the end too.
class PartStream {
 public:
  class Sink {
   public:
    virtual ~Sink() = default;
    // `index` counts parts from 0. At Begin a part's text is empty; at End it is whole.
    virtual void Begin(const AnswerPart& part, size_t index) = 0;
    virtual void Piece(const AnswerPart& part, size_t index, std::string_view piece) = 0;
    virtual void End(const AnswerPart& part, size_t index) = 0;
  };

  // The sink must outlive it. Choices but the first are passed over.
  void Add(const ChatChunk& chunk, Sink& sink);
  // Ends what is open, and says what has waited.
  void Close(Sink& sink);

  const std::vector<AnswerPart>& parts() const { return parts_; }
  FinishReason finish() const { return finish_; }
  const std::string& stop_text() const { return stop_text_; }

 private:
  void AddText(PartKind kind, std::string_view text, Sink& sink);
  void AddCall(const ToolCall& piece, Sink& sink);
  void Say(std::string_view piece, Sink& sink);
  void BeginPart(AnswerPart part, Sink& sink);
  void EndPart(Sink& sink);
  void BeginCall(size_t call, Sink& sink);
  bool OpenCallIsWhole() const;

  static constexpr size_t kNoCall = SIZE_MAX;
  std::vector<AnswerPart> parts_;
  bool open_ = false;            // the last part
  std::vector<ToolCall> calls_;  // as far as they came
  std::vector<bool> begun_;      // calls, by place
  size_t open_call_ = kNoCall;
  std::vector<AnswerPart> late_;  // text after calls
  FinishReason finish_ = FinishReason::kNone;
  std::string stop_text_;
};

}  // namespace understudy
