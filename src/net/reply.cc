#include "net/reply.h"

#include <algorithm>
#include <charconv>

namespace understudy {
namespace {

// What an upstream announces may be reserved at once; more only as it comes.
constexpr size_t kMaxReserved = size_t{256} << 10;
constexpr size_t kParsersRoom = 64;  // JSON parsers read a little past the end, and would grow it

constexpr std::string_view kNotContinued = "did not continue its answer";

}  // namespace

WireReply::WireReply(Lease lease, const ClientOptions& options, std::string upstream, bool to_head,
                     Cancellation& cancellation)
    : lease_(std::move(lease)),
      parser_(options.max_head_bytes, to_head),
      first_byte_timeout_(options.first_byte_timeout),
      idle_timeout_(options.idle_timeout),
      upstream_(std::move(upstream)),
      cancellation_(cancellation) {}

Error WireReply::Broken(std::string what) const {
  return ProtocolError(upstream_ + ": " + what).At(upstream_);
}

// Waits for more input. The end of the connection is left to the parser to judge.
Task<Status> WireReply::Fill(std::chrono::milliseconds limit, std::string_view doing) {
  if (cancellation_.cancelled()) co_return Fail(cancellation_.ToError());
  Wire& wire = lease_.wire();
  const Cancellation::Scope scope(cancellation_, [&wire] { wire.Close(); });
  wire.Limit(limit);
  const Wire::Event event = co_await wire.Fill();
  wire.Unlimit();
  if (cancellation_.cancelled()) co_return Fail(cancellation_.ToError());
  switch (event) {
    case Wire::Event::kInput: co_return Status();
    case Wire::Event::kEnd: parser_.PutEnd(); break;
    case Wire::Event::kTimeout: {
      Error error = Timeout(upstream_ + " " + std::string(doing) + " in time");
      error.retryable = false;  // it may still be at work on the request
      co_return Fail(std::move(error).At(upstream_));
    }
    case Wire::Event::kFull: co_return Fail(Broken("a line of its answer is too long"));
    case Wire::Event::kFailed:
      co_return Fail(Broken("the connection broke off: " + wire.error().message()));
  }
  if (parser_.failed()) co_return Fail(Broken(parser_.problem()));
  co_return Status();
}

Task<Status> WireReply::ReadHead(bool& nothing_came) {
  Wire& wire = lease_.wire();
  nothing_came = true;
  while (true) {
    if (!wire.input().empty()) {
      nothing_came = false;
      wire.Consume(parser_.Put(wire.input()));
      if (parser_.failed()) co_return Fail(Broken(parser_.problem()));
    }
    if (parser_.head_done()) break;
    CO_TRY_VOID(co_await Fill(first_byte_timeout_, "did not begin to answer"));
  }
  status = parser_.status();
  headers = std::move(parser_.headers());
  co_return Status();
}

Result<std::optional<std::string_view>> WireReply::NextPiece() {
  if (!lease_) return std::string_view();
  if (cancellation_.cancelled()) return Fail(cancellation_.ToError());
  Wire& wire = lease_.wire();
  if (!parser_.done()) {
    wire.Consume(parser_.Put(wire.input()));
    if (parser_.failed()) return Fail(Broken(parser_.problem()));
    if (!parser_.piece().empty()) return parser_.piece();
    if (!parser_.done()) return std::nullopt;
  }
  const bool reusable = parser_.keep_alive() && wire.input().empty() && !wire.ended();
  reusable ? lease_.GiveBack() : lease_.Close();
  return std::string_view();
}

Task<Result<std::string_view>> WireReply::ReadSome() {
  while (true) {
    CO_TRY(const std::optional<std::string_view> piece, NextPiece());
    if (piece) co_return *piece;
    CO_TRY_VOID(co_await Fill(idle_timeout_, kNotContinued));
  }
}

Task<Result<std::string>> WireReply::ReadAll(size_t max_bytes) {
  std::string body;
  size_t announced = 0;
  const std::string_view length = headers.Get("Content-Length");
  std::from_chars(length.data(), length.data() + length.size(), announced);
  body.reserve(std::min({announced, max_bytes, kMaxReserved}) + kParsersRoom);
  while (true) {
    CO_TRY(const std::optional<std::string_view> piece, NextPiece());
    if (!piece) {
      CO_TRY_VOID(co_await Fill(idle_timeout_, kNotContinued));
      continue;
    }
    if (piece->empty()) co_return body;
    if (piece->size() > max_bytes - body.size()) {
      co_return Fail(ProtocolError("the upstream's answer is larger than " +
                                   std::to_string(max_bytes) + " bytes"));
    }
    body += *piece;
  }
}

}  // namespace understudy
