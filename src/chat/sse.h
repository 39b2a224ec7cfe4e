// Server-sent events (WHATWG HTML, section 9.2), the framing of streamed answers.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace understudy {

struct SseEvent {
  std::string event;  // "message" is left empty
  std::string data;   // data lines joined by \n
};

// Feed bytes as they come, in any chunking; take events as they complete. Accepts \n, \r\n and
// \r, a leading byte-order mark, comments and unknown fields (ignored). An event over `max_bytes`
// fails with kProtocol, for ever. Amortised linear time.
class SseParser {
 public:
  explicit SseParser(size_t max_bytes = size_t{8} << 20) : max_bytes_(max_bytes) {}
  void Feed(std::string_view bytes);
  // The next complete event, nullopt when more bytes are needed. Events without data are skipped.
  Result<std::optional<SseEvent>> Next();
  // Bytes fed but not yet part of a completed event.
  size_t pending() const { return buffer_.size() - used_; }

 private:
  bool SkipByteOrderMark();  // false while there are too few bytes to tell
  std::optional<std::string_view> NextLine();
  void TakeField(std::string_view line);

  size_t max_bytes_;
  std::string buffer_;
  size_t used_ = 0;         // start of what is not yet consumed
  size_t no_lf_ = 0;        // between used_ and here there is no \n ...
  size_t no_cr_ = 0;        // ... and here no \r: no byte is searched twice for either
  bool begun_ = false;      // the byte-order mark has been dealt with
  bool after_cr_ = false;   // a line ended in \r; a \n that follows belongs to it
  bool too_large_ = false;  // failed for ever
  SseEvent event_;
  bool has_data_ = false;
};

inline constexpr std::string_view kSseDone = "data: [DONE]\n\n";

std::string FormatSseData(std::string_view data);        // "data: ...\n\n", line by line
std::string FormatSseComment(std::string_view comment);  // ": ...\n\n"

}  // namespace understudy
