// Files that released versions wrote, kept in tests/store/data, still open, and show nothing any
// more of what they held in plain.
#include <gtest/gtest.h>
#include <zlib.h>

#include "base/file.h"
#include "store/raw_files.h"
#include "store/samples.h"
#include "store/schema.h"
#include "support/paths.h"

namespace understudy {
namespace {

std::string Unzipped(const std::filesystem::path& path) {
  gzFile file = gzopen(path.c_str(), "rb");
  std::string all, buffer(1 << 16, '\0');
  for (int got = 0; (got = gzread(file, buffer.data(), 1 << 16)) > 0;) {
    all.append(buffer, 0, static_cast<size_t>(got));
  }
  gzclose(file);
  return all;
}

// 15 exchanges, three of them compressed alone and twelve with a dictionary.
void PutVersion1(const std::filesystem::path& path) {
  const auto bytes = Unzipped(SourceFolder() / "tests/store/data/store-v1.db.gz");
  ASSERT_GT(bytes.size(), 100'000U);
  ASSERT_TRUE(WriteFileAtomically(path, bytes, 0600));
}

TEST(Migration, AFileOfVersion1IsSealedWhenItIsOpened) {
  const TempFolder folder;
  PutVersion1(folder / "store.db");
  ASSERT_NE(RawBytes(folder / "store.db").find("Ada Quill"), std::string::npos);
  const auto store = MustOpen(folder / "store.db");
  ASSERT_TRUE(store);
  std::vector<Exchange> all;
  ASSERT_TRUE(store->Scan({}, [&](Exchange&& exchange) {
    all.push_back(std::move(exchange));
    return true;
  }));
  ASSERT_EQ(all.size(), 15U);
  EXPECT_EQ(all[0].id, "ex_old_00000");
  EXPECT_EQ(all[14].id, "ex_old_01211");
  EXPECT_NE(all[0].request.find("for Ada Quill with card 4012888888881881"), std::string::npos);
  EXPECT_NE(all[14].request.find("with card 4012888888881881"), std::string::npos);
  EXPECT_EQ(all[14].origin, std::string(32, 'b'));
  EXPECT_NE(all[14].extra.find("secret note"), std::string::npos);
  for (const char* secret :
       {"Ada Quill", "Bo Ferrante", "Cy Marlow", "4012888888881881", "secret note", "Search the"}) {
    EXPECT_EQ(RawBytes(folder / "store.db").find(secret), std::string::npos) << secret;
  }
  const auto database = Database::Open(folder / "store.db").value();
  EXPECT_EQ(database->Number("PRAGMA user_version").value(), kSchemaVersion);
  EXPECT_EQ(database->Number("SELECT plain FROM state").value(), 0);
  EXPECT_EQ(database->Number("SELECT count(*) FROM dictionary_origin").value(), 2);
}

TEST(Migration, WithoutAMasterKeyTheOldFileStaysAsItIs) {
  const TempFolder folder;
  PutVersion1(folder / "store.db");
  ASSERT_TRUE(WriteFileAtomically(folder / "key", "no key", 0600));
  const auto store = OpenSqliteStore(folder / "store.db", {.master_key = "file:key"});
  ASSERT_FALSE(store);
  EXPECT_NE(store.error().message.find("no master key"), std::string::npos);
  EXPECT_NE(RawBytes(folder / "store.db").find("Ada Quill"), std::string::npos);
  EXPECT_EQ(MustOpen(folder / "store.db")->Count({}).value(), 15);
}

TEST(Migration, ADamagedOldRowDoesNotHoldTheOthersUp) {
  const TempFolder folder;
  PutVersion1(folder / "store.db");
  RunSql(folder / "store.db", "UPDATE body SET data = x'0201FF' WHERE id = 2");
  const auto store = MustOpen(folder / "store.db");
  ASSERT_TRUE(store);
  EXPECT_TRUE(store->Get("ex_old_00000"));
  EXPECT_FALSE(store->Get("ex_old_00001"));
  EXPECT_TRUE(store->Get("ex_old_01211"));
}

}  // namespace
}  // namespace understudy
