#include "access/key_book.h"

#include <thread>

#include <gmock/gmock.h>

#include "access/api_key_ring.h"
#include "base/ids.h"
#include "support/temp_folder.h"

namespace understudy {
namespace {

using testing::HasSubstr;

constexpr int64_t kNow = 1'700'000'000'000;

class KeyBookTest : public testing::Test {
 protected:
  KeyBookTest() {
    options_.workspace = folder_.string();
    options_.auth.api_keys = {"ci:" + Sha256Hex("us_ci")};
  }
  KeyBook Open() {
    auto book = KeyBook::Open(options_);
    EXPECT_TRUE(book) << book.error().ToString();
    return *std::move(book);
  }
  MadeKey Make(std::string_view name, int64_t expires_ms = 0) {
    KeyBook book = Open();
    auto made = book.Create(name, KeyRole::kCurator, kNow, expires_ms);
    EXPECT_TRUE(made) << made.error().ToString();
    EXPECT_TRUE(book.Save());
    return *std::move(made);
  }
  bool Accepts(std::string_view secret, int64_t at_ms) {
    return ApiKeyRing::Load(options_).value().Find(secret, at_ms).has_value();
  }
  TempFolder folder_;
  Options options_;
};

TEST_F(KeyBookTest, ASecretIsGivenOnceAndKeptNowhere) {
  const MadeKey made = Make("dash");
  EXPECT_TRUE(Accepts(made.secret, kNow));
  const auto kept = LoadApiKeys(folder_.path());
  ASSERT_EQ(kept->size(), 1U);
  EXPECT_EQ(kept->at(0).sha256, Sha256Hex(made.secret));
  EXPECT_EQ(kept->at(0).role, KeyRole::kCurator);
}

TEST_F(KeyBookTest, ANameIsTakenWhileItsKeyIsValid) {
  Make("dash");
  {
    KeyBook book = Open();
    EXPECT_THAT(book.Create("dash", KeyRole::kAgent, kNow, 0).error().ToString(),
                HasSubstr("rotate"));
    EXPECT_FALSE(book.Create("ci", KeyRole::kAgent, kNow, 0));
    EXPECT_FALSE(book.Create("a b", KeyRole::kAgent, kNow, 0));
    EXPECT_FALSE(book.Create("late", KeyRole::kAgent, kNow, kNow));
    ASSERT_TRUE(book.Revoke("dash", kNow));
    ASSERT_TRUE(book.Save());
  }
  Make("dash");
  EXPECT_EQ(LoadApiKeys(folder_.path())->size(), 2U);
}

TEST_F(KeyBookTest, RotatingReplacesAtOnceOrAfterAGrace) {
  const MadeKey first = Make("dash");
  std::string second, third;
  {
    KeyBook book = Open();
    second = book.Rotate("dash", kNow, 0)->secret;
    ASSERT_TRUE(book.Save());
  }
  EXPECT_FALSE(Accepts(first.secret, kNow));
  EXPECT_TRUE(Accepts(second, kNow));
  {
    KeyBook book = Open();
    third = book.Rotate("dash", kNow, 60'000)->secret;
    ASSERT_TRUE(book.Save());
  }
  EXPECT_TRUE(Accepts(second, kNow + 59'999));
  EXPECT_FALSE(Accepts(second, kNow + 60'000));
  EXPECT_TRUE(Accepts(third, kNow + 60'000));
  KeyBook book = Open();  // by name: all that are still valid
  ASSERT_TRUE(book.Revoke("dash", kNow));
  ASSERT_TRUE(book.Save());
  EXPECT_FALSE(Accepts(second, kNow));
  EXPECT_FALSE(Accepts(third, kNow));
}

TEST_F(KeyBookTest, ARotatedKeyLivesAsLongAsTheOldOneWasMadeFor) {
  Make("dash", kNow + 1000);
  KeyBook book = Open();
  const auto made = book.Rotate("dash", kNow + 500, 0);
  ASSERT_TRUE(made);
  EXPECT_EQ(made->key.expires_ms, kNow + 1500);
}

TEST_F(KeyBookTest, SaysWhatCannotBeRevoked) {
  KeyBook book = Open();
  EXPECT_EQ(book.Revoke("nobody", kNow).error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(book.Revoke("ci", kNow).error().ToString(), HasSubstr("config.toml"));
}

TEST_F(KeyBookTest, ChangesByManyAtOnceAreNotLost) {
  std::vector<std::thread> threads;
  for (int i = 0; i < 8; ++i) threads.emplace_back([this, i] { Make(fmt::format("k{}", i)); });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(LoadApiKeys(folder_.path())->size(), 8U);
}

}  // namespace
}  // namespace understudy
