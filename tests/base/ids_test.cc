#include "base/ids.h"

#include <gtest/gtest.h>

#include <set>
#include <thread>
#include <vector>

namespace understudy {
namespace {

TEST(NewId, HasPrefixAndTwentySixCharacters) {
  const std::string id = NewId("ex_", 1'700'000'000'000);
  ASSERT_EQ(id.size(), 29u);
  EXPECT_EQ(id.substr(0, 13), "ex_01HF7YAT00");  // 1,700,000,000,000 in Crockford base32
  EXPECT_EQ(id.find_first_not_of("0123456789ABCDEFGHJKMNPQRSTVWXYZ", 3), std::string::npos);
}

TEST(NewId, SortsByTime) {
  EXPECT_LT(NewId("", 1), NewId("", 2));
  EXPECT_LT(NewId("", 31), NewId("", 32));
  EXPECT_LT(NewId("", 1'700'000'000'000), NewId("", 1'700'000'000'001));
}

TEST(NewId, DiffersWithinAMillisecondAndAcrossThreads) {
  std::vector<std::vector<std::string>> made(4);
  {
    std::vector<std::jthread> threads;
    for (auto& mine : made) {
      threads.emplace_back([&mine] {
        for (int i = 0; i < 1000; ++i) mine.push_back(NewId("x", 7));
      });
    }
  }
  std::set<std::string> all;
  for (const auto& mine : made) all.insert(mine.begin(), mine.end());
  EXPECT_EQ(all.size(), 4000u);
}

TEST(RandomBytes, AreManyAndDiffer) {
  EXPECT_EQ(RandomBytes(0), "");
  EXPECT_EQ(RandomBytes(32).size(), 32u);
  EXPECT_NE(RandomBytes(32), RandomBytes(32));
}

TEST(KeyedHash, DependsOnKeyAndText) {
  const std::string key(32, 'k'), other(32, 'o');
  EXPECT_EQ(KeyedHash(key, "10.0.0.1").size(), 32u);
  EXPECT_EQ(KeyedHash(key, "10.0.0.1"), KeyedHash(key, "10.0.0.1"));
  EXPECT_NE(KeyedHash(key, "10.0.0.1"), KeyedHash(key, "10.0.0.2"));
  EXPECT_NE(KeyedHash(key, "10.0.0.1"), KeyedHash(other, "10.0.0.1"));
  EXPECT_EQ(KeyedHash(key, ""), "");
}

TEST(Sha256Hex, KnownAnswers) {  // FIPS 180-4
  EXPECT_EQ(Sha256Hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Sha256Hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(FastHash, KnownAnswersNeverChange) {  // they are stored
  EXPECT_EQ(FastHash(""), 0x2d06800538d394c2ULL);
  EXPECT_NE(FastHash("a"), FastHash("a", 1));
  EXPECT_EQ(FastHash128(""), (Hash128{0x6001c324468d497fULL, 0x99aa06d3014798d8ULL}));
  EXPECT_NE(FastHash128("a"), FastHash128("b"));
}

TEST(ToHex, TwoDigitsAByte) {
  EXPECT_EQ(ToHex(std::string_view("\x00\x0f\xff", 3)), "000fff");
  EXPECT_EQ(ToHex(""), "");
}

TEST(EqualSecrets, ComparesAllOfBoth) {
  EXPECT_TRUE(EqualSecrets("", ""));
  EXPECT_TRUE(EqualSecrets("abc", "abc"));
  EXPECT_FALSE(EqualSecrets("abc", "abd"));
  EXPECT_FALSE(EqualSecrets("abc", "ab"));
}

}  // namespace
}  // namespace understudy
