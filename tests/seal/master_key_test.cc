#include "seal/master_key.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <thread>

#include "base/file.h"
#include "base/ids.h"
#include "support/temp_folder.h"

namespace understudy {
namespace {

constexpr const char* kHex = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
constexpr const char* kBase64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

std::string Raw() {
  std::string bytes;
  for (char c = 0; c < 32; ++c) bytes.push_back(c);
  return bytes;
}

TEST(MasterKey, IsReadInThreeSpellings) {
  const auto key = ParseMasterKey(kHex);
  ASSERT_TRUE(key);
  EXPECT_EQ(key->id().size(), 16U);
  for (const std::string& text :
       {Raw(), std::string(kBase64), std::string(kHex) + "\r\n", std::string(kBase64) + "\n"}) {
    const auto same = ParseMasterKey(text);
    ASSERT_TRUE(same) << text.size();
    EXPECT_EQ(same->id(), key->id());
  }
  EXPECT_EQ(key->ToText(), std::string(kHex) + '\n');
}

TEST(MasterKey, WhatIsNoKeyIsRefused) {
  for (const std::string& text :
       {std::string(), std::string("secret"), std::string(kHex).substr(1), std::string(kHex) + "00",
        std::string(63, 'a') + "g", std::string(31, 'x'), std::string(kBase64).substr(4)}) {
    EXPECT_FALSE(ParseMasterKey(text)) << text;
  }
}

TEST(MasterKey, AWrappedKeyOpensInItsPlaceOnly) {
  const auto master = ParseMasterKey(kHex);
  const auto data = SecretKey::Random();
  const std::string wrapped = master->Wrap(data, "key 1");
  EXPECT_EQ(wrapped.find(data.bytes()), std::string::npos);
  const auto opened = master->Unwrap(wrapped, "key 1");
  ASSERT_TRUE(opened);
  EXPECT_EQ(opened->bytes(), data.bytes());
  EXPECT_FALSE(master->Unwrap(wrapped, "key 2"));
  EXPECT_FALSE(MasterKey(SecretKey::Random()).Unwrap(wrapped, "key 1"));
}

TEST(MasterKey, AFileIsMadeOnceAndForItsOwnerOnly) {
  const TempFolder folder;
  const auto path = folder / "keys/master.key";
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] { EXPECT_TRUE(MakeMasterKeyFile(path)); });
  }
  for (auto& thread : threads) thread.join();
  struct stat info{};
  ASSERT_EQ(::stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  const auto key = LoadMasterKey("file:keys/master.key", folder.path());
  ASSERT_TRUE(key) << key.error().ToString();
  ASSERT_TRUE(MakeMasterKeyFile(path));
  EXPECT_EQ(LoadMasterKey("file:" + path.string(), "/nowhere")->id(), key->id());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder / "keys"), {}), 1);
}

TEST(MasterKey, ComesFromAVariableOrACommand) {
  ::setenv("UNDERSTUDY_TEST_MASTER", kBase64, 1);
  const auto from_variable = LoadMasterKey("env:UNDERSTUDY_TEST_MASTER", ".");
  const auto from_command = LoadMasterKey(fmt::format("command:echo {}", kHex), ".");
  ::unsetenv("UNDERSTUDY_TEST_MASTER");
  ASSERT_TRUE(from_variable && from_command);
  EXPECT_EQ(from_variable->id(), from_command->id());
}

TEST(MasterKey, SaysWhatIsMissingAndNeverShowsAKey) {
  const TempFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder / "bad.key", "hunter2"));
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"file:none.key", "not there"},
      {"file:bad.key", "no master key"},
      {"env:UNDERSTUDY_NOT_SET", "UNDERSTUDY_NOT_SET is not set"},
      {"command:exit 3", "exit code 3"},
      {"command:no-such-program-here 2> /dev/null", "no such program"},
      {"command:echo hunter2", "no master key"},
      {"command:head -c 9000 /dev/zero", "more than any key"},
      {"hunter2", "expected \"file:PATH\""},
      {"file:", "expected \"file:PATH\""},
  };
  for (const auto& [source, expected] : cases) {
    const auto key = LoadMasterKey(source, folder.path());
    ASSERT_FALSE(key) << source;
    const std::string error = key.error().ToString();
    EXPECT_NE(error.find(expected), std::string::npos) << error;
    EXPECT_EQ(error.find("hunter2"), std::string::npos) << error;
  }
}

}  // namespace
}  // namespace understudy
