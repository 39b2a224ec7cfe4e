#include "store/verify.h"

#include <fmt/format.h>

#include "store/exchange_reader.h"

namespace understudy {
namespace {

constexpr size_t kShown = 20;
constexpr int64_t kLookEvery = 256;

class Verification {
 public:
  Verification(StoreFile& file, const UpkeepHooks& hooks) : file_(file), hooks_(hooks) {}

  Result<Verified> Run() {
    TRY_VOID(Pages());
    TRY_VOID(Keys());
    TRY_VOID(Exchanges());
    const auto lost = file_.database->Number(
        "SELECT count(*) FROM body WHERE id NOT IN (SELECT id FROM exchange)");
    if (!lost) Bad(lost.error().ToString());
    if (lost && *lost > 0) Bad(fmt::format("{} bodies belong to no exchange", *lost));
    return std::move(verified_);
  }

 private:
  void Bad(std::string what) {
    ++verified_.bad;
    if (verified_.problems.size() < kShown) verified_.problems.push_back(std::move(what));
  }

  Status Pages() {
    TRY(Statement check, file_.database->Prepare("PRAGMA integrity_check(20)"));
    for (;;) {
      const auto row = check.Step();
      if (!row) Bad(row.error().ToString());
      if (!row || !*row) return {};
      if (check.Text(0) != "ok") Bad(fmt::format("pages: {}", check.Text(0)));
    }
  }

  Status Keys() {
    TRY_VOID(file_.keys->Unlock());
    TRY(Statement all, file_.database->Prepare("SELECT id FROM data_key"));
    for (;;) {
      const auto row = all.Step();
      if (!row) Bad(row.error().ToString());
      if (!row || !*row) return {};
      const auto key = file_.keys->Find(all.Number(0));
      if (key) ++verified_.keys;
      if (!key) Bad(key.error().ToString());
    }
  }

  Status Exchanges() {
    TRY(const auto reader, ExchangeReader::Open(file_));
    TRY(Statement rows, file_.database->Prepare("SELECT uid FROM exchange ORDER BY id"));
    const auto total = file_.database->Number("SELECT count(*) FROM exchange").value_or(0);
    for (int64_t seen = 0;; ++seen) {
      if (seen % kLookEvery == 0) TRY_VOID(hooks_.Step("Verifying", seen, total));
      const auto row = rows.Step();
      if (!row) Bad(row.error().ToString());
      if (!row || !*row) return {};
      const auto exchange = reader->Get(rows.Text(0));
      if (exchange) ++verified_.exchanges;
      if (!exchange) Bad(fmt::format("{}: {}", rows.Text(0), exchange.error().message));
    }
  }

  StoreFile& file_;
  const UpkeepHooks& hooks_;
  Verified verified_;
};

}  // namespace

Result<Verified> VerifyStore(StoreFile& file, const UpkeepHooks& hooks) {
  return Verification(file, hooks).Run();
}

}  // namespace understudy
