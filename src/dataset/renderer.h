// What turns a conversation into tokens, as this layer needs it: the model's chat template and its
// tokenizer behind a narrow interface.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace understudy {

// The tokens [begin, end) that the model itself writes for one assistant's message: its content
// and tool calls and the token that ends the turn, without the header that the template puts
// before it.
struct AnswerSpan {
  size_t message = 0;  // index of the assistant's message
  size_t begin = 0, end = 0;
};

struct ChatAsTokens {
  std::vector<int32_t> tokens;
  std::vector<AnswerSpan> answers;  // of every assistant's message, in order
};

class Renderer {
 public:
  virtual ~Renderer() = default;

  // The whole conversation. Messages are in the canonical form of dataset/example.h; `tools` is an
  // array or null. Fails where the template refuses the conversation.
  virtual Result<ChatAsTokens> Render(const json::array& messages,
                                      const json::value& tools) const = 0;

  // The bytes that a token stands for; valid as long as the renderer.
  virtual std::string_view Piece(int32_t token) const = 0;
  // The token that stands for exactly these bytes.
  virtual std::optional<int32_t> Find(std::string_view piece) const = 0;
};

}  // namespace understudy
