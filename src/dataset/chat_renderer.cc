#include "dataset/chat_renderer.h"

#include <algorithm>

namespace understudy {
namespace {

// What the loss is on within a turn: its answer, without the header.
AnswerSpan SpanOf(const ChatTokens& tokens, const Turn& turn) {
  AnswerSpan span{turn.message, turn.end, turn.begin};
  for (size_t i = turn.begin; i < turn.end; ++i) {
    if (tokens.in_loss[i] == 0) continue;
    span.begin = std::min(span.begin, i);
    span.end = i + 1;
  }
  return span;
}

}  // namespace

ChatRenderer::ChatRenderer(ChatTokenizer chat) : chat_(std::move(chat)) {
  const Tokenizer& tokenizer = chat_.tokenizer();
  for (size_t id = 0; id < tokenizer.size(); ++id) {
    const std::string_view piece = tokenizer.Decode(static_cast<TokenId>(id));
    if (!piece.empty()) by_piece_.emplace(piece, static_cast<int32_t>(id));
  }
}

Result<std::unique_ptr<ChatRenderer>> ChatRenderer::ForBase(const GgufFile& base) {
  const auto found = base.Text("tokenizer.chat_template");
  if (found != kChatTemplate) {
    Error error =
        InvalidInput(found ? "the base model's chat template is not the one that training "
                             "knows"
                           : "the base model has no chat template");
    error.kind = ErrorKind::kUnsupported;
    return Fail(std::move(error)
                    .At("tokenizer.chat_template")
                    .Mend("Take a base model made by understudy pretrain."));
  }
  TRY(Tokenizer tokenizer, Tokenizer::FromGguf(base));
  return std::make_unique<ChatRenderer>(ChatTokenizer(std::move(tokenizer)));
}

Result<ChatAsTokens> ChatRenderer::Render(const json::array& messages,
                                          const json::value& tools) const {
  const auto* list = tools.if_array();
  TRY(ChatTokens tokens, chat_.Tokenize(messages, list ? *list : json::array(), false));
  ChatAsTokens chat;
  for (const Turn& turn : tokens.turns) {
    if (turn.role == "assistant") chat.answers.push_back(SpanOf(tokens, turn));
  }
  chat.tokens = std::move(tokens.ids);
  return chat;
}

std::string_view ChatRenderer::Piece(int32_t token) const {
  return chat_.tokenizer().Decode(token);
}

std::optional<int32_t> ChatRenderer::Find(std::string_view piece) const {
  const auto found = by_piece_.find(piece);
  return found == by_piece_.end() ? std::nullopt : std::optional(found->second);
}

int32_t ChatRenderer::padding_token() const {
  const Vocabulary& vocabulary = chat_.tokenizer().vocabulary();
  if (vocabulary.padding != kNoToken) return vocabulary.padding;
  return std::max(vocabulary.end, TokenId{0});
}

}  // namespace understudy
