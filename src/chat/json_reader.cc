#include "chat/json_reader.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

#include <fmt/format.h>

namespace understudy {
namespace {

constexpr size_t kLeastParserBytes = size_t{16} << 10;
constexpr size_t kKeepParserBytes = size_t{1} << 20;  // a parser holds about 6 times its capacity
constexpr std::string_view kBlanks = " \t\n\r";
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

struct ThreadParser {
  simdjson::ondemand::parser parser;
  bool taken = false;
};

ThreadParser& OfThread() {
  thread_local ThreadParser mine;
  return mine;
}

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

size_t CountDigits(std::string_view text, size_t from) {
  size_t i = from;
  while (i < text.size() && IsDigit(text[i])) ++i;
  return i - from;
}

std::string_view TrimEnd(std::string_view text) {
  const size_t last = text.find_last_not_of(kBlanks);
  return text.substr(0, last + 1);
}

// The four hex digits at `at`, or -1.
int HexQuad(std::string_view text, size_t at) {
  if (at + 4 > text.size()) return -1;
  unsigned value = 0;
  const char* end = text.data() + at + 4;
  const auto [stop, error] = std::from_chars(text.data() + at, end, value, 16);
  return error == std::errc() && stop == end ? static_cast<int>(value) : -1;
}

void AppendUtf8(std::string& out, uint32_t code) {
  const auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((code >> shift) & 0x3F)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xC0 | (code >> 6));
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xE0 | (code >> 12));
    tail(6), tail(0);
  } else {
    out += static_cast<char>(0xF0 | (code >> 18));
    tail(12), tail(6), tail(0);
  }
}

// Reads the escape at text[0] == '\\'. Returns its length, 0 when it is none.
size_t DecodeEscape(std::string_view text, std::string* out) {
  constexpr std::string_view kNames = "\"\\/bfnrt";
  constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
  if (text.size() < 2) return 0;
  if (const size_t i = kNames.find(text[1]); i != std::string_view::npos) {
    if (out) *out += kValues[i];
    return 2;
  }
  if (text[1] != 'u') return 0;
  const int first = HexQuad(text, 2);
  if (first < 0 || (first >= 0xDC00 && first <= 0xDFFF)) return 0;
  if (first < 0xD800 || first > 0xDBFF) {
    if (out) AppendUtf8(*out, static_cast<uint32_t>(first));
    return 6;
  }
  const int second = text.substr(6, 2) == "\\u" ? HexQuad(text, 8) : -1;
  if (second < 0xDC00 || second > 0xDFFF) return 0;
  if (out) AppendUtf8(*out, 0x10000U + ((first - 0xD800U) << 10) + (second - 0xDC00U));
  return 12;
}

std::string_view KindName(JsonKind kind) {
  switch (kind) {
    case JsonKind::kNull: return "null";
    case JsonKind::kBool: return "a boolean";
    case JsonKind::kNumber: return "a number";
    case JsonKind::kString: return "a string";
    case JsonKind::kArray: return "an array";
    case JsonKind::kObject: return "an object";
    case JsonKind::kInvalid: break;
  }
  return "malformed JSON";
}

}  // namespace

bool DecodeJsonString(std::string_view inside, std::string* out) {
  while (true) {
    const void* found = std::memchr(inside.data(), '\\', inside.size());
    const size_t plain = found
                             ? static_cast<size_t>(static_cast<const char*>(found) - inside.data())
                             : inside.size();
    if (out) out->append(inside, 0, plain);
    inside.remove_prefix(plain);
    if (inside.empty()) return true;
    const size_t length = DecodeEscape(inside, out);
    if (length == 0) return false;
    inside.remove_prefix(length);
  }
}

bool IsJsonNumber(std::string_view token) {
  size_t i = token.starts_with('-') ? 1 : 0;
  const size_t whole = CountDigits(token, i);
  if (whole == 0 || (whole > 1 && token[i] == '0')) return false;
  i += whole;
  if (i < token.size() && token[i] == '.') {
    const size_t fraction = CountDigits(token, ++i);
    if (fraction == 0) return false;
    i += fraction;
  }
  if (i < token.size() && (token[i] == 'e' || token[i] == 'E')) {
    ++i;
    if (i < token.size() && (token[i] == '+' || token[i] == '-')) ++i;
    const size_t exponent = CountDigits(token, i);
    if (exponent == 0) return false;
    i += exponent;
  }
  return i == token.size();
}

JsonReader::JsonReader(std::string& text) : text_(text), shared_(!OfThread().taken) {
  parser_ = shared_ ? &OfThread().parser : new simdjson::ondemand::parser;
  if (shared_) OfThread().taken = true;
  text_.reserve(text_.size() + simdjson::SIMDJSON_PADDING);
  if (parser_->capacity() < text_.size()) {  // ahead, or each longer text would allocate anew
    // Where this fails, iterate fails too, and says so.
    [[maybe_unused]] const auto error =
        parser_->allocate(std::bit_ceil(std::max(text_.size(), kLeastParserBytes)));
  }
  begun_ = parser_->iterate(text_.data(), text_.size(), text_.capacity()).get(document_);
}

JsonReader::~JsonReader() {
  if (!shared_) {
    delete parser_;
    return;
  }
  if (parser_->capacity() > kKeepParserBytes) *parser_ = simdjson::ondemand::parser();
  OfThread().taken = false;
}

bool JsonReader::Enter() {
  if (depth_ == kMaxJsonDepth) {
    return Fail(fmt::format("is nested more than {} levels deep", kMaxJsonDepth));
  }
  ++depth_;
  return true;
}

std::string JsonReader::Path() const {
  std::string path;
  for (size_t i = 0; i < depth_; ++i) {
    const Step& step = path_[i];
    if (!step.key) {
      path += fmt::format("[{}]", step.number);
    } else {
      if (!path.empty()) path += '.';
      path.append(step.key, step.number);
    }
  }
  return path;
}

bool JsonReader::Fail(std::string_view what) {
  if (failed_) return false;
  failed_ = true;
  problem_.path = Path();
  problem_.message = fmt::format("'{}' {}", problem_.path, what);
  return false;
}

bool JsonReader::FailType(std::string_view expected, Value value) {
  const std::string_view token = Token(value);
  if (Kind(value) == JsonKind::kInvalid || !CheckScalar(token)) {
    return Malformed(simdjson::TAPE_ERROR);
  }
  return Fail(fmt::format("must be {}, not {}", expected, KindName(Kind(value))));
}

bool JsonReader::Malformed(simdjson::error_code error) {
  if (failed_) return false;
  failed_ = true;
  problem_.path.clear();
  if (std::string_view(text_).starts_with(kByteOrderMark)) {
    problem_.message = "invalid JSON: it starts with a byte-order mark";
  } else if (error == simdjson::INCORRECT_TYPE) {
    problem_.message = "it must be a JSON object";
  } else if (begun_) {
    problem_.message = fmt::format("invalid JSON: {}", simdjson::error_message(error));
  } else {
    const char* at = nullptr;
    if (document_.current_location().get(at)) at = text_.data() + text_.size();
    problem_.message = fmt::format("invalid JSON near byte {}", at - text_.data());
  }
  return false;
}

bool JsonReader::CheckEnd() {
  const char* rest = nullptr;
  const bool at_end = document_.current_location().get(rest) == simdjson::OUT_OF_BOUNDS;
  return at_end || Malformed(simdjson::TAPE_ERROR);
}

bool JsonReader::Remember(std::string_view key, size_t first) {
  const auto begin = seen_.begin() + static_cast<ptrdiff_t>(first);
  if (std::find(begin, seen_.end(), key) != seen_.end()) return Fail("is given twice");
  seen_.push_back(key);
  return true;
}

std::string_view JsonReader::Key(const char* after_quote) {
  const char* end = after_quote;
  bool escaped = false;
  for (; *end != '"'; ++end) {  // simdjson has seen that it closes
    if (*end == '\\') {
      escaped = true;
      ++end;
    }
  }
  raw_key_ = {after_quote, static_cast<size_t>(end - after_quote)};
  if (!escaped) return raw_key_;
  std::string& decoded = decoded_keys_.emplace_front();
  if (!DecodeJsonString(raw_key_, &decoded)) Malformed(simdjson::STRING_ERROR);
  return decoded;
}

std::string_view JsonReader::Token(Value value) const {
  return TrimEnd(value.raw_json_token());
}

JsonKind JsonReader::Kind(Value value) const {
  switch (*value.raw_json_token().data()) {
    case '{': return JsonKind::kObject;
    case '[': return JsonKind::kArray;
    case '"': return JsonKind::kString;
    case 't':
    case 'f': return JsonKind::kBool;
    case 'n': return JsonKind::kNull;
    case '-': return JsonKind::kNumber;
    default: break;
  }
  return IsDigit(*value.raw_json_token().data()) ? JsonKind::kNumber : JsonKind::kInvalid;
}

const char* JsonReader::EndOf(Value value) {
  const std::string_view token = Token(value);
  if (token.front() != '{' && token.front() != '[') return token.data() + token.size();
  const char* next = nullptr;
  if (document_.current_location().get(next)) next = text_.data() + text_.size();
  const auto length = static_cast<size_t>(next - token.data());
  return token.data() + TrimEnd({token.data(), length}).size();
}

// Closed, and no colon after it: simdjson takes a string that it skips for a key then, and what
// follows for its value.
bool JsonReader::IsStringValue(std::string_view token) const {
  const std::string_view rest = std::string_view(text_).substr(
      static_cast<size_t>(token.data() - text_.data()) + token.size());
  const size_t next = rest.find_first_not_of(kBlanks);
  return token.size() > 1 && token.back() == '"' &&
         (next == std::string_view::npos || rest[next] != ':');
}

// Containers pass: they are checked where they are walked.
bool JsonReader::CheckScalar(std::string_view token) {
  switch (token.front()) {
    case '{':
    case '[': return true;
    case 't': return token == "true";
    case 'f': return token == "false";
    case 'n': return token == "null";
    case '"':
      return IsStringValue(token) && DecodeJsonString(token.substr(1, token.size() - 2), nullptr);
    default: return IsJsonNumber(token);
  }
}

bool JsonReader::String(Value value, std::string* out) {
  const std::string_view token = Token(value);
  if (token == "null") return true;
  if (token.front() != '"') return FailType("a string", value);
  out->clear();
  return (IsStringValue(token) && DecodeJsonString(token.substr(1, token.size() - 2), out)) ||
         Malformed(simdjson::STRING_ERROR);
}

bool JsonReader::Null(Value value) {
  return Token(value) == "null" || FailType("null", value);
}

bool JsonReader::Bool(Value value, bool* out) {
  const std::string_view token = Token(value);
  if (token == "null") return true;
  if (token != "true" && token != "false") return FailType("a boolean", value);
  *out = token == "true";
  return true;
}

bool JsonReader::Int(Value value, int64_t* out) {
  const std::string_view token = Token(value);
  if (token == "null") return true;
  if (!IsJsonNumber(token)) return FailType("an integer", value);
  const char* end = token.data() + token.size();
  const auto [stop, error] = std::from_chars(token.data(), end, *out);
  if (stop != end) return Fail("must be an integer");
  return error == std::errc() || Fail("is out of range");
}

bool JsonReader::Number(Value value, double* out) {
  const std::string_view token = Token(value);
  if (token == "null") return true;
  if (!IsJsonNumber(token)) return FailType("a number", value);
  const auto [stop, error] = std::from_chars(token.data(), token.data() + token.size(), *out);
  return error == std::errc() || Fail("is out of range");
}

bool JsonReader::Skip(Value value) {
  bool ok = true;
  switch (Kind(value)) {
    case JsonKind::kObject:
      ok = Members(value, [&](std::string_view, Value member) { return Skip(member); });
      break;
    case JsonKind::kArray: ok = Items(value, [&](Value item) { return Skip(item); }); break;
    default: ok = CheckScalar(Token(value)) || Malformed(simdjson::TAPE_ERROR);
  }
  ignored_ = true;
  return ok;
}

bool JsonReader::Raw(Value value, std::string_view* out) {
  const char* begin = Token(value).data();
  if (!Skip(value)) return false;
  ignored_ = false;
  *out = {begin, static_cast<size_t>(EndOf(value) - begin)};
  return true;
}

bool JsonReader::Raw(Value value, std::string* out) {
  std::string_view raw;
  if (!Raw(value, &raw)) return false;
  out->assign(raw);
  return true;
}

}  // namespace understudy
