// What OpenSqliteStore makes of files that are not the ones it wrote.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>

#include "store/raw_files.h"
#include "store/samples.h"
#include "store/schema.h"
#include "store/usage_store.h"

namespace understudy {
namespace {

std::string OpenError(const std::filesystem::path& path) {
  const auto store = OpenSqliteStore(path);
  return store ? "" : store.error().ToString();
}

void Fill(const std::filesystem::path& path, int count) {
  ASSERT_TRUE(MustOpen(path)->Append(SampleBatch(0, count), false));
}

TEST(StoreOpen, RefusesAForeignDatabase) {
  const TempFolder folder;
  RunSql(folder / "x.db", "CREATE TABLE theirs(a)");
  EXPECT_NE(OpenError(folder / "x.db").find("not an Understudy store"), std::string::npos);
  RunSql(folder / "y.db", "PRAGMA application_id = 77");
  EXPECT_NE(OpenError(folder / "y.db").find("not an Understudy store"), std::string::npos);
  RunSql(folder / "x.db", "INSERT INTO theirs VALUES (1)");  // and leaves it alone
}

TEST(StoreOpen, RefusesWhatIsNoDatabase) {
  const TempFolder folder;
  std::ofstream(folder / "notes.txt") << "Remember the milk. " << std::string(2'000, '.');
  EXPECT_NE(OpenError(folder / "notes.txt").find("not an Understudy store"), std::string::npos);
  EXPECT_NE(OpenError(folder.path()).find("not a regular file"), std::string::npos);
}

TEST(StoreOpen, TakesAnEmptyFileAsNew) {
  const TempFolder folder;
  std::ofstream(folder / "store.db").flush();
  EXPECT_EQ(OpenError(folder / "store.db"), "");
}

TEST(StoreOpen, RefusesANewerVersion) {
  const TempFolder folder;
  Fill(folder / "store.db", 1);
  RunSql(folder / "store.db", "PRAGMA user_version = 3");
  const std::string error = OpenError(folder / "store.db");
  EXPECT_NE(error.find("version 3"), std::string::npos) << error;
  EXPECT_NE(error.find("newer"), std::string::npos) << error;
}

TEST(StoreOpen, WritesTheFrozenNumbers) {
  const TempFolder folder;
  Fill(folder / "store.db", 1);
  const auto database = Database::Open(folder / "store.db");
  EXPECT_EQ((*database)->Number("PRAGMA application_id").value(), 0x55535459);
  EXPECT_EQ((*database)->Number("PRAGMA user_version").value(), 2);
}

TEST(StoreOpen, NoticesATruncatedFile) {
  const TempFolder folder;
  Fill(folder / "store.db", 500);
  std::filesystem::resize_file(folder / "store.db",
                               std::filesystem::file_size(folder / "store.db") / 2);
  const std::string error = OpenError(folder / "store.db");
  EXPECT_NE(error.find("damaged"), std::string::npos) << error;
  EXPECT_NE(error.find("restore"), std::string::npos) << error;
}

TEST(StoreOpen, SaysThatTheFolderIsMissing) {
  const TempFolder folder;
  EXPECT_NE(OpenError(folder / "no/store.db").find("No such file"), std::string::npos);
}

// Root may write anywhere, so a child becomes nobody. Exit status: which of the steps failed.
int AsNobody(const std::function<int()>& act) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::geteuid() == 0 && ::setuid(65'534) != 0) ::_exit(99);
    ::_exit(act());
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 98;
}

TEST(StoreOpen, SaysThatTheFolderIsReadOnly) {
  const TempFolder folder;
  ::chmod(folder.path().c_str(), 0555);
  const int failed = AsNobody([&] {
    const auto store = OpenSqliteStore(folder / "store.db");
    return !store && store.error().kind == ErrorKind::kIo ? 0 : 1;
  });
  EXPECT_EQ(failed, 0);
  ::chmod(folder.path().c_str(), 0755);
}

TEST(StoreOpen, SaysThatAStoreInAReadOnlyFolderCannotBeOpened) {
  const TempFolder folder;
  Fill(folder / "store.db", 3);
  ::chmod((folder / "store.db").c_str(), 0444);
  ::chmod(folder.path().c_str(), 0555);
  const int failed = AsNobody([&] {
    const auto store = OpenSqliteStore(folder / "store.db");
    if (store) return 1;
    return store.error().mend.find("writable") != std::string::npos ? 0 : 2;
  });
  EXPECT_EQ(failed, 0);
  ::chmod(folder.path().c_str(), 0755);
}

TEST(StoreOpen, TwoProcessesMayCreateItAtOnce) {
  const TempFolder folder;
  std::vector<std::thread> threads;
  std::atomic<int> opened{0};
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const auto store = OpenSqliteStore(folder / "store.db");
      EXPECT_TRUE(store) << store.error().ToString();
      if (store) ++opened;
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(opened, 4);
}

TEST(StoreOpen, DamagedRowsAreErrorsAndNotCrashes) {
  for (const char* damage :
       {"UPDATE body SET data = x'02'", "UPDATE body SET data = x'0105'",
        "UPDATE body SET data = x''", "UPDATE exchange SET outcome = 77",
        "UPDATE exchange SET session = 4711", "UPDATE exchange SET flags = 2, route = 9",
        "UPDATE exchange SET flags = 2, route = 0, candidates = x'0102'",
        "UPDATE exchange SET detail = x'00'", "UPDATE exchange SET detail = x'0009'",
        "UPDATE answer SET kind = -1", "UPDATE answer SET model = 99", "DELETE FROM answer",
        "DELETE FROM name"}) {
    const TempFolder folder;
    Fill(folder / "store.db", 3);
    RunSql(folder / "store.db", damage);
    const auto store = MustOpen(folder / "store.db");
    const auto scanned = store->Scan({}, [](Exchange&&) { return true; });
    ASSERT_FALSE(scanned) << damage;
    EXPECT_EQ(scanned.error().kind, ErrorKind::kIo) << damage;
  }
}

}  // namespace
}  // namespace understudy
