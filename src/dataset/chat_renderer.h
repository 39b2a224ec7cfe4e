// The renderer for our base models: the tokens layer's template and tokenizer, so that training
// sees the ids that serving does.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "dataset/renderer.h"
#include "gguf/file.h"
#include "tokens/chat_tokens.h"

namespace understudy {

// Not thread-safe, as Tokenizer; give each thread its own.
class ChatRenderer final : public Renderer {
 public:
  explicit ChatRenderer(ChatTokenizer chat);

  // With the base's vocabulary. kUnsupported where the base has another chat template than
  // kChatTemplate: llama-server would show the model other texts than those it was trained on.
  static Result<std::unique_ptr<ChatRenderer>> ForBase(const GgufFile& base);

  Result<ChatAsTokens> Render(const json::array& messages, const json::value& tools) const override;
  std::string_view Piece(int32_t token) const override;
  std::optional<int32_t> Find(std::string_view piece) const override;

  int32_t padding_token() const;  // the vocabulary's, else its end token
  const ChatTokenizer& chat() const { return chat_; }

 private:
  ChatTokenizer chat_;
  std::unordered_map<std::string_view, int32_t> by_piece_;  // views into the tokenizer's tables
};

}  // namespace understudy
