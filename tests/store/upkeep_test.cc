// Erasing, purging, checking, copying and restoring a store.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/file.h"
#include "store/backup.h"
#include "store/erase.h"
#include "store/purge.h"
#include "store/raw_files.h"
#include "store/samples.h"
#include "store/verify.h"

namespace understudy {
namespace {

constexpr int64_t kDayMs = 24LL * 3600 * 1000;
const std::string kAnn(32, 'a'), kBob(32, 'b');

Exchange Of(const std::string& origin, int number) {
  Exchange exchange = SampleExchange(number);
  exchange.origin = origin;
  exchange.session = origin.substr(0, 4) + exchange.session;
  return exchange;
}

void Fill(const std::filesystem::path& path, int from, int to) {
  std::vector<Exchange> batch;
  for (int i = from; i < to; ++i) batch.push_back(Of(i % 3 == 0 ? kBob : kAnn, i));
  const auto store = MustOpen(path);
  ASSERT_TRUE(store->Append(batch, false));
}

std::unique_ptr<StoreFile> OpenFile(const std::filesystem::path& path,
                                    const StoreOptions& options = {}) {
  auto file = StoreFile::Open(path, options);
  EXPECT_TRUE(file) << (file ? "" : file.error().ToString());
  return file ? std::move(*file) : nullptr;
}

std::vector<std::string> Blobs(const std::filesystem::path& path, const std::string& sql) {
  const auto database = Database::Open(path).value();
  auto rows = database->Prepare(sql).value();
  std::vector<std::string> blobs;
  while (rows.Step().value()) blobs.emplace_back(rows.Blob(0));
  return blobs;
}

int64_t CountOf(UsageStore& store, const std::string& origin) {
  int64_t count = 0;
  EXPECT_TRUE(store.Scan({}, [&](Exchange&& exchange) {
    count += exchange.origin == origin;
    return true;
  }));
  return count;
}

TEST(Erase, LeavesNothingOfTheOriginInAnyFile) {
  const TempFolder folder;
  const auto path = folder / "store.db";
  Fill(path, 0, 1'200);      // trains a dictionary on both
  Fill(path, 1'200, 1'260);  // uses it
  ASSERT_EQ(Blobs(path, "SELECT data FROM dictionary").size(), 1U);
  const std::string of_bob = " WHERE origin = (SELECT id FROM name WHERE text = '" + kBob + "')";
  auto gone = Blobs(path, "SELECT wrapped FROM data_key" + of_bob);
  ASSERT_EQ(gone.size(), 1U);
  for (auto& blob :
       Blobs(path, "SELECT data FROM body WHERE id IN (SELECT id FROM exchange" + of_bob + ")")) {
    gone.push_back(std::move(blob));
  }
  for (auto& blob : Blobs(path, "SELECT data FROM dictionary")) gone.push_back(std::move(blob));
  ASSERT_EQ(gone.size(), 1U + 420U + 1U);
  ASSERT_NE(RawBytes(path).find(gone[0]), std::string::npos);  // so the search below can find

  const auto erased = EraseOrigin(*OpenFile(path), kBob, {});
  ASSERT_TRUE(erased) << erased.error().ToString();
  EXPECT_EQ(erased->exchanges, 420);
  EXPECT_EQ(erased->keys, 1);
  EXPECT_EQ(erased->dictionaries, 1);
  EXPECT_EQ(erased->rewritten, 840);
  EXPECT_TRUE(erased->log_cut);
  const std::string raw = RawBytes(path);
  for (const auto& blob : gone) {
    // A blob may lie in pieces on several pages; its beginning and its end are whole.
    EXPECT_EQ(raw.find(blob.substr(0, 40)), std::string::npos);
    EXPECT_EQ(raw.find(blob.substr(blob.size() - 40)), std::string::npos);
  }
  const auto store = MustOpen(path);
  EXPECT_EQ(store->Count({}).value(), 840);
  EXPECT_EQ(CountOf(*store, kBob), 0);
  ExpectEqual(store->Get(Of(kAnn, 1'201).id).value(), Of(kAnn, 1'201));
}

TEST(Erase, AGatewayThatWritesGoesOnWithNewKeys) {
  const TempFolder folder;
  const auto path = folder / "store.db";
  const auto writer = MustOpen(path);
  ASSERT_TRUE(writer->Append({Of(kBob, 1), Of(kAnn, 2)}, false));
  ASSERT_TRUE(EraseOrigin(*OpenFile(path), kBob, {}));
  ASSERT_TRUE(writer->Append({Of(kBob, 3), Of(kAnn, 4)}, false));
  const auto store = MustOpen(path);
  EXPECT_EQ(CountOf(*store, kBob), 1);
  ExpectEqual(store->Get(Of(kBob, 3).id).value(), Of(kBob, 3));
  ExpectEqual(store->Get(Of(kAnn, 2).id).value(), Of(kAnn, 2));
}

TEST(Erase, ACopyFromBeforeCannotBringItBack) {
  const TempFolder folder;
  const auto path = folder / "store.db";
  Fill(path, 0, 30);
  ASSERT_TRUE(BackupStore(*OpenFile(path), folder / "copy.db"));
  ASSERT_TRUE(EraseOrigin(*OpenFile(path), kBob, {}));
  ASSERT_TRUE(MustOpen(path)->Append({Of(kBob, 100)}, false));  // after it: stays

  // By the command, and by hand.
  const auto restored = RestoreStore(folder / "copy.db", path, {});
  ASSERT_TRUE(restored) << restored.error().ToString();
  EXPECT_EQ(restored->erased, 10);
  EXPECT_EQ(restored->exchanges, 20);
  EXPECT_EQ(CountOf(*MustOpen(path), kBob), 0);
  EXPECT_EQ(CountOf(*MustOpen(path), kAnn), 20);
  EXPECT_TRUE(std::filesystem::exists(restored->replaced));

  for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(path.string() + end);
  std::filesystem::copy_file(folder / "copy.db", path);
  const auto store = MustOpen(path);
  EXPECT_EQ(CountOf(*store, kBob), 0);
  EXPECT_EQ(store->Count({}).value(), 20);
  ASSERT_TRUE(store->Append({Of(kBob, 200)}, false));
  EXPECT_EQ(CountOf(*MustOpen(path), kBob), 1) << "what came after the erasure is not erased";
}

TEST(Erase, SaysThatThereIsNoSuchOrigin) {
  const TempFolder folder;
  Fill(folder / "store.db", 0, 3);
  const auto erased = EraseOrigin(*OpenFile(folder / "store.db"), "nobody", {});
  ASSERT_FALSE(erased);
  EXPECT_EQ(erased.error().kind, ErrorKind::kNotFound);
}

TEST(Erase, ADamagedListIsToldWithItsLine) {
  const TempFolder folder;
  Fill(folder / "store.db", 0, 3);
  ASSERT_TRUE(WriteFileAtomically(folder / "store.db-erasures", "{\"origin\":\"x\"}\n", 0600));
  const auto store = OpenSqliteStore(folder / "store.db");
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().ToString().find("store.db-erasures:1"), std::string::npos);
}

TEST(Purge, RemovesWhatIsOldByItsClass) {
  const TempFolder folder;
  const auto path = folder / "store.db";
  std::vector<Exchange> batch;
  for (int i = 0; i < 90; ++i) {
    batch.push_back(Of(i % 3 == 0 ? kBob : kAnn, i));
    batch.back().at_ms = 1'700'000'000'000 + i * kDayMs;
    if (i % 10 == 5) batch.back().outcome = Outcome::kClientGone;
  }
  ASSERT_TRUE(MustOpen(path)->Append(batch, false));
  const int64_t now = 1'700'000'000'000 + 90 * kDayMs;
  StoreOptions options;
  options.retain_days = 60;
  options.rules = {{.name = "gone", .outcome = "client_gone", .days = 10},
                   {.name = "bob", .origin = kBob, .days = 0},
                   {.name = "nobody", .agent = "not-there", .days = 1}};
  const auto dry = PurgeOld(*OpenFile(path, options), now, true, {});
  ASSERT_TRUE(dry) << dry.error().ToString();
  EXPECT_EQ(MustOpen(path)->Count({}).value(), 90);
  const auto purged = PurgeOld(*OpenFile(path, options), now, false, {});
  ASSERT_TRUE(purged);
  ASSERT_EQ(purged->classes.size(), 4U);
  EXPECT_EQ(purged->classes[0].exchanges, 8);  // 5, 15, ..., 75
  EXPECT_EQ(purged->classes[1].exchanges, 0);  // kept for ever
  EXPECT_EQ(purged->classes[2].exchanges, 0);
  EXPECT_EQ(purged->classes[3].exchanges, 18);  // Ann's of the first 30 days, but for 5 and 25
  EXPECT_EQ(purged->exchanges, dry->exchanges);
  EXPECT_GE(purged->keys, 1) << "those of Ann's first month";
  const auto verified = VerifyStore(*OpenFile(path), {});
  EXPECT_EQ(verified->exchanges, 90 - 26);
  EXPECT_EQ(verified->bad, 0);
}

TEST(Purge, AClockFarAheadDoesNotEmptyTheStore) {
  const TempFolder folder;
  Fill(folder / "store.db", 0, 30);
  const auto purged = PurgeOld(*OpenFile(folder / "store.db", {.retain_days = 7}),
                               1'700'000'000'000 + 5'000 * kDayMs, false, {});
  EXPECT_EQ(purged->exchanges, 0);
}

TEST(Verify, NamesEveryRowThatDoesNotHold) {
  const TempFolder folder;
  const auto path = folder / "store.db";
  Fill(path, 0, 50);
  EXPECT_EQ(VerifyStore(*OpenFile(path), {})->bad, 0);
  RunSql(path,
         "UPDATE body SET data = (SELECT data FROM body WHERE id = 8) WHERE id IN (3, 4);"
         "DELETE FROM exchange WHERE id = 20");
  const auto verified = VerifyStore(*OpenFile(path), {});
  ASSERT_TRUE(verified);
  EXPECT_EQ(verified->bad, 3);
  EXPECT_EQ(verified->exchanges, 47);
  EXPECT_NE(verified->problems[0].find(Of(kAnn, 2).id), std::string::npos);
  EXPECT_NE(verified->problems[2].find("no exchange"), std::string::npos);
}

TEST(Verify, TellsOfADamagedPage) {
  const TempFolder folder;
  const auto path = folder / "store.db";
  Fill(path, 0, 400);
  {
    std::string bytes = ReadFile(path).value();
    for (size_t at = bytes.size() / 2; at < bytes.size() / 2 + 8'192; ++at) bytes[at] ^= 0x5a;
    ASSERT_TRUE(WriteFileAtomically(path, bytes, 0600));
  }
  const auto file = StoreFile::Open(path);
  if (!file) {
    EXPECT_NE(file.error().message.find("damaged"), std::string::npos);
    return;
  }
  const auto verified = VerifyStore(**file, {});
  ASSERT_TRUE(verified);
  EXPECT_GT(verified->bad, 0);
}

TEST(Backup, IsWholePrivateAndNeverOverwrites) {
  const TempFolder folder;
  const auto path = folder / "store.db", copy = folder / "it's a copy.db";
  Fill(path, 0, 40);
  ASSERT_TRUE(BackupStore(*OpenFile(path), copy));
  struct stat info{};
  ASSERT_EQ(::stat(copy.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  EXPECT_EQ(MustOpen(copy)->Count({}).value(), 40);
  EXPECT_FALSE(BackupStore(*OpenFile(path), copy));
  EXPECT_FALSE(RestoreStore(folder / "none.db", path, {}));
  ASSERT_TRUE(WriteFileAtomically(folder / "notes", "no store at all", 0600));
  EXPECT_FALSE(RestoreStore(folder / "notes", path, {}));
  EXPECT_EQ(MustOpen(path)->Count({}).value(), 40) << "a failed restore changes nothing";
}

}  // namespace
}  // namespace understudy
