// Parses one HTTP/1.x request after another, from bytes in memory (RFC 9112).
//
// Strict where leniency lets requests be smuggled: Content-Length beside Transfer-Encoding,
// any transfer coding but "chunked", no or two Host fields (HTTP/1.1) are refused.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "net/http.h"

namespace understudy {

// Why a request is refused.
struct Rejection {
  int status = 0;  // 0: it is not
  std::string message;
};

class RequestParser {
 public:
  RequestParser(size_t max_header_bytes, size_t max_body_bytes);
  ~RequestParser();

  // Begins a request; its strings' memory is used again. `request` must outlive the parsing.
  void Start(HttpRequest& request);

  // Reads from the front of `bytes` and returns how many it used up. It wants more when neither
  // done() nor refused() afterwards.
  size_t Put(std::string_view bytes);

  bool head_done() const;
  bool done() const;
  bool refused() const { return rejection_.status != 0; }
  const Rejection& rejection() const { return rejection_; }

  // Once head_done():
  bool keep_alive() const;
  bool http11() const;            // else HTTP/1.0
  bool expects_continue() const;  // waits for "100 Continue" before it sends the body

 private:
  struct Machine;
  void Refuse(int status, std::string message);
  size_t max_header_bytes_;
  size_t header_bytes_ = 0;  // of this request, so far
  size_t max_body_bytes_;
  std::unique_ptr<Machine> machine_;
  Rejection rejection_;
};

}  // namespace understudy
