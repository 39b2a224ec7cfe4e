// A chat as the token ids that a model is trained on: which of them it must learn to write, and
// where each turn begins. The template is kChatTemplate.
//
// How training and serving agree: llama-server tokenises its rendered prompt as one text, so a
// request's texts go there with their control texts broken by a zero-width space
// (chat/control_texts.h, models/local_request.h). The same is done here, to the same texts, so that
// the ids of a prompt are the server's, to the last one. Besides, what is not the template's own is
// encoded as ordinary text: even unbroken, "<|im_end|>" in a user's message ends no turn.
//
// The one place where ids differ on purpose: an answer's first token begins where its header ends,
// as it does when the model writes it. The server, reading the same answer back as history, may
// join its first line breaks to the header's.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "chat/control_texts.h"
#include "tokens/chat_template.h"
#include "tokens/tokenizer.h"

namespace understudy {

struct ChatTokens {
  std::vector<TokenId> ids;
  // 1 where the model must learn to write ids[i]: an assistant's text and calls and the
  // <|im_end|> after them; else 0: what it only reads, headers of turns included.
  std::vector<uint8_t> in_loss;
  std::vector<Turn> turns;  // begin and end count tokens; a header belongs to its turn
};

// The ids and mask of segments as they stand. Begins with the vocabulary's begin token where it
// says so (Vocabulary::adds_begin).
ChatTokens TokenizeChat(const Tokenizer& tokenizer, const RenderedChat& chat);

// Not thread-safe, as Tokenizer; copies are cheap.
class ChatTokenizer {
 public:
  explicit ChatTokenizer(Tokenizer tokenizer);

  // The whole of it: control texts broken, rendered, tokenised. `messages` and `tools` as in
  // RenderChat, and its errors; where a request's tool_choice forces a function, `tools` is that
  // one alone, as it is when serving.
  Result<ChatTokens> Tokenize(json::array messages, json::array tools, bool wants_answer) const;
  // From a chat-completions request, `answer` (an assistant message) added when it is an object;
  // without one the prompt of a generation.
  Result<ChatTokens> TokenizeRequest(const json::value& request, const json::value& answer) const;

  const Tokenizer& tokenizer() const { return tokenizer_; }

 private:
  Tokenizer tokenizer_;
  ControlTexts control_texts_;
};

}  // namespace understudy
