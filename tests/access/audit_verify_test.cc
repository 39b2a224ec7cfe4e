// The audit log, and every harm that can be done to it: each has a name.
#include "access/audit_verify.h"

#include <algorithm>
#include <thread>

#include <gmock/gmock.h>

#include "access/audit_log.h"
#include "base/file.h"
#include "support/temp_folder.h"

namespace understudy {
namespace {

using testing::HasSubstr;

constexpr int64_t kAt = 1'700'000'000'000;

class Audit : public testing::Test {
 protected:
  Status Append(std::string object, std::string_view writer = kCliWriter) {
    const AuditEvent event{audit_action::kReadBody, "root", "admin", std::move(object), "raw"};
    return AppendAudit(folder_.path(), writer, event, kAt + ++count_);
  }
  void AppendSome(int count) {
    for (int i = 1; i <= count; ++i) ASSERT_TRUE(Append(fmt::format("ex_{}", i)));
  }
  std::filesystem::path Log() { return AuditLogPath(folder_.path(), kCliWriter); }
  std::filesystem::path Head() { return AuditHeadPath(folder_.path(), kCliWriter); }
  std::vector<std::string> Lines() {
    std::vector<std::string> lines;
    std::string text = ReadFile(Log()).value();
    for (size_t end; (end = text.find('\n')) != std::string::npos; text.erase(0, end + 1)) {
      lines.push_back(text.substr(0, end));
    }
    return lines;
  }
  void Write(const std::vector<std::string>& lines) {
    std::string text;
    for (const std::string& line : lines) text += line + '\n';
    ASSERT_TRUE(WriteFileAtomically(Log(), text, 0600));
  }
  AuditReport Verify(const std::vector<AuditHead>& heads = {}) {
    auto report = VerifyAudit(folder_.path(), heads);
    EXPECT_TRUE(report) << report.error().ToString();
    return *std::move(report);
  }
  // "altered 2": what is found first, and where.
  std::string Fault(const std::vector<AuditHead>& heads = {}) {
    const AuditReport report = Verify(heads);
    if (report.findings.empty()) return "sound";
    return fmt::format("{} {}", Name(report.findings[0].fault), report.findings[0].line);
  }
  TempFolder folder_;
  int64_t count_ = 0;
};

TEST_F(Audit, ALogOfSeveralWritersIsSound) {
  AppendSome(3);
  ASSERT_TRUE(Append("ex_9", kGatewayWriter));
  const AuditReport report = Verify();
  EXPECT_TRUE(report.findings.empty());
  EXPECT_EQ(report.entries, 4);
  ASSERT_EQ(report.heads.size(), 2U);
  EXPECT_EQ(report.heads[0].number, 3);
  const auto entries = ReadAudit(folder_.path(), 2);
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 2U);
  EXPECT_EQ(entries->at(0).object, "ex_3");
  EXPECT_EQ(entries->at(1).writer, "gateway");
  EXPECT_EQ(entries->at(1).role, "admin");
}

TEST_F(Audit, WithoutALogThereIsNothingToProve) {
  EXPECT_EQ(VerifyAudit(folder_.path()).error().kind, ErrorKind::kNotFound);
}

TEST_F(Audit, AnAlteredLineIsFoundWhateverWasAltered) {
  AppendSome(3);
  const auto lines = Lines();
  const std::pair<std::string, std::string> changes[] = {
      {"ex_2", "ex_7"}, {"\"n\":2", "\"n\":3"}, {"root", "moot"}, {"\"prev\":\"", "\"prev\":\"0"}};
  for (const auto& [from, to] : changes) {
    auto changed = lines;
    const size_t at = changed[1].find(from);
    ASSERT_NE(at, std::string::npos);
    changed[1].replace(at, from.size(), to);
    Write(changed);
    EXPECT_EQ(Fault(), "altered 2") << from;
  }
  auto forged = lines;  // a MAC of another line
  forged[1].replace(forged[1].size() - 34, 34, lines[2].substr(lines[2].size() - 34));
  Write(forged);
  EXPECT_EQ(Fault(), "altered 2");
}

TEST_F(Audit, ReorderedLinesAreFound) {
  AppendSome(4);
  auto lines = Lines();
  std::swap(lines[1], lines[2]);
  Write(lines);
  EXPECT_EQ(Fault(), "reordered 2");
}

TEST_F(Audit, ARepeatedLineIsFound) {
  AppendSome(3);
  auto lines = Lines();
  lines.push_back(lines[2]);
  Write(lines);
  EXPECT_EQ(Fault(), "reordered 4");
}

TEST_F(Audit, AGapIsFound) {
  AppendSome(4);
  auto lines = Lines();
  lines.erase(lines.begin() + 1);
  Write(lines);
  EXPECT_EQ(Fault(), "gap 2");
  lines.erase(lines.begin());
  Write(lines);
  EXPECT_EQ(Fault(), "gap 1");
}

TEST_F(Audit, ATruncatedLogIsFoundByTheHeadBesideIt) {
  AppendSome(4);
  auto lines = Lines();
  lines.resize(2);
  Write(lines);
  EXPECT_EQ(Fault(), "truncated 2");
  Write({});
  EXPECT_EQ(Fault(), "truncated 0");
  std::filesystem::remove(Log());
  EXPECT_EQ(Fault(), "truncated 0");
}

TEST_F(Audit, TruncationWithItsHeadPutBackIsFoundByAnExportedOne) {
  AppendSome(2);
  const std::string old_log = ReadFile(Log()).value(), old_head = ReadFile(Head()).value();
  ASSERT_TRUE(Append("ex_3"));
  const auto exported = Verify().heads;
  ASSERT_TRUE(WriteFileAtomically(Log(), old_log));
  ASSERT_TRUE(WriteFileAtomically(Head(), old_head));
  EXPECT_EQ(Fault(), "sound");  // what a chain alone cannot tell
  EXPECT_EQ(Fault(exported), "truncated 2");
  ASSERT_TRUE(Append("ex_other"));  // a history written anew, with the right key
  EXPECT_EQ(Fault(), "sound");
  EXPECT_EQ(Fault(exported), "forked 3");
  std::filesystem::remove(Log());
  std::filesystem::remove(Head());
  EXPECT_EQ(Fault(exported), "truncated 0");
}

TEST_F(Audit, LinesOfAnotherHistoryDoNotFollow) {
  AppendSome(2);
  const auto first = Lines();
  std::filesystem::remove(Log());
  std::filesystem::remove(Head());
  ASSERT_TRUE(Append("ex_a"));
  ASSERT_TRUE(Append("ex_b"));
  Write({first[0], Lines()[1]});
  EXPECT_EQ(Fault(), "forked 2");
}

TEST_F(Audit, AWritersLinesAreNotAnothersAndAnotherKeyIsNone) {
  AppendSome(2);
  std::filesystem::copy(Log(), AuditLogPath(folder_.path(), "other"));
  EXPECT_EQ(Verify().findings.at(0).writer, "other");
  EXPECT_EQ(Fault(), "altered 1");
  ASSERT_TRUE(WriteFileAtomically(folder_ / "keys/audit.key", std::string(32, 'k')));
  EXPECT_EQ(Fault(), "altered 1");
  EXPECT_FALSE(Append("ex_5"));
}

TEST_F(Audit, ALineThatACrashLeftUnfinishedIsToldAndReplaced) {
  AppendSome(2);
  std::string text = ReadFile(Log()).value();
  ASSERT_TRUE(WriteFileAtomically(Log(), text + R"({"v":1,"n":3,"at":"20)"));
  EXPECT_EQ(Fault(), "unfinished 3");
  ASSERT_TRUE(Append("ex_3"));
  EXPECT_EQ(Fault(), "sound");
  EXPECT_EQ(Lines().size(), 3U);
}

TEST_F(Audit, ALogThatWasCutOrAlteredIsNotWrittenOn) {
  AppendSome(3);
  const auto lines = Lines();
  Write({lines[0], lines[1]});
  const Status cut = Append("ex_4");
  ASSERT_FALSE(cut);
  EXPECT_THAT(cut.error().ToString(), HasSubstr("audit verify"));
  EXPECT_EQ(Fault(), "truncated 2");
  auto changed = lines;
  changed[2].replace(changed[2].find("ex_3"), 4, "ex_8");
  Write(changed);
  EXPECT_FALSE(Append("ex_4"));
}

TEST_F(Audit, ManyAtOnceKeepOneChain) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 5; ++i) {
        const AuditEvent event{audit_action::kExport, "root", "admin", fmt::format("{}", t), ""};
        EXPECT_TRUE(AppendAudit(folder_.path(), kCliWriter, event, kAt));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Fault(), "sound");
  EXPECT_EQ(Verify().entries, 20);
}

TEST_F(Audit, HeadsAreReadBackAndAnAlteredOneIsRefused) {
  AppendSome(2);
  const std::string key = LoadAuditKey(folder_.path()).value();
  const std::string text = FormatHeads(Verify().heads, key, kAt);
  const auto read = ParseHeads(text, key);
  ASSERT_TRUE(read);
  EXPECT_EQ(Fault(*read), "sound");
  std::string altered = text;
  altered.replace(altered.find("\"n\":2"), 5, "\"n\":1");
  EXPECT_THAT(ParseHeads(altered, key).error().ToString(), HasSubstr("altered"));
  EXPECT_FALSE(ParseHeads("{}", key));
}

TEST_F(Audit, LongAndStrangeTextsStayOneLine) {
  ASSERT_TRUE(Append(std::string(5000, 'x') + "\n\"\x01\xff"));
  ASSERT_TRUE(Append("line\nbreak"));
  EXPECT_EQ(Fault(), "sound");
  EXPECT_EQ(Lines().size(), 2U);
  EXPECT_EQ(ReadAudit(folder_.path(), 10)->at(0).object.size(), kMaxAuditFieldBytes);
  EXPECT_EQ(ReadAudit(folder_.path(), 10)->at(1).object, "line\nbreak");
}

}  // namespace
}  // namespace understudy
