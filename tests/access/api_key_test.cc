#include "access/api_key.h"

#include <sys/stat.h>

#include <set>

#include <gmock/gmock.h>

#include "base/file.h"
#include "base/ids.h"
#include "support/temp_folder.h"

namespace understudy {
namespace {

using testing::HasSubstr;

std::string FileOf(std::string_view key) {
  return fmt::format(R"({{"version":1,"keys":[{}]}})", key);
}

TEST(ApiKey, NewOnesAreLongAndTellWhoseTheyAre) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const std::string key = NewApiKey();
    EXPECT_EQ(key.size(), 46U);
    EXPECT_TRUE(key.starts_with(kApiKeyPrefix));
    EXPECT_TRUE(seen.insert(key).second);
  }
}

TEST(ApiKey, TheFileIsReadAsItWasWrittenAndIsOursAlone) {
  TempFolder folder;
  EXPECT_TRUE(LoadApiKeys(folder.path()).value().empty());
  ApiKey key{.id = "key_1", .name = "ci", .role = KeyRole::kCurator, .sha256 = Sha256Hex("x")};
  key.created_ms = 1'700'000'000'123;
  key.expires_ms = 1'800'000'000'000;
  ASSERT_TRUE(SaveApiKeys(folder.path(), {key}));
  const auto read = LoadApiKeys(folder.path());
  ASSERT_TRUE(read) << read.error().ToString();
  ASSERT_EQ(read->size(), 1U);
  EXPECT_EQ(read->at(0).id, key.id);
  EXPECT_EQ(read->at(0).role, key.role);
  EXPECT_EQ(read->at(0).sha256, key.sha256);
  EXPECT_EQ(read->at(0).created_ms, key.created_ms);
  EXPECT_EQ(read->at(0).expires_ms, key.expires_ms);
  EXPECT_EQ(read->at(0).revoked_ms, 0);
  struct stat info{};
  ASSERT_EQ(::stat(ApiKeysPath(folder.path()).c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
}

TEST(ApiKey, AFileThatIsWrongIsNeverHalfRead) {
  TempFolder folder;
  const std::string good =
      fmt::format(R"({{"id":"a","name":"n","role":"agent","sha256":"{}"}})", Sha256Hex("x"));
  EXPECT_TRUE(ParseApiKeys(FileOf(good)));
  const struct {
    std::string text, says;
  } cases[] = {{"{", "byte 1"},
               {"{}", "version"},
               {R"({"version":2,"keys":[]})", "version"},
               {R"({"version":1})", "keys"},
               {FileOf(good + R"(,{"id":"b"})"), "keys[1]"},
               {FileOf(R"({"id":"a","name":"a b"})"), "name"},
               {FileOf(R"({"id":"a","name":"n","role":"agent","sha256":"XYZ"})"), "sha256"},
               {FileOf(fmt::format(R"({{"id":"a","name":"n","role":"root","sha256":"{}"}})",
                                   Sha256Hex("x"))),
                "root"},
               {FileOf(good.substr(0, good.size() - 1) + R"(,"revoked":"soon"})"), "revoked"}};
  for (const auto& one : cases) {
    const auto read = ParseApiKeys(one.text);
    ASSERT_FALSE(read) << one.text;
    EXPECT_THAT(read.error().ToString(), HasSubstr(one.says)) << one.text;
  }
  ASSERT_TRUE(MakeFolders(folder / "keys", 0700));
  ASSERT_TRUE(WriteFileAtomically(ApiKeysPath(folder.path()), "{}"));
  EXPECT_THAT(LoadApiKeys(folder.path()).error().ToString(), HasSubstr("api-keys.json"));
}

}  // namespace
}  // namespace understudy
