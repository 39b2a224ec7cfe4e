// Parses the answer to one request, from bytes in memory (RFC 9112). Interim answers (1xx) are
// skipped. Body pieces are views into the bytes given: nothing is copied.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/http.h"

namespace understudy {

class ReplyParser {
 public:
  // `to_head`: the request was a HEAD, so the answer has no body whatever its fields say.
  ReplyParser(size_t max_head_bytes, bool to_head);
  ~ReplyParser();

  // Reads from the front of `bytes` up to the end of the head, or one piece of the body; returns
  // how many bytes it used up. It wants more when neither head/body/end came of it nor failed().
  size_t Put(std::string_view bytes);
  // The connection ended: the end of an answer without a length, else an error.
  void PutEnd();

  bool head_done() const;
  bool done() const;
  bool failed() const { return !problem_.empty(); }
  const std::string& problem() const { return problem_; }

  // Once head_done():
  int status() const { return status_; }
  Headers& headers() { return headers_; }
  bool keep_alive() const;  // the connection can serve another request afterwards
  std::optional<uint64_t> content_length() const;

  // The piece the last Put found; empty if none.
  std::string_view piece() const { return piece_; }

 private:
  struct Machine;
  friend struct Machine;
  void Restart();
  size_t max_head_bytes_;
  size_t head_bytes_ = 0;  // of this head, so far
  bool to_head_;
  int interim_ = 0;  // 1xx answers skipped
  int status_ = 0;
  Headers headers_;
  std::string_view piece_;
  std::string problem_;
  std::unique_ptr<Machine> machine_;
};

}  // namespace understudy
