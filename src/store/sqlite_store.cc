#include <memory>

#include "store/erase.h"
#include "store/exchange_reader.h"
#include "store/exchange_writer.h"
#include "store/seal_old.h"
#include "store/store_file.h"
#include "store/usage_store.h"

namespace understudy {
namespace {

class SqliteStore final : public UsageStore {
 public:
  Status Open(const std::filesystem::path& path, const StoreOptions& options) {
    TRY(file_, StoreFile::Open(path, options));
    TRY(writer_, ExchangeWriter::Open(*file_));
    TRY(reader_, ExchangeReader::Open(*file_));
    TRY_VOID(SealOldRows(*file_));
    TRY_VOID(ApplyErasures(*file_));
    return {};
  }

  Result<size_t> Append(const std::vector<Exchange>& batch, bool durable) override {
    return writer_->Append(batch, durable);
  }
  Status Scan(const ExchangeFilter& filter, const std::function<bool(Exchange&&)>& each) override {
    return reader_->Scan(filter, each);
  }
  Result<Exchange> Get(std::string_view id) override { return reader_->Get(id); }
  Result<int64_t> Count(const ExchangeFilter& filter) override { return reader_->Count(filter); }
  Result<StoreStats> Stats() override { return reader_->Stats(); }
  Status Flush() override {
    file_->database->Checkpoint();
    return {};
  }

 private:
  std::unique_ptr<StoreFile> file_;  // first: the others refer to it
  std::unique_ptr<ExchangeWriter> writer_;
  std::unique_ptr<ExchangeReader> reader_;
};

}  // namespace

Result<std::unique_ptr<UsageStore>> OpenSqliteStore(const std::filesystem::path& path,
                                                    const StoreOptions& options) {
  auto store = std::make_unique<SqliteStore>();
  TRY_VOID(store->Open(path, options));
  return store;
}

}  // namespace understudy
