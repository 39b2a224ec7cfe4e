#include "chat/sse.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include <fmt/format.h>

namespace understudy {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

// First `c` in text[from, to), else `to`.
size_t FindByte(std::string_view text, char c, size_t from, size_t to) {
  if (from >= to) return to;
  const void* found = std::memchr(text.data() + from, c, to - from);
  return found ? static_cast<size_t>(static_cast<const char*>(found) - text.data()) : to;
}

// Calls line(text) for each line, whatever ends it.
template <class Line>
void ForLines(std::string_view text, Line line) {
  while (true) {
    const size_t end = text.find_first_of("\r\n");
    line(text.substr(0, end));
    if (end == std::string_view::npos) return;
    const bool pair = text.substr(end, 2) == "\r\n";
    text.remove_prefix(end + (pair ? 2 : 1));
  }
}

std::string FormatLines(std::string_view prefix, std::string_view text) {
  std::string out;
  out.reserve(prefix.size() + text.size() + 2);
  ForLines(text, [&](std::string_view line) {
    out += prefix;
    out += line;
    out += '\n';
  });
  out += '\n';
  return out;
}

}  // namespace

void SseParser::Feed(std::string_view bytes) {
  if (used_ > buffer_.size() / 2) {
    buffer_.erase(0, used_);
    no_lf_ -= std::min(no_lf_, used_);
    no_cr_ -= std::min(no_cr_, used_);
    used_ = 0;
  }
  buffer_ += bytes;
}

bool SseParser::SkipByteOrderMark() {
  if (begun_) return true;
  const std::string_view seen = std::string_view(buffer_).substr(0, kByteOrderMark.size());
  if (seen != kByteOrderMark.substr(0, seen.size())) {
    begun_ = true;
  } else if (seen.size() == kByteOrderMark.size()) {
    begun_ = true;
    used_ = seen.size();
  }
  return begun_;
}

std::optional<std::string_view> SseParser::NextLine() {
  if (after_cr_ && used_ < buffer_.size()) {
    if (buffer_[used_] == '\n') ++used_;
    after_cr_ = false;
  }
  no_lf_ = FindByte(buffer_, '\n', std::max(used_, no_lf_), buffer_.size());
  no_cr_ = FindByte(buffer_, '\r', std::max(used_, no_cr_), no_lf_);
  if (no_cr_ == buffer_.size()) return std::nullopt;
  const std::string_view line = std::string_view(buffer_).substr(used_, no_cr_ - used_);
  after_cr_ = buffer_[no_cr_] == '\r';
  used_ = no_cr_ + 1;
  return line;
}

void SseParser::TakeField(std::string_view line) {
  const size_t colon = line.find(':');
  const std::string_view field = line.substr(0, colon);
  std::string_view value = colon == std::string_view::npos ? "" : line.substr(colon + 1);
  if (value.starts_with(' ')) value.remove_prefix(1);
  if (field == "data") {
    if (has_data_) event_.data += '\n';
    event_.data += value;
    has_data_ = true;
  } else if (field == "event") {
    event_.event = value == "message" ? "" : value;
  }
}

Result<std::optional<SseEvent>> SseParser::Next() {
  while (!too_large_ && SkipByteOrderMark()) {
    const auto line = NextLine();
    const size_t size = event_.data.size() + (line ? line->size() : pending());
    if (size > max_bytes_) {
      too_large_ = true;
      break;
    }
    if (!line) return std::nullopt;
    if (!line->empty()) {
      TakeField(*line);
      continue;
    }
    const bool complete = std::exchange(has_data_, false);
    SseEvent event = std::exchange(event_, {});
    if (complete) return event;
  }
  if (!too_large_) return std::nullopt;
  return Fail(ProtocolError(fmt::format("a server-sent event has over {} bytes", max_bytes_)));
}

std::string FormatSseData(std::string_view data) {
  return FormatLines("data: ", data);
}

std::string FormatSseComment(std::string_view comment) {
  return FormatLines(": ", comment);
}

}  // namespace understudy
