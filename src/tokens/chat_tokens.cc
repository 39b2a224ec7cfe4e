#include "tokens/chat_tokens.h"

#include "gguf/model_meta.h"
#include "tokens/special_texts.h"

namespace understudy {
namespace {

// Text between two special tokens is one for the pre-tokenizer, whatever segments it is from: a
// word may begin in one and end in the next.
class Joiner {
 public:
  explicit Joiner(const Tokenizer& tokenizer)
      : tokenizer_(tokenizer), specials_(tokenizer.vocabulary()) {}

  void Add(const Segment& segment) {
    const bool is_answer = IsAnswer(segment.kind);
    if (is_answer && !was_answer_) Flush();
    was_answer_ = is_answer;
    const bool has_specials =
        segment.kind == SegmentKind::kTemplate || segment.kind == SegmentKind::kAnswerMark;
    if (!has_specials) return AddText(segment.text);
    for (const auto& piece : specials_.Split(segment.text)) {
      if (piece.id == kNoToken) {
        AddText(piece.text);
      } else {
        AddToken(piece.id);
      }
    }
  }

  void AddToken(TokenId id) {
    Flush();
    Push(id);
  }

  // So far; text that is not yet tokenised begins here.
  size_t size() const { return chat_.ids.size(); }
  void Flush() {
    tokenizer_.Append(text_, SpecialTokens::kAsText, scratch_);
    text_.clear();
    for (const TokenId id : scratch_) Push(id);
    scratch_.clear();
  }
  ChatTokens& chat() { return chat_; }

 private:
  void AddText(std::string_view text) { text_ += text; }
  void Push(TokenId id) {
    chat_.ids.push_back(id);
    chat_.in_loss.push_back(was_answer_ ? 1 : 0);
  }

  const Tokenizer& tokenizer_;
  SpecialTexts specials_;
  ChatTokens chat_;
  std::string text_;
  std::vector<TokenId> scratch_;
  bool was_answer_ = false;
};

ControlTexts ControlTextsOf(const Vocabulary& vocabulary) {
  std::vector<std::string> texts;
  for (size_t i = 0; i < vocabulary.tokens.size(); ++i) {
    const auto type = static_cast<int64_t>(vocabulary.kinds[i]);
    if (IsControlText(vocabulary.tokens[i], type, kChatTemplate)) {
      texts.push_back(vocabulary.tokens[i]);
    }
  }
  return ControlTexts(std::move(texts));
}

Result<json::array> ArrayOf(const json::value& request, std::string_view key) {
  const json::value* value = Find(request, key);
  if (value == nullptr || value->is_null()) return json::array();
  if (const auto* array = value->if_array()) return *array;
  return Fail(InvalidInput(fmt::format("the request's {} are no list", key)).At(key));
}

// Only what tool_choice forces, where it does.
json::array OfferedTools(const json::value& request, json::array tools) {
  const json::value* choice = Find(request, "tool_choice");
  const json::value* forced = choice ? Find(*choice, "function") : nullptr;
  if (forced == nullptr) return tools;
  json::array only;
  for (json::value& tool : tools) {
    const json::value* function = Find(tool, "function");
    if (function && StringOr(*function, "name") == StringOr(*forced, "name")) only.push_back(tool);
  }
  return only;
}

}  // namespace

ChatTokens TokenizeChat(const Tokenizer& tokenizer, const RenderedChat& chat) {
  Joiner joiner(tokenizer);
  const Vocabulary& vocabulary = tokenizer.vocabulary();
  if (vocabulary.adds_begin && vocabulary.begin != kNoToken) joiner.AddToken(vocabulary.begin);
  size_t next = 0;
  for (const Turn& turn : chat.turns) {
    joiner.Flush();
    Turn counted = turn;
    counted.begin = joiner.size();
    for (; next < turn.end; ++next) joiner.Add(chat.segments[next]);
    joiner.Flush();
    counted.end = joiner.size();
    joiner.chat().turns.push_back(std::move(counted));
  }
  for (; next < chat.segments.size(); ++next) joiner.Add(chat.segments[next]);
  joiner.Flush();
  return std::move(joiner.chat());
}

ChatTokenizer::ChatTokenizer(Tokenizer tokenizer)
    : tokenizer_(std::move(tokenizer)), control_texts_(ControlTextsOf(tokenizer_.vocabulary())) {}

Result<ChatTokens> ChatTokenizer::Tokenize(json::array messages, json::array tools,
                                           bool wants_answer) const {
  json::value parts = json::array{std::move(messages), std::move(tools)};
  control_texts_.Defuse(parts);
  const json::array& both = parts.get_array();
  TRY(const RenderedChat chat, RenderChat(both[0].get_array(), both[1].get_array(), wants_answer));
  return TokenizeChat(tokenizer_, chat);
}

Result<ChatTokens> ChatTokenizer::TokenizeRequest(const json::value& request,
                                                  const json::value& answer) const {
  TRY(json::array messages, ArrayOf(request, "messages"));
  TRY(json::array tools, ArrayOf(request, "tools"));
  if (messages.empty()) return Fail(InvalidInput("the request has no messages").At("messages"));
  if (answer.is_object()) messages.push_back(answer);
  return Tokenize(std::move(messages), OfferedTools(request, std::move(tools)),
                  !answer.is_object());
}

}  // namespace understudy
