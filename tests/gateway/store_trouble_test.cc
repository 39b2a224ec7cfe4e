// What goes wrong with the store must not keep the gateway from answering, and what it records
// shows nothing of what was said.
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "support/gateway_fixture.h"

namespace understudy {
namespace {

constexpr const char* kSecrets[] = {
    "Ada Quill",      "4012888888881881", "sk-proj-4711verysecret", "ada.quill@example.org",
    "session-of-ada", "user-ada"};

class StoreTrouble : public GatewayTest {
 protected:
  StoreTrouble() { options_.models = {Upstream("gpt", upstream_)}; }

  std::filesystem::path Workspace() const { return options_.workspace; }
  std::string AllFiles() const {
    std::string all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(Workspace())) {
      if (entry.is_regular_file()) all += ReadFile(entry.path()).value_or("");
    }
    return all;
  }
  TestMessage AskSecret(int number) const {
    const std::string body = fmt::format(
        R"({{"model":"gpt","user":"{}","messages":[{{"role":"user","content":"{} pays with {} )"
        R"(({}), {}"}}]}})",
        kSecrets[5], kSecrets[0], kSecrets[1], kSecrets[3], number);
    return Ask({.body = body,
                .headers = {fmt::format("authorization: Bearer {}", kSecrets[2]),
                            fmt::format("x-understudy-session: {}", kSecrets[4])}});
  }

  TestServer upstream_{AlwaysAnswer("the card of Ada Quill is 4012888888881881")};
};

TEST_F(StoreTrouble, NoFileOfTheWorkspaceShowsWhatWasSaid) {
  Start();
  for (int i = 0; i < 20; ++i) EXPECT_EQ(AskSecret(i).status(), 200);
  const auto recorded = Recorded();
  ASSERT_EQ(recorded.size(), 20U);
  EXPECT_NE(recorded[0].request.find("Ada Quill pays with"), std::string::npos);
  const std::string files = AllFiles();
  EXPECT_GT(files.size(), 20'000U);
  for (const char* secret : kSecrets) EXPECT_EQ(files.find(secret), std::string::npos) << secret;
}

TEST_F(StoreTrouble, AWrongMasterKeyStopsRecordingAndNotServing) {
  Start();
  EXPECT_EQ(AskSecret(0).status(), 200);
  Stop();
  const auto key = Workspace() / "keys/master.key";
  const std::string right = ReadFile(key).value();
  ASSERT_TRUE(WriteFileAtomically(key, std::string(64, 'a'), 0600));
  testing::internal::CaptureStderr();
  Start();
  EXPECT_EQ(AskSecret(1).status(), 200);
  // Mended while it runs: what waited is recorded.
  ASSERT_TRUE(WriteFileAtomically(key, right, 0600));
  for (int i = 0; i < 600 && gateway_->recorder_counts().recorded == 0; ++i) ::usleep(10'000);
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_NE(log.find("another master key"), std::string::npos) << log;
  EXPECT_EQ(log.find(kSecrets[0]), std::string::npos);
  EXPECT_EQ(Recorded().size(), 2U);
}

TEST_F(StoreTrouble, AFileThatIsNoStoreStopsRecordingAndNotServing) {
  ASSERT_TRUE(WriteFileAtomically(Workspace() / "store.db", std::string(5'000, 'x'), 0600));
  Start();
  EXPECT_EQ(AskSecret(0).status(), 200);
  EXPECT_EQ(gateway_->recorder_counts().recorded, 0U);
  Stop();
  EXPECT_EQ(ReadFile(Workspace() / "store.db").value(), std::string(5'000, 'x'));
}

TEST_F(StoreTrouble, ADamagedPageStopsRecordingAndNotServing) {
  Start();
  for (int i = 0; i < 50; ++i) EXPECT_EQ(AskSecret(i).status(), 200);
  Stop();
  std::string bytes = ReadFile(Workspace() / "store.db").value();
  for (size_t at = 4'096; at < bytes.size(); ++at) bytes[at] = static_cast<char>(bytes[at] ^ 0x5a);
  ASSERT_TRUE(WriteFileAtomically(Workspace() / "store.db", bytes, 0600));
  Start();
  EXPECT_EQ(AskSecret(51).status(), 200);
}

TEST_F(StoreTrouble, AFullStoreStopsRecordingAndNotServing) {
  options_.store.max_bytes = 1;
  options_.record.queue = 2;
  Start();
  for (int i = 0; i < 8; ++i) EXPECT_EQ(AskSecret(i).status(), 200);
  const auto counts = gateway_->recorder_counts();
  EXPECT_EQ(counts.recorded, 0U);
  EXPECT_GT(counts.unrecorded, 0U);
}

}  // namespace
}  // namespace understudy
