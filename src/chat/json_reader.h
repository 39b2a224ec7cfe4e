// JsonReader: one strict pass over a JSON text, for the parsers of this folder.
//
// It walks simdjson's on-demand iterator, which by itself looks only at what is asked for. Here
// the bytes are passed on, so everything is checked: what a parser does not ask for is walked by
// Skip(). Accepts exactly RFC 8259 in UTF-8, without lone surrogates, nested at most
// kMaxJsonDepth deep. Strings without escapes are copied once, the rest is never copied.
//
// Readers return false on failure; the first failure stays and is told by problem(). In every
// typed reader a null counts as absent: it succeeds and leaves `out` as it was.
//
//   JsonReader in(text);
//   const bool ok = in.Document([&](std::string_view key, JsonReader::Value value) {
//     if (key == "name") return in.String(value, &name);
//     return in.Skip(value);
//   });
//
// A key that a callback reads (rather than skips) may occur once in its object.
#pragma once

#include <array>
#include <cstdint>
#include <forward_list>
#include <string>
#include <string_view>
#include <utility>

#include <simdjson.h>
#include <boost/container/small_vector.hpp>

#include "base/json.h"
#include "chat/request.h"

namespace understudy {

enum class JsonKind : uint8_t { kNull, kBool, kNumber, kString, kArray, kObject, kInvalid };

class JsonReader {
 public:
  using Value = simdjson::ondemand::value;

  struct Problem {
    std::string message;  // "'messages[0].role' must be a string, not a number"
    std::string path;     // "messages[0].role"; empty for malformed JSON and for the whole text
  };

  // `text` must outlive the reader, unchanged; its capacity may grow here (simdjson reads a few
  // bytes past the end). Uses the thread's parser, or one of its own while that is taken.
  explicit JsonReader(std::string& text);
  ~JsonReader();
  JsonReader(const JsonReader&) = delete;
  JsonReader& operator=(const JsonReader&) = delete;

  // The whole text: one object and nothing after it. read(key, value) -> bool, in order. `key` is
  // decoded and lives as long as the reader.
  template <class Read>
  bool Document(Read&& read);
  template <class Read>
  bool Members(Value value, Read&& read);
  // read(value) -> bool for each item of an array.
  template <class Read>
  bool Items(Value value, Read&& read);

  bool String(Value value, std::string* out);
  bool Null(Value value);  // only a null
  bool Bool(Value value, bool* out);
  bool Int(Value value, int64_t* out);
  bool Number(Value value, double* out);
  // The value's exact bytes, checked; null too.
  bool Raw(Value value, std::string_view* out);
  bool Raw(Value value, std::string* out);
  bool Skip(Value value);

  // Runs read() on the value and notes which bytes of the text it covers.
  template <class Read>
  bool Spanned(Value value, Span* span, Read&& read);

  std::string_view Text(Span span) const {
    return std::string_view(text_).substr(span.begin, span.end - span.begin);
  }

  JsonKind Kind(Value value) const;
  // Raw bytes of the key that is being read, without quotes, escapes as written.
  std::string_view raw_key() const { return raw_key_; }

  // Notes a failure at the value being read; what: "must be one of ...". Always false.
  bool Fail(std::string_view what);
  bool FailType(std::string_view expected, Value value);
  const Problem& problem() const { return problem_; }
  std::string Path() const;

 private:
  using Object = simdjson::ondemand::object;
  // A key and its length, or null and an index. No initialisers: path_ is not worth clearing.
  struct Step {
    const char* key;
    size_t number;
  };

  template <class Read>
  bool Walk(Object object, Read&& read);
  bool Enter();
  void Leave() { --depth_; }
  bool Malformed(simdjson::error_code error);
  bool CheckEnd();
  bool Remember(std::string_view key, size_t first);
  std::string_view Key(const char* after_quote);
  std::string_view Token(Value value) const;
  const char* EndOf(Value value);
  bool CheckScalar(std::string_view token);
  bool IsStringValue(std::string_view token) const;

  std::string& text_;
  simdjson::ondemand::parser* parser_;
  bool shared_;  // parser_ is the thread's
  simdjson::ondemand::document document_;
  simdjson::error_code begun_ = simdjson::SUCCESS;
  Problem problem_;
  bool failed_ = false;
  bool ignored_ = false;  // the last value was skipped
  std::string_view raw_key_;
  boost::container::small_vector<std::string_view, 32> seen_;  // keys read in the open objects
  std::forward_list<std::string> decoded_keys_;                // keys that had escapes
  size_t depth_ = 0;
  std::array<Step, kMaxJsonDepth> path_;
};

// Appends the text of a JSON string's inside (between the quotes) to `out`, or only checks it
// where `out` is null. False on a bad escape or a lone surrogate.
bool DecodeJsonString(std::string_view inside, std::string* out);
bool IsJsonNumber(std::string_view token);

template <class Read>
bool JsonReader::Walk(Object object, Read&& read) {
  if (!Enter()) return false;
  const size_t first_seen = seen_.size();
  for (auto next : object) {
    simdjson::ondemand::field field;
    if (const auto error = std::move(next).get(field)) return Malformed(error);
    const std::string_view key = Key(field.key().raw());
    if (failed_) return false;
    path_[depth_ - 1] = {key.data(), key.size()};
    ignored_ = false;
    if (!read(key, field.value())) return false;
    if (!ignored_ && !Remember(key, first_seen)) return false;
  }
  seen_.resize(first_seen);
  ignored_ = false;
  Leave();
  return true;
}

template <class Read>
bool JsonReader::Document(Read&& read) {
  if (begun_) return Malformed(begun_);
  Object object;
  if (const auto error = document_.get_object().get(object)) return Malformed(error);
  return Walk(object, read) && CheckEnd();
}

template <class Read>
bool JsonReader::Members(Value value, Read&& read) {
  if (Kind(value) != JsonKind::kObject) return FailType("an object", value);
  Object object;
  if (const auto error = value.get_object().get(object)) return Malformed(error);
  return Walk(object, read);
}

template <class Read>
bool JsonReader::Items(Value value, Read&& read) {
  if (Kind(value) != JsonKind::kArray) return FailType("an array", value);
  simdjson::ondemand::array array;
  if (const auto error = value.get_array().get(array)) return Malformed(error);
  if (!Enter()) return false;
  size_t index = 0;
  for (auto next : array) {
    Value item;
    if (const auto error = std::move(next).get(item)) return Malformed(error);
    path_[depth_ - 1] = {nullptr, index++};
    if (!read(item)) return false;
  }
  ignored_ = false;
  Leave();
  return true;
}

template <class Read>
bool JsonReader::Spanned(Value value, Span* span, Read&& read) {
  const char* begin = Token(value).data();
  if (!read()) return false;
  span->begin = static_cast<uint32_t>(begin - text_.data());
  span->end = static_cast<uint32_t>(EndOf(value) - text_.data());
  return true;
}

}  // namespace understudy
