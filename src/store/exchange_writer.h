// Exchanges into the tables, a batch a transaction. Statements are prepared once.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "chat/exchange.h"
#include "store/exchange_reader.h"
#include "store/store_file.h"

namespace understudy {

class ExchangeWriter {
 public:
  static Result<std::unique_ptr<ExchangeWriter>> Open(StoreFile& file);

  // As UsageStore::Append. Bodies of a large batch that need not be durable are compressed in
  // haste: so many at once only come when the gateway is under load.
  Result<size_t> Append(const std::vector<Exchange>& batch, bool durable);
  // Within a transaction: encodes and seals the exchange of this row anew.
  Status Rewrite(int64_t row, const Exchange& whole);

 private:
  explicit ExchangeWriter(StoreFile& file) : file_(file) {}
  Status Sync(bool durable);
  Result<size_t> AppendAll(const std::vector<Exchange>& batch);
  Result<bool> AppendOne(const Exchange& exchange);  // false: it was there
  Result<bool> Supplement(const Exchange& later);    // false: there is nothing to add, or to add to
  Status Replace(int64_t row, const Exchange& whole, size_t answers_before);
  Status EncodeBody(const Exchange& exchange);
  Status EncodeDetail(const Exchange& exchange);
  Status Seal(const Exchange& exchange, BodyColumn column, Effort effort, std::string& out);
  Status CheckRoom();
  Status BindNames(const Exchange& exchange);
  Status BindDecision(const Exchange& exchange);
  Status PackCandidates(const std::vector<Candidate>& candidates);
  Status InsertAnswers(int64_t row, const std::vector<AnswerRecord>& answers);
  Status InsertAnswer(int64_t row, const AnswerRecord& answer);

  StoreFile& file_;
  Statement insert_exchange_, insert_body_, insert_answer_;
  Statement find_row_, update_exchange_, replace_body_;  // for supplements
  std::unique_ptr<ExchangeReader> reader_;               // likewise
  bool durable_ = false;                                 // what `synchronous` is set to
  Effort effort_ = Effort::kFull;                        // of the batch at hand
  // Of the exchange at hand; kept for their capacity.
  std::vector<std::string_view> parts_;
  std::string plain_, body_, detail_, candidates_;
};

}  // namespace understudy
