#include "net/reply_parser.h"

#include <algorithm>
#include <vector>

#include <boost/beast/http/basic_parser.hpp>

#include "net/fields.h"

namespace understudy {
namespace {

namespace http = boost::beast::http;
using boost::beast::error_code;
using boost::beast::string_view;

constexpr size_t kMaxFields = 256;
constexpr int kMaxInterim = 16;  // an upstream that sends only "100 Continue" must not hold us

std::string_view View(string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

struct ReplyParser::Machine {
  class Parser final : public http::basic_parser<false> {
   public:
    explicit Parser(ReplyParser& owner) : owner_(owner) {}
    bool wants_chunk_size() { return head_done_ && chunked() && chunk_left_ == 0; }

   private:
    void Refuse(std::string problem, error_code& error) {
      owner_.problem_ = std::move(problem);
      error = http::error::bad_value;
    }

    void on_response_impl(int status, string_view, int version, error_code&) override {
      owner_.status_ = status;
      http11_ = version == 11;
    }

    void on_field_impl(http::field field, string_view name, string_view value,
                       error_code& error) override {
      if (head_done_) return;  // trailers are dropped
      if (owner_.headers_.size() >= kMaxFields) {
        return Refuse("its answer has more than 256 header fields", error);
      }
      if (field == http::field::transfer_encoding &&
          (!http11_ || !EqualsIgnoreCase(View(value), "chunked"))) {
        return Refuse("its answer has a transfer coding other than chunked", error);
      }
      if (field == http::field::connection) connection_.emplace_back(View(value));
      if (!IsHopByHop(View(name))) owner_.headers_.Add(View(name), View(value));
    }

    void on_header_impl(error_code&) override {
      head_done_ = true;
      for (const std::string& list : connection_) RemoveListed(owner_.headers_, list);
    }

    size_t on_body_impl(string_view body, error_code&) override {
      owner_.piece_ = View(body);
      return body.size();
    }

    size_t on_chunk_body_impl(uint64_t left, string_view body, error_code&) override {
      chunk_left_ = left - body.size();
      owner_.piece_ = View(body);
      return body.size();
    }

    void on_request_impl(http::verb, string_view, string_view, int, error_code&) override {}
    void on_body_init_impl(const boost::optional<uint64_t>&, error_code&) override {}
    void on_chunk_header_impl(uint64_t size, string_view, error_code&) override {
      chunk_left_ = size;
    }
    void on_finish_impl(error_code&) override {}

    ReplyParser& owner_;
    std::vector<std::string> connection_;
    uint64_t chunk_left_ = 0;
    bool http11_ = true;
    bool head_done_ = false;
  };

  std::optional<Parser> parser;
};

ReplyParser::ReplyParser(size_t max_head_bytes, bool to_head)
    : max_head_bytes_(max_head_bytes), to_head_(to_head), machine_(std::make_unique<Machine>()) {
  Restart();
}

ReplyParser::~ReplyParser() = default;

void ReplyParser::Restart() {
  status_ = 0;
  head_bytes_ = 0;
  headers_.Clear();
  machine_->parser.emplace(*this);
  machine_->parser->header_limit(
      static_cast<uint32_t>(std::min<size_t>(max_head_bytes_, size_t{1} << 30)));
  machine_->parser->body_limit(boost::none);
  machine_->parser->skip(to_head_);
}

size_t ReplyParser::Put(std::string_view bytes) {
  size_t used = 0;
  piece_ = {};
  while (!failed() && used < bytes.size() && !machine_->parser->is_done()) {
    const bool had_head = head_done();
    if (machine_->parser->wants_chunk_size() && bytes.size() - used < kLeastChunkedRest) break;
    error_code error;
    const std::string_view rest = bytes.substr(used);
    const size_t step =
        machine_->parser->put(boost::asio::const_buffer(rest.data(), rest.size()), error);
    used += step;
    if (!had_head) head_bytes_ += step;  // Beast's limit leaves out the first line
    const bool unended = !had_head && error == http::error::need_more;  // a byte more at least
    const size_t waiting = unended ? rest.size() - step + 1 : 0;
    if (head_bytes_ + waiting > max_head_bytes_) error = http::error::header_limit;
    if (error == http::error::need_more && machine_->parser->wants_chunk_size() &&
        IsChunkHeadBroken(rest)) {
      error = http::error::bad_chunk_extension;
    }
    if (error == http::error::need_more) break;
    if (error && !failed()) problem_ = "its answer breaks HTTP: " + error.message();
    if (failed() || !piece_.empty()) break;
    if (had_head || !head_done()) continue;
    if (status_ == 101) problem_ = "it switched protocols without being asked";
    if (failed() || status_ / 100 != 1) break;
    if (++interim_ > kMaxInterim) problem_ = "it sent too many interim answers";
    Restart();
  }
  return used;
}

void ReplyParser::PutEnd() {
  piece_ = {};
  if (failed() || done()) return;
  error_code error = http::error::partial_message;
  if (machine_->parser->got_some()) machine_->parser->put_eof(error);
  if (error)
    problem_ = head_done() ? "it closed the connection in the middle of its answer"
                           : "it closed the connection without an answer";
}

bool ReplyParser::head_done() const {
  return machine_->parser->is_header_done();
}

bool ReplyParser::done() const {
  return machine_->parser->is_done();
}

bool ReplyParser::keep_alive() const {
  return machine_->parser->keep_alive();
}

std::optional<uint64_t> ReplyParser::content_length() const {
  const auto length = machine_->parser->content_length();
  return length ? std::optional<uint64_t>(*length) : std::nullopt;
}

}  // namespace understudy
