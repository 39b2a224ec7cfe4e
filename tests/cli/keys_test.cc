// understudy keys: what is printed, what is kept, what is logged.
#include <gmock/gmock.h>

#include "access/api_key_ring.h"
#include "access/audit_verify.h"
#include "base/clock.h"
#include "base/config.h"
#include "base/file.h"
#include "base/ids.h"
#include "base/json.h"
#include "cli/run_cli.h"

namespace understudy {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class Keys : public testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(RunCli({"init", folder_.string()}).code, 0); }
  Ran Run(std::vector<std::string> args) {
    args.insert(args.begin(), "keys");
    args.insert(args.end(), {"-w", folder_.string()});
    return RunCli(args);
  }
  std::string Make(const std::string& role, const std::string& name) {
    const Ran ran = Run({"create", "--role", role, "--name", name});
    EXPECT_EQ(ran.code, 0) << ran.err;
    return ran.out.substr(0, ran.out.size() - 1);
  }
  const ApiKey* Find(const std::string& secret) {
    ring_ = ApiKeyRing::Load(LoadConfig(folder_.path()).value()).value();
    return ring_.Find(secret, Clock::System().WallMs()).value_or(nullptr);
  }
  TempFolder folder_;
  ApiKeyRing ring_;
};

TEST_F(Keys, ASecretIsPrintedOnceAndListedNever) {
  const Ran made = Run({"create", "--role", "viewer", "--name", "dash"});
  EXPECT_EQ(made.code, 0);
  EXPECT_THAT(made.out, StartsWith("us_"));
  EXPECT_THAT(made.err, AllOf(HasSubstr("dash"), HasSubstr("viewer"), Not(HasSubstr("us_"))));
  const std::string secret = made.out.substr(0, made.out.size() - 1);
  for (const Ran& list : {Run({"list"}), Run({"list", "--json"}), Run({"list", "--all"})}) {
    EXPECT_EQ(list.code, 0);
    EXPECT_THAT(list.out, AllOf(HasSubstr("dash"), HasSubstr("viewer"), Not(HasSubstr(secret)),
                                Not(HasSubstr(Sha256Hex(secret)))));
  }
  ASSERT_TRUE(Find(secret));
  EXPECT_EQ(Find(secret)->role, KeyRole::kViewer);
  EXPECT_THAT(ReadFile(ApiKeysPath(folder_.path())).value(), Not(HasSubstr(secret)));
}

TEST_F(Keys, RevokeAndRotateEndKeys) {
  const std::string first = Make("agent", "ci");
  const Ran rotated = Run({"rotate", "ci", "--json"});
  ASSERT_EQ(rotated.code, 0) << rotated.err;
  const auto made = ParseJson(rotated.out);
  ASSERT_TRUE(made);
  const std::string second(StringOr(*made, "key"));
  EXPECT_FALSE(Find(first));
  EXPECT_TRUE(Find(second));
  EXPECT_EQ(Run({"revoke", std::string(StringOr(*made, "id"))}).code, 0);
  EXPECT_FALSE(Find(second));
  EXPECT_THAT(Run({"list"}).out, Not(HasSubstr("ci")));
  EXPECT_THAT(Run({"list", "--all"}).out, HasSubstr("revoked"));
  EXPECT_TRUE(ring_.closed());
}

TEST_F(Keys, WrongWordsAreUsageErrors) {
  EXPECT_EQ(Run({"create", "--role", "root", "--name", "x"}).code, 2);
  EXPECT_EQ(Run({"create", "--role", "agent", "--name", "a b"}).code, 2);
  EXPECT_EQ(Run({"create", "--role", "agent", "--name", "x", "--expires", "2001-01-01"}).code, 2);
  EXPECT_EQ(Run({"create", "--role", "agent"}).code, 2);
  EXPECT_EQ(Run({"revoke", "nobody"}).code, 4);
  EXPECT_EQ(Run({"rotate", "nobody"}).code, 4);
}

TEST_F(Keys, ExpiryIsADurationFromNowOrADay) {
  const Ran ran = Run({"create", "--role", "agent", "--name", "x", "--expires", "90d", "--json"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  const auto key = ParseJson(ran.out);
  const int64_t ends = ParseWallMs(StringOr(*key, "expires")).value();
  EXPECT_NEAR(static_cast<double>(ends - Clock::System().WallMs()), 90.0 * 86'400'000, 3'600'000);
}

TEST_F(Keys, AreLoggedAndABrokenConfigIsInNobodysWay) {
  ASSERT_TRUE(WriteFileAtomically(folder_ / "config.toml", "nonsense ="));
  Make("admin", "root");
  EXPECT_EQ(Run({"rotate", "root"}).code, 0);
  EXPECT_EQ(Run({"revoke", "root"}).code, 0);
  const auto entries = ReadAudit(folder_.path(), 10);
  ASSERT_TRUE(entries);
  std::vector<std::string> actions;
  for (const AuditEntry& entry : *entries) actions.push_back(entry.action);
  EXPECT_THAT(actions, testing::ElementsAre("key.create", "key.rotate", "key.revoke"));
  EXPECT_EQ(entries->at(0).role, "admin");
  EXPECT_THAT(entries->at(0).object, HasSubstr("root"));
}

TEST_F(Keys, AKeyThatCannotBeLoggedIsNotMade) {
  ASSERT_TRUE(WriteFileAtomically(folder_ / "audit", "in the way"));
  ASSERT_TRUE(WriteFileAtomically(folder_ / "keys/audit.key", std::string(32, 'k')));
  EXPECT_NE(Run({"create", "--role", "admin", "--name", "x"}).code, 0);
  EXPECT_TRUE(LoadApiKeys(folder_.path())->empty());
}

}  // namespace
}  // namespace understudy
