#include "reason/signals.h"

#include <utf8proc.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include <fmt/format.h>

namespace understudy {
namespace {

constexpr float kUnknown = std::numeric_limits<float>::quiet_NaN();
constexpr size_t kMostText = size_t{256} << 10;
constexpr int kMostValues = 256;
constexpr int kMostTries = 64;  // places of one value that turn out to be inside a word

bool IsBlank(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}
bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
// Bytes beyond ASCII count as letters.
bool IsWordByte(char c) {
  return IsDigit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80) != 0;
}

// Appends the lower case of the code point at `at`, or the byte itself where it is none; gives how
// many bytes it took.
size_t AppendLower(std::string& out, std::string_view text, size_t at) {
  utf8proc_int32_t code = 0;
  const auto size = utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(text.data() + at),
                                     static_cast<utf8proc_ssize_t>(text.size() - at), &code);
  if (size <= 0) {
    out += text[at];
    return 1;
  }
  std::array<utf8proc_uint8_t, 4> bytes;
  const auto written = utf8proc_encode_char(utf8proc_tolower(code), bytes.data());
  out.append(reinterpret_cast<const char*>(bytes.data()), static_cast<size_t>(written));
  return static_cast<size_t>(size);
}

// Lower case, one blank for each run of blanks.
void AppendNormal(std::string& out, std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const char c = text[at];
    if ((c & 0x80) != 0) {
      at += AppendLower(out, text, at);
      continue;
    }
    ++at;
    if (!IsBlank(c)) {
      out += c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
    } else if (!out.empty() && out.back() != ' ') {
      out += ' ';
    }
  }
}

std::string Normal(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  AppendNormal(out, text);
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

// All that a value can have been taken from, normalised, the latest first; parts are kept apart by
// newlines, which no normalised value holds.
std::string RequestText(const ChatRequest& request) {
  std::string out;
  const auto add = [&out](std::string_view text) {
    AppendNormal(out, text.substr(0, kMostText - std::min(out.size(), kMostText)));
    out += '\n';
  };
  for (auto message = request.messages.rbegin(); message != request.messages.rend(); ++message) {
    add(message->text);
    for (const ToolCall& call : message->tool_calls) add(call.arguments);
  }
  for (const Tool& tool : request.tools) add(tool.parameters);
  return out;
}

// Whether a word or number goes on across the border between `left` and `right`.
bool Continues(std::string_view text, size_t border) {
  if (border == 0 || border >= text.size()) return false;
  const char left = text[border - 1], right = text[border];
  if (IsWordByte(left) && IsWordByte(right)) return true;
  // "2" is not in "2.5", nor "5"; a full stop ends "at 2."
  if (IsDigit(left) && (right == '.' || right == ',')) {
    return border + 1 < text.size() && IsDigit(text[border + 1]);
  }
  if (IsDigit(right) && (left == '.' || left == ','))
    return border > 1 && IsDigit(text[border - 2]);
  return false;
}

// memmem: linear also on hostile texts.
bool Occurs(std::string_view text, std::string_view value) {
  size_t from = 0;
  for (int tries = 0; tries < kMostTries; ++tries) {
    const void* place =
        ::memmem(text.data() + from, text.size() - from, value.data(), value.size());
    if (!place) return false;
    const auto at = static_cast<size_t>(static_cast<const char*>(place) - text.data());
    if (!Continues(text, at) && !Continues(text, at + value.size())) return true;
    from = at + 1;
  }
  return false;
}

// Counts the leaves of answers that occur in a request.
class Grounding {
 public:
  explicit Grounding(const ChatRequest& request) : request_(request) {}

  void Look(const json::value& value) {
    if (const auto* object = value.if_object()) {
      for (const auto& member : *object) Look(member.value());
    } else if (const auto* array = value.if_array()) {
      for (const json::value& item : *array) Look(item);
    } else if (const auto* text = value.if_string()) {
      Count(Normal({text->data(), text->size()}));
    } else if (value.is_number()) {
      Count(Spelling(value));
    }
  }
  float share() const { return leaves_ == 0 ? 1 : static_cast<float>(found_) / leaves_; }

 private:
  // The shortest: 5.0 is "5".
  static std::string Spelling(const json::value& number) {
    if (number.is_int64()) return fmt::format("{}", number.get_int64());
    if (number.is_uint64()) return fmt::format("{}", number.get_uint64());
    return fmt::format("{}", number.get_double());
  }
  void Count(std::string_view value) {
    if (value.empty() || leaves_ == kMostValues) return;
    if (leaves_++ == 0) text_ = RequestText(request_);
    found_ += Occurs(text_, value);
  }

  const ChatRequest& request_;
  std::string text_;  // made when it is first needed
  int leaves_ = 0, found_ = 0;
};

float GroundedShare(const ChatRequest& request, const ChatAnswer& answer) {
  Grounding grounding(request);
  for (const Choice& choice : answer.choices) {
    for (const ToolCall& call : choice.tool_calls) {
      if (const auto arguments = ParseJson(call.arguments)) grounding.Look(*arguments);
    }
    const size_t begin = choice.content.find_first_not_of(" \t\r\n");
    if (begin == std::string::npos) continue;
    if (choice.content[begin] != '{' && choice.content[begin] != '[') continue;
    if (const auto content = ParseJson(choice.content)) grounding.Look(*content);
  }
  return grounding.share();
}

json::value NumberOrNull(float number) {
  return std::isfinite(number) ? json::value(number) : json::value(nullptr);
}

}  // namespace

Signals SignalsOf(const ChatRequest& request, const ChatAnswer& answer) {
  Signals signals{kUnknown, kUnknown, kUnknown, 1, 0};
  double sum = 0;
  int told = 0;
  for (const Choice& choice : answer.choices) {
    for (const float logprob : choice.token_logprobs) {
      signals.min_logprob = std::fmin(signals.min_logprob, logprob);  // of a NaN: the other
      sum += logprob;
      ++told;
    }
    for (const float margin : choice.token_margins) {
      signals.low_margin = std::fmin(signals.low_margin, margin);
    }
  }
  if (told > 0) signals.mean_logprob = static_cast<float>(sum / told);
  signals.grounded = GroundedShare(request, answer);
  signals.answer_tokens =
      answer.usage.known ? static_cast<int>(answer.usage.completion_tokens) : told;
  return signals;
}

json::object ToJson(const Signals& signals) {
  return {{"min_logprob", NumberOrNull(signals.min_logprob)},
          {"mean_logprob", NumberOrNull(signals.mean_logprob)},
          {"low_margin", NumberOrNull(signals.low_margin)},
          {"grounded", NumberOrNull(signals.grounded)},
          {"answer_tokens", signals.answer_tokens}};
}

Signals SignalsFromJson(const json::value& value) {
  const auto number = [&](std::string_view key) {
    return static_cast<float>(NumberOr(value, key, std::numeric_limits<double>::quiet_NaN()));
  };
  return {number("min_logprob"), number("mean_logprob"), number("low_margin"), number("grounded"),
          static_cast<int>(IntOr(value, "answer_tokens", 0))};
}

}  // namespace understudy
