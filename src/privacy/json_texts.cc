#include "privacy/json_texts.h"

#include "chat/json_reader.h"
#include "privacy/scan.h"

namespace understudy {
namespace {

bool IsBlank(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

class Tokens {
 public:
  explicit Tokens(std::string_view json) : json_(json) {}

  std::optional<std::vector<JsonText>> Read() {
    while (at_ < json_.size() && IsBlank(json_[at_])) ++at_;
    const char first = At(json_, at_);
    if (first != '{' && first != '[') return std::nullopt;
    while (at_ < json_.size()) {
      if (!Next()) return std::nullopt;
    }
    return depth_ == 0 ? std::optional(std::move(texts_)) : std::nullopt;
  }

 private:
  bool Next() {
    const char c = json_[at_];
    if (c == '"') return String();
    if (c == '-' || IsDigit(c)) return Number();
    if (IsLower(c)) return Word();
    if (c == ':' && !texts_.empty() && texts_.back().end + 1 == behind_)
      texts_.back().is_key = true;
    if (c == '{' || c == '[') ++depth_;
    if ((c == '}' || c == ']') && --depth_ < 0) return false;
    ++at_;
    return IsBlank(c) || c == ',' || c == ':' || c == '{' || c == '[' || c == '}' || c == ']';
  }

  bool String() {
    JsonText text{at_ + 1, at_ + 1};
    size_t end = text.begin;
    for (; At(json_, end) != '"'; ++end) {
      if (end >= json_.size() || static_cast<unsigned char>(json_[end]) < 0x20) return false;
      if (json_[end] != '\\') continue;
      text.escaped = true;
      ++end;
    }
    if (end >= json_.size()) return false;
    text.end = end;
    if (text.escaped && !DecodeJsonString(json_.substr(text.begin, end - text.begin), nullptr)) {
      return false;
    }
    texts_.push_back(text);
    at_ = behind_ = end + 1;
    return true;
  }

  bool Number() {
    const size_t begin = at_;
    bool whole = json_[at_] != '-';
    for (++at_; at_ < json_.size(); ++at_) {
      const char c = json_[at_];
      if (IsDigit(c)) continue;
      if (c != '.' && c != 'e' && c != 'E' && c != '+' && c != '-') break;
      whole = false;
    }
    if (whole) texts_.push_back({begin, at_, true});
    return true;
  }

  bool Word() {
    for (const std::string_view word : {"true", "false", "null"}) {
      if (json_.substr(at_, word.size()) != word) continue;
      at_ += word.size();
      return true;
    }
    return false;
  }

  std::string_view json_;
  size_t at_ = 0;
  size_t behind_ = 0;  // the end of the last string
  int depth_ = 0;
  std::vector<JsonText> texts_;
};

}  // namespace

std::optional<std::vector<JsonText>> JsonTexts(std::string_view json) {
  return Tokens(json).Read();
}

DecodedText DecodeWithSource(std::string_view inside) {
  DecodedText decoded;
  size_t at = 0;
  while (at < inside.size()) {
    size_t length = 1;
    if (inside[at] == '\\') {
      length = At(inside, at + 1) == 'u' ? 6 : 2;
      const bool high = length == 6 && ToLower(At(inside, at + 2)) == 'd' &&
                        ToLower(At(inside, at + 3)) >= '8' && ToLower(At(inside, at + 3)) <= 'b';
      if (high) length = 12;  // a surrogate pair
      DecodeJsonString(inside.substr(at, length), &decoded.text);
    } else {
      decoded.text += inside[at];
    }
    decoded.source.resize(decoded.text.size(), static_cast<uint32_t>(at));
    at += length;
  }
  decoded.source.push_back(static_cast<uint32_t>(inside.size()));
  return decoded;
}

}  // namespace understudy
