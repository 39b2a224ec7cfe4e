#include "net/request_parser.h"

#include <algorithm>
#include <optional>
#include <vector>

#include <boost/beast/http/basic_parser.hpp>

#include "net/fields.h"

namespace understudy {
namespace {

namespace beast = boost::beast;
namespace http = boost::beast::http;
using beast::error_code;
using beast::string_view;

// Far more than clients send; keeps linear searches over the fields cheap.
constexpr size_t kMaxFields = 256;
constexpr size_t kKeptBody = size_t{64} << 10;
constexpr size_t kMaxReserved = size_t{256} << 10;
constexpr size_t kParsersRoom = 64;  // JSON parsers read a little past the end, and would grow it

std::string_view View(string_view text) {
  return {text.data(), text.size()};
}

// Beast finds the structure; this keeps what it finds.
class Parser final : public http::basic_parser<true> {
 public:
  Parser(HttpRequest& request, Rejection& rejection) : request_(request), rejection_(rejection) {}
  bool expects_continue() const { return expects_continue_; }
  bool http11() const { return http11_; }
  bool wants_chunk_size() { return head_done_ && chunked() && chunk_left_ == 0; }

 private:
  void Refuse(int status, std::string message, error_code& error) {
    rejection_ = {status, std::move(message)};
    error = http::error::bad_value;
  }

  void on_request_impl(http::verb, string_view method, string_view target, int version,
                       error_code&) override {
    request_.method.assign(method.data(), method.size());
    request_.target = OriginForm(View(target));
    http11_ = version == 11;
  }

  void on_field_impl(http::field field, string_view name, string_view value,
                     error_code& error) override {
    if (head_done_) return;  // a trailer is no header: dropping it is what RFC 9110 6.5.1 allows
    if (request_.headers.size() >= kMaxFields) {
      return Refuse(431, "the request has more than 256 header fields", error);
    }
    switch (field) {
      case http::field::host: ++hosts_; break;
      case http::field::expect: return OnExpect(View(value), error);
      case http::field::transfer_encoding: return OnTransferEncoding(View(value), error);
      case http::field::connection: connection_.emplace_back(View(value)); return;
      default: break;
    }
    if (!IsHopByHop(View(name))) request_.headers.Add(View(name), View(value));
  }

  void OnExpect(std::string_view value, error_code& error) {
    if (!EqualsIgnoreCase(value, "100-continue")) {
      return Refuse(417, "the only expectation this server can meet is 100-continue", error);
    }
    expects_continue_ = http11_;
  }

  void OnTransferEncoding(std::string_view value, error_code& error) {
    if (!http11_) return Refuse(400, "HTTP/1.0 knows no Transfer-Encoding", error);
    if (!EqualsIgnoreCase(value, "chunked")) {
      Refuse(501, "the only transfer coding this server knows is chunked", error);
    }
  }

  void on_header_impl(error_code& error) override {
    head_done_ = true;
    if (hosts_ > 1) return Refuse(400, "the request has more than one Host header", error);
    if (http11_ && hosts_ == 0) return Refuse(400, "the request has no Host header", error);
    for (const std::string& list : connection_) RemoveListed(request_.headers, list);
  }

  size_t on_body_impl(string_view body, error_code&) override {
    request_.body.append(body.data(), body.size());
    return body.size();
  }

  size_t on_chunk_body_impl(uint64_t left, string_view body, error_code&) override {
    chunk_left_ = left - body.size();
    request_.body.append(body.data(), body.size());
    return body.size();
  }

  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_body_init_impl(const boost::optional<uint64_t>& length, error_code&) override {
    // Bounded: an announcement alone must not cost memory.
    if (length) request_.body.reserve(std::min<uint64_t>(*length, kMaxReserved) + kParsersRoom);
  }
  void on_chunk_header_impl(uint64_t size, string_view, error_code&) override {
    chunk_left_ = size;
  }
  void on_finish_impl(error_code&) override {}

  HttpRequest& request_;
  Rejection& rejection_;
  std::vector<std::string> connection_;  // values of the Connection fields
  uint64_t chunk_left_ = 0;
  int hosts_ = 0;
  bool http11_ = true;
  bool head_done_ = false;
  bool expects_continue_ = false;
};

Rejection RejectionOf(const error_code& error) {
  if (error == http::error::header_limit) return {431, "the request's header is too large"};
  if (error == http::error::body_limit) return {413, "the request's body is too large"};
  if (error == http::error::bad_version) return {505, "only HTTP/1.0 and HTTP/1.1 are spoken here"};
  return {400, "the request breaks HTTP: " + error.message()};
}

}  // namespace

struct RequestParser::Machine {
  std::optional<Parser> parser;
};

RequestParser::RequestParser(size_t max_header_bytes, size_t max_body_bytes)
    : max_header_bytes_(max_header_bytes),
      max_body_bytes_(max_body_bytes),
      machine_(std::make_unique<Machine>()) {}

RequestParser::~RequestParser() = default;

void RequestParser::Start(HttpRequest& request) {
  rejection_.status = 0;
  header_bytes_ = 0;
  request.method.clear();
  request.target.clear();
  request.headers.Clear();
  request.body.clear();
  if (request.body.capacity() > kKeptBody) request.body.shrink_to_fit();
  machine_->parser.emplace(request, rejection_);
  machine_->parser->header_limit(
      static_cast<uint32_t>(std::min<size_t>(max_header_bytes_, 1u << 30)));
  machine_->parser->body_limit(max_body_bytes_);
}

size_t RequestParser::Put(std::string_view bytes) {
  Parser& parser = *machine_->parser;
  size_t used = 0;
  while (!refused() && !parser.is_done()) {
    if (parser.wants_chunk_size() && bytes.size() - used < kLeastChunkedRest) break;
    const std::string_view rest = bytes.substr(used);
    const bool in_header = !parser.is_header_done();
    error_code error;
    const size_t step = parser.put(boost::asio::const_buffer(rest.data(), rest.size()), error);
    used += step;
    if (in_header) header_bytes_ += step;  // Beast's limit leaves out the first line
    const bool unended = in_header && error == http::error::need_more;  // a byte more at least
    const size_t waiting = unended ? rest.size() - step + 1 : 0;
    if (header_bytes_ + waiting > max_header_bytes_) error = http::error::header_limit;
    if (error == http::error::need_more && parser.wants_chunk_size() && IsChunkHeadBroken(rest)) {
      error = http::error::bad_chunk_extension;
    }
    if (error == http::error::need_more) break;
    if (error && !refused()) rejection_ = RejectionOf(error);
    if (used == bytes.size() && step == 0) break;
    if (parser.is_header_done() && used == bytes.size()) break;
  }
  return used;
}

bool RequestParser::head_done() const {
  return machine_->parser->is_header_done();
}

bool RequestParser::done() const {
  return !refused() && machine_->parser->is_done();
}

bool RequestParser::keep_alive() const {
  return machine_->parser->keep_alive();
}

bool RequestParser::http11() const {
  return machine_->parser->http11();
}

bool RequestParser::expects_continue() const {
  return machine_->parser->expects_continue();
}

}  // namespace understudy
