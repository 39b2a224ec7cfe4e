// What sealing promises: nothing legible in the files, nothing altered unnoticed, nothing read
// without the master key, and keys that rotate without a body being written.
#include <gtest/gtest.h>
#include <stdlib.h>

#include "base/file.h"
#include "seal/master_key.h"
#include "store/exchange_reader.h"
#include "store/key_ring.h"
#include "store/raw_files.h"
#include "store/samples.h"
#include "store/store_file.h"

namespace understudy {
namespace {

constexpr const char* kSecrets[] = {"Ada Quill", "4012888888881881", "sk-proj-verysecret",
                                    "ada.quill@example.org"};

Exchange SecretExchange(int number) {
  Exchange exchange = SampleExchange(number);
  exchange.origin = number % 2 == 0 ? std::string(32, 'a') : std::string(32, 'b');
  exchange.request =
      fmt::format(R"({{"messages":[{{"role":"user","content":"{} pays {}: {}"}}],"n":{}}})",
                  kSecrets[0], kSecrets[1], kSecrets[3], number);
  exchange.answers[0].error = fmt::format("upstream said: bad key {}", kSecrets[2]);
  exchange.extra = fmt::format(R"({{"note":"{}"}})", kSecrets[0]);
  return exchange;
}

std::vector<Exchange> SecretBatch(int from, int to) {
  std::vector<Exchange> batch;
  for (int i = from; i < to; ++i) batch.push_back(SecretExchange(i));
  return batch;
}

void ExpectNoSecretIn(const std::filesystem::path& store) {
  const std::string bytes = RawBytes(store);
  EXPECT_GT(bytes.size(), 10'000U);
  for (const char* secret : kSecrets) EXPECT_EQ(bytes.find(secret), std::string::npos) << secret;
}

std::string ScanError(UsageStore& store) {
  const auto scanned = store.Scan({}, [](Exchange&&) { return true; });
  return scanned ? "" : scanned.error().ToString();
}

TEST(Sealing, NoFileShowsWhatWasSaid) {
  const TempFolder folder;
  {
    const auto store = MustOpen(folder / "store.db");
    ASSERT_TRUE(store->Append(SecretBatch(0, 600), false));
    ASSERT_TRUE(store->Append(SecretBatch(600, 1'400), true));  // beyond a dictionary's training
    ExpectNoSecretIn(folder / "store.db");                      // with its log
  }
  {
    const auto store = MustOpen(folder / "store.db");
    ASSERT_TRUE(store->Append(SecretBatch(1'400, 1'500), true));  // with the dictionary
    int next = 0;
    ASSERT_TRUE(store->Scan({}, [&](Exchange&& exchange) {
      ExpectEqual(exchange, SecretExchange(next++));
      return true;
    }));
    EXPECT_EQ(next, 1'500);
  }
  const auto database = Database::Open(folder / "store.db").value();
  EXPECT_EQ(database->Number("SELECT count(*) FROM dictionary").value(), 1);
  EXPECT_EQ(database->Number("SELECT count(*) FROM dictionary_origin").value(), 2);
  ExpectNoSecretIn(folder / "store.db");
}

TEST(Sealing, EachOriginAndPeriodHasAKeyOfItsOwn) {
  const TempFolder folder;
  const auto store = MustOpen(folder / "store.db");
  auto batch = SecretBatch(0, 8);
  batch[6].at_ms += 40LL * 24 * 3600 * 1000;
  batch[7].at_ms -= 400LL * 24 * 3600 * 1000;  // a clock that went back
  ASSERT_TRUE(store->Append(batch, false));
  ASSERT_TRUE(store->Append(SecretBatch(8, 16), false));
  const auto database = Database::Open(folder / "store.db").value();
  EXPECT_EQ(database->Number("SELECT count(*) FROM data_key").value(), 4);
  ExpectEqual(store->Get(batch[6].id).value(), batch[6]);
  ExpectEqual(store->Get(batch[7].id).value(), batch[7]);
}

TEST(Sealing, AnAlteredOrExchangedRowIsNamed) {
  for (const char* damage :
       {"UPDATE body SET data = (SELECT data FROM body WHERE id = 3) WHERE id = 5",
        "UPDATE body SET data = CAST(substr(data, 1, 60) || x'0000' || substr(data, 63) AS BLOB) "
        "WHERE id = 5",
        "UPDATE exchange SET at_ms = at_ms + 1 WHERE id = 5",
        "UPDATE exchange SET outcome = 3 WHERE id = 5",
        "UPDATE exchange SET origin = (SELECT origin FROM exchange WHERE id = 4) WHERE id = 5",
        "UPDATE exchange SET session = (SELECT session FROM exchange WHERE id = 9) WHERE id = 5",
        "UPDATE exchange SET detail = (SELECT data FROM body WHERE id = 5) WHERE id = 5",
        "UPDATE body SET data = x'0000' WHERE id = 5"}) {
    const TempFolder folder;
    ASSERT_TRUE(MustOpen(folder / "store.db")->Append(SecretBatch(0, 10), false));
    RunSql(folder / "store.db", damage);
    const std::string error = ScanError(*MustOpen(folder / "store.db"));
    EXPECT_NE(error.find(SecretExchange(4).id), std::string::npos) << damage << ": " << error;
    EXPECT_NE(error.find("damaged"), std::string::npos) << error;
    EXPECT_TRUE(MustOpen(folder / "store.db")->Get(SecretExchange(1).id)) << damage;
  }
}

TEST(Sealing, AKeyBesideAnotherOriginDoesNotOpen) {
  const TempFolder folder;
  ASSERT_TRUE(MustOpen(folder / "store.db")->Append(SecretBatch(0, 10), false));
  RunSql(folder / "store.db",
         "UPDATE data_key SET origin = (SELECT max(origin) FROM data_key) WHERE id = 1");
  EXPECT_NE(ScanError(*MustOpen(folder / "store.db")).find("data key 1 was altered"),
            std::string::npos);
}

TEST(Sealing, AWrongMasterKeyIsToldAndChangesNothing) {
  const TempFolder folder;
  ASSERT_TRUE(MustOpen(folder / "store.db")->Append(SecretBatch(0, 3), false));
  const auto key = folder / "keys/master.key";
  const std::string right = ReadFile(key).value();
  ASSERT_TRUE(WriteFileAtomically(key, std::string(64, 'a'), 0600));
  const auto wrong = OpenSqliteStore(folder / "store.db");
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().message.find("another master key"), std::string::npos);
  EXPECT_EQ(wrong.error().ToString().find(std::string(64, 'a')), std::string::npos);
  std::filesystem::remove(key);
  const auto missing = OpenSqliteStore(folder / "store.db");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(key)) << "a new key would hide that the old one is gone";
  ASSERT_TRUE(WriteFileAtomically(key, right, 0600));
  EXPECT_EQ(ScanError(*MustOpen(folder / "store.db")), "");
}

TEST(Sealing, TheMasterKeyMayComeFromElsewhere) {
  const TempFolder folder;
  ::setenv("UNDERSTUDY_TEST_MASTER", std::string(64, 'c').c_str(), 1);
  const StoreOptions options{.master_key = "env:UNDERSTUDY_TEST_MASTER"};
  ASSERT_TRUE(
      OpenSqliteStore(folder / "store.db", options).value()->Append(SecretBatch(0, 3), false));
  EXPECT_FALSE(std::filesystem::exists(folder / "keys"));
  EXPECT_EQ(ScanError(*OpenSqliteStore(folder / "store.db", options).value()), "");
  ::unsetenv("UNDERSTUDY_TEST_MASTER");
  EXPECT_FALSE(OpenSqliteStore(folder / "store.db", options));
}

TEST(Sealing, ANewMasterKeyWritesNoBodyAnew) {
  const TempFolder folder;
  const auto writer = MustOpen(folder / "store.db");  // stays open, as a gateway's
  ASSERT_TRUE(writer->Append(SecretBatch(0, 20), false));
  const auto bodies = [&] {
    const auto database = Database::Open(folder / "store.db").value();
    auto rows = database->Prepare("SELECT data FROM body ORDER BY id").value();
    std::string all;
    while (rows.Step().value()) all += rows.Blob(0);
    return all;
  };
  const std::string before = bodies();
  const auto key_file = folder / "keys/master.key";
  const std::string old_key = ReadFile(key_file).value();
  {
    const auto file = StoreFile::Open(folder / "store.db").value();
    const MasterKey next(SecretKey::Random());
    ASSERT_TRUE(WriteFileAtomically(key_file.string() + ".new", next.ToText(), 0600));
    auto transaction = Transaction::Begin(*file->database).value();
    EXPECT_EQ(file->keys->Rewrap(next).value(), 2);
    ASSERT_TRUE(transaction.Commit());
  }
  EXPECT_EQ(bodies(), before);
  // A crash came before the file had its name: the next one who needs it gives it.
  ASSERT_TRUE(writer->Append(SecretBatch(20, 24), false));
  EXPECT_FALSE(std::filesystem::exists(key_file.string() + ".new"));
  EXPECT_NE(ReadFile(key_file).value(), old_key);
  EXPECT_EQ(ScanError(*MustOpen(folder / "store.db")), "");
  ASSERT_TRUE(WriteFileAtomically(key_file, old_key, 0600));
  EXPECT_FALSE(OpenSqliteStore(folder / "store.db"));
}

TEST(Sealing, AReaderThatStaysOpenTakesANewMasterKeyToo) {
  const TempFolder folder;
  const auto writer = MustOpen(folder / "store.db");
  ASSERT_TRUE(writer->Append(SecretBatch(0, 4), false));
  const auto reader = MustOpen(folder / "store.db");
  EXPECT_EQ(ScanError(*reader), "");
  {
    const auto file = StoreFile::Open(folder / "store.db").value();
    const MasterKey next(SecretKey::Random());
    auto transaction = Transaction::Begin(*file->database).value();
    ASSERT_TRUE(file->keys->Rewrap(next));
    ASSERT_TRUE(file->keys->CloseAll());  // so that the next rows have keys that nobody holds
    ASSERT_TRUE(transaction.Commit());
    ASSERT_TRUE(WriteFileAtomically(folder / "keys/master.key", next.ToText(), 0600));
  }
  ASSERT_TRUE(writer->Append(SecretBatch(4, 8), false));
  EXPECT_EQ(ScanError(*reader), "");
  EXPECT_TRUE(reader->Get(SecretBatch(4, 5)[0].id));
}

TEST(Sealing, ClosedKeysAreReadAndNoLongerUsed) {
  const TempFolder folder;
  const auto writer = MustOpen(folder / "store.db");
  ASSERT_TRUE(writer->Append(SecretBatch(0, 4), false));
  {
    const auto file = StoreFile::Open(folder / "store.db").value();
    auto transaction = Transaction::Begin(*file->database).value();
    EXPECT_EQ(file->keys->CloseAll().value(), 2);
    ASSERT_TRUE(transaction.Commit());
  }
  ASSERT_TRUE(writer->Append(SecretBatch(4, 8), false));
  const auto database = Database::Open(folder / "store.db").value();
  EXPECT_EQ(database->Number("SELECT count(*) FROM data_key").value(), 4);
  EXPECT_EQ(ScanError(*writer), "");
}

TEST(Sealing, TwoProcessesShareTheKeys) {
  const TempFolder folder;
  const auto one = MustOpen(folder / "store.db"), two = MustOpen(folder / "store.db");
  for (int i = 0; i < 40; i += 4) {
    ASSERT_TRUE(one->Append(SecretBatch(i, i + 2), false));
    ASSERT_TRUE(two->Append(SecretBatch(i + 2, i + 4), false));
  }
  EXPECT_EQ(ScanError(*one), "");
  EXPECT_EQ(two->Count({}).value(), 40);
  const auto database = Database::Open(folder / "store.db").value();
  EXPECT_EQ(database->Number("SELECT count(*) FROM data_key").value(), 2);
}

TEST(Sealing, AFullStoreTakesNoMoreAndSaysSo) {
  const TempFolder folder;
  const auto store = OpenSqliteStore(folder / "store.db", {.max_bytes = 400'000}).value();
  Status last;
  int stored = 0;
  for (; last && stored < 10'000; stored += 50) {
    const auto appended = store->Append(SecretBatch(stored, stored + 50), false);
    if (!appended) last = Fail(appended.error());
  }
  ASSERT_FALSE(last);
  EXPECT_NE(last.error().message.find("store.max_bytes"), std::string::npos);
  EXPECT_TRUE(last.error().retryable);
  EXPECT_GT(stored, 100);
}

}  // namespace
}  // namespace understudy
