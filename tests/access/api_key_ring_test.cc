#include "access/api_key_ring.h"

#include <gmock/gmock.h>

#include "base/ids.h"
#include "support/temp_folder.h"

namespace understudy {
namespace {

using testing::HasSubstr;

ApiKey KeyOf(std::string_view secret, KeyRole role = KeyRole::kAgent) {
  ApiKey key{.id = "key_1", .name = "n", .role = role, .sha256 = Sha256Hex(secret)};
  key.created_ms = 1000;
  return key;
}

TEST(ApiKeyRing, FindsAKeyByItsHashAlone) {
  const ApiKeyRing ring({KeyOf("us_a"), KeyOf("us_b", KeyRole::kViewer)});
  ASSERT_TRUE(ring.Find("us_b", 2000));
  EXPECT_EQ((*ring.Find("us_b", 2000))->role, KeyRole::kViewer);
  for (const std::string& presented :
       {std::string(), std::string("us_c"), std::string("us_"), Sha256Hex("us_a")}) {
    const auto found = ring.Find(presented, 2000);
    ASSERT_FALSE(found) << presented;
    EXPECT_EQ(found.error().kind, ErrorKind::kUnauthorized);
  }
}

TEST(ApiKeyRing, ExpiryCountsToTheMillisecondAndRevocationAtOnce) {
  ApiKey expiring = KeyOf("us_a");
  expiring.expires_ms = 5000;
  ApiKey revoked = KeyOf("us_b");
  revoked.revoked_ms = 4000;
  const ApiKeyRing ring({expiring, revoked});
  EXPECT_TRUE(ring.Find("us_a", 4999));
  EXPECT_THAT(ring.Find("us_a", 5000).error().ToString(), HasSubstr("expired"));
  EXPECT_THAT(ring.Find("us_b", 4500).error().ToString(), HasSubstr("revoked"));
}

TEST(ApiKeyRing, ClosesWithTheFirstKeyThatMayCallAndStaysClosed) {
  EXPECT_FALSE(ApiKeyRing().closed());
  EXPECT_FALSE(ApiKeyRing({KeyOf("v", KeyRole::kViewer)}).closed());
  EXPECT_TRUE(ApiKeyRing({KeyOf("a")}).closed());
  ApiKey revoked = KeyOf("a");
  revoked.revoked_ms = 1;
  EXPECT_TRUE(ApiKeyRing({revoked}).closed());
}

TEST(ApiKeyRing, KeysOfTheConfigAreAgents) {
  TempFolder folder;
  Options options;
  options.workspace = folder.string();
  options.auth.api_keys = {"ci:" + Sha256Hex("us_ci")};
  ASSERT_TRUE(SaveApiKeys(folder.path(), {KeyOf("us_file", KeyRole::kAdmin)}));
  const auto ring = ApiKeyRing::Load(options);
  ASSERT_TRUE(ring);
  EXPECT_EQ((*ring->Find("us_ci", 1))->role, KeyRole::kAgent);
  EXPECT_EQ((*ring->Find("us_ci", 1))->name, "ci");
  EXPECT_EQ((*ring->Find("us_file", 1))->role, KeyRole::kAdmin);
}

}  // namespace
}  // namespace understudy
