// understudy audit, and that what commands do to bodies and deployments is in the log.
#include <gmock/gmock.h>

#include "access/audit_verify.h"
#include "base/file.h"
#include "base/json.h"
#include "cli/run_cli.h"

namespace understudy {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kLine =
    R"({"id":"e1","request":{"model":"m","messages":[{"role":"user","content":"my PLANTED text"}]},)"
    R"("response":{"choices":[{"index":0,"message":{"role":"assistant","content":"PLANTED too"}}]}})"
    "\n";

class AuditCommand : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(RunCli({"init", folder_.string()}).code, 0);
    ASSERT_TRUE(WriteFileAtomically(folder_ / "calls.jsonl", kLine));
    ASSERT_EQ(Run({"import", (folder_ / "calls.jsonl").string()}).code, 0);
  }
  Ran Run(std::vector<std::string> args) {
    args.insert(args.end(), {"-w", folder_.string()});
    return RunCli(args);
  }
  std::vector<std::string> Actions() {
    std::vector<std::string> actions;
    const auto entries = ReadAudit(folder_.path(), 100).value();
    for (const AuditEntry& entry : entries) {
      actions.push_back(entry.action + " " + entry.object);
    }
    return actions;
  }
  std::filesystem::path Log() { return AuditLogPath(folder_.path(), kCliWriter); }
  TempFolder folder_;
};

TEST_F(AuditCommand, ReadsAndExportsAreLoggedAndListsAreNot) {
  EXPECT_EQ(Run({"exchanges", "list"}).code, 0);
  EXPECT_EQ(Run({"exchanges", "list", "--json"}).code, 0);
  EXPECT_TRUE(Actions().empty());
  EXPECT_THAT(Run({"exchanges", "show", "e1"}).out, HasSubstr("PLANTED"));
  EXPECT_EQ(Run({"exchanges", "show", "none"}).code, 4);
  EXPECT_THAT(Run({"exchanges", "list", "--jsonl", "--all"}).out, HasSubstr("PLANTED"));
  EXPECT_THAT(Actions(), ElementsAre("exchange.read e1", "exchanges.export exchange JSONL"));
  EXPECT_THAT(ReadFile(Log()).value(), Not(HasSubstr("PLANTED")));
  const Ran list = Run({"audit", "list"});
  EXPECT_THAT(list.out, AllOf(HasSubstr("exchange.read"), HasSubstr("1 exchange")));
  const auto json = ParseJson(Run({"audit", "list", "--json", "-n", "1"}).out);
  ASSERT_TRUE(json);
  EXPECT_EQ(StringOr(json->at(0), "action"), "exchanges.export");
}

TEST_F(AuditCommand, ABodyThatCannotBeLoggedIsNotShown) {
  ASSERT_TRUE(WriteFileAtomically(folder_ / "keys/audit.key", "short"));
  const Ran show = Run({"exchanges", "show", "e1"});
  EXPECT_NE(show.code, 0);
  EXPECT_THAT(show.out + show.err, Not(HasSubstr("PLANTED")));
  EXPECT_THAT(Run({"exchanges", "list", "--jsonl"}).out, Not(HasSubstr("PLANTED")));
}

TEST_F(AuditCommand, VerifySaysSoundOrWhatIsNot) {
  EXPECT_EQ(Run({"audit", "verify"}).code, 4);
  for (int i = 0; i < 3; ++i) Run({"exchanges", "show", "e1"});
  EXPECT_THAT(Run({"audit", "verify"}).out, HasSubstr("sound: 3 lines"));
  const Ran heads = Run({"audit", "heads"});
  ASSERT_EQ(heads.code, 0);
  const std::string kept = (folder_ / "heads.json").string();
  ASSERT_TRUE(WriteFileAtomically(kept, heads.out));
  EXPECT_EQ(Run({"audit", "verify", "--heads", kept}).code, 0);
  std::filesystem::remove_all(folder_ / "audit");
  const Ran gone = Run({"audit", "verify", "--heads", kept});
  EXPECT_EQ(gone.code, 1);
  EXPECT_THAT(gone.out, HasSubstr("cli: truncated"));
  const auto json = ParseJson(Run({"audit", "verify", "--heads", kept, "--json"}).out);
  ASSERT_TRUE(json);
  EXPECT_FALSE(BoolOr(*json, "sound", true));
  EXPECT_EQ(StringOr(json->at("findings").at(0), "fault"), "truncated");
}

TEST_F(AuditCommand, HeadsAreMadeOfASoundLogOnly) {
  Run({"exchanges", "show", "e1"});
  std::string text = ReadFile(Log()).value();
  text.replace(text.find("e1"), 2, "e2");
  ASSERT_TRUE(WriteFileAtomically(Log(), text));
  const Ran heads = Run({"audit", "heads"});
  EXPECT_EQ(heads.code, 1);
  EXPECT_EQ(heads.out, "");
  EXPECT_THAT(heads.err, HasSubstr("altered"));
}

}  // namespace
}  // namespace understudy
