// Exchanges out of the tables, one at a time. Whatever the file holds: an exchange or an error.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "chat/exchange.h"
#include "store/store_file.h"
#include "store/usage_store.h"

namespace understudy {

class ExchangeReader {
 public:
  static Result<std::unique_ptr<ExchangeReader>> Open(StoreFile& file);

  // As in UsageStore. A scan sees the store as it was when it began, and holds only one exchange;
  // while it lasts, the log beside the file cannot be cut.
  Status Scan(const ExchangeFilter& filter, const std::function<bool(Exchange&&)>& each);
  Result<Exchange> Get(std::string_view id);
  Result<int64_t> Count(const ExchangeFilter& filter);
  Result<StoreStats> Stats();

 private:
  explicit ExchangeReader(StoreFile& file) : file_(file) {}
  Status Settle();
  // SELECT `what` of the exchanges that pass; nothing when a name is not in the store at all.
  Result<std::optional<Statement>> Select(std::string_view what, const ExchangeFilter& filter);
  Result<Exchange> Load(int64_t row, bool with_bodies);
  Result<Exchange> LoadExchange(int64_t row);
  Status LoadNames(Exchange& exchange);
  Status LoadDecision(Exchange& exchange);
  Status LoadCandidates(std::string_view packed, Decision& decision);
  Status LoadAnswers(int64_t row, Exchange& exchange);
  Result<AnswerRecord> LoadAnswer();
  Status LoadDetail(Exchange& exchange);
  Status LoadBody(int64_t row, Exchange& exchange);

  StoreFile& file_;
  Statement find_, exchange_, answers_, body_;
  std::string plain_, detail_;  // of the exchange at hand; kept for their capacity
};

}  // namespace understudy
