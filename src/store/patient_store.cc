#include "store/patient_store.h"

#include "base/log.h"

namespace understudy {
namespace {

class PatientStore final : public UsageStore {
 public:
  PatientStore(std::filesystem::path path, StoreOptions options)
      : path_(std::move(path)), options_(std::move(options)) {}

  Status Open() {
    if (store_) return {};
    auto opened = OpenSqliteStore(path_, options_);
    if (!opened) {
      Error error = std::move(opened).error();
      error.kind = ErrorKind::kIo;
      return Fail(std::move(error));
    }
    store_ = *std::move(opened);
    return {};
  }

  Result<size_t> Append(const std::vector<Exchange>& batch, bool durable) override {
    TRY_VOID(Open());
    return store_->Append(batch, durable);
  }
  Status Scan(const ExchangeFilter& filter, const std::function<bool(Exchange&&)>& each) override {
    TRY_VOID(Open());
    return store_->Scan(filter, each);
  }
  Result<Exchange> Get(std::string_view id) override {
    TRY_VOID(Open());
    return store_->Get(id);
  }
  Result<int64_t> Count(const ExchangeFilter& filter) override {
    TRY_VOID(Open());
    return store_->Count(filter);
  }
  Result<StoreStats> Stats() override {
    TRY_VOID(Open());
    return store_->Stats();
  }
  Status Flush() override { return store_ ? store_->Flush() : Status(); }

 private:
  const std::filesystem::path path_;
  const StoreOptions options_;
  std::unique_ptr<UsageStore> store_;
};

}  // namespace

std::unique_ptr<UsageStore> OpenPatiently(const std::filesystem::path& path,
                                          const StoreOptions& options) {
  auto store = std::make_unique<PatientStore>(path, options);
  if (const Status opened = store->Open(); !opened) {
    LOG_ERROR("nothing is recorded until this is mended, calls are served all the same: {}",
              opened.error().ToString());
  }
  return store;
}

}  // namespace understudy
