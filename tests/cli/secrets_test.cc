// Planted secrets, and every command: which ones show a text of a call is stated here, and nothing
// else does. And what a whole gateway says in its log. A command without a row here fails.
#include <gmock/gmock.h>

#include "access/audit_verify.h"
#include "base/file.h"
#include "base/ids.h"
#include "cli/command.h"
#include "cli/process.h"
#include "cli/run_cli.h"
#include "cli/serve_file.h"
#include "support/gateway_fixture.h"

namespace understudy {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kPlanted[] = {"PLANTEDTEXT", "PLANTEDANSWER", "PLANTEDARGUMENT",
                                         "ada.king@lovelace.org", "4012888888881881"};

// What a command shows of the calls in a workspace.
enum class Shows {
  kNothing,  // counts and names at most: it is run here, over a planted store
  kBodies,   // whole texts, which is its purpose: it is run here, and must be in the audit log
  kFile,     // whole texts, into the file "@..." and nowhere else: likewise
  kChanges,  // shows as little as kNothing, and must be in the audit log
  kOthers,   // it works on files that are named to it, or serves, or trains: not run here
};
struct Row {
  std::string_view path;
  Shows shows;
  std::vector<std::string> arguments = {};
};

using enum Shows;
const std::vector<Row> kTable = {
    {"init", kOthers},
    {"serve", kOthers},  // its log: below
    {"doctor", kNothing, {"--json"}},
    {"config check", kNothing},
    {"config show", kNothing},
    {"models list", kNothing},
    {"models add", kOthers},
    {"models remove", kOthers},
    {"models test", kOthers},
    {"keys create", kNothing, {"--role", "admin", "--name", "made"}},
    {"keys list", kNothing, {"--all", "--json"}},
    {"keys revoke", kNothing, {"made"}},
    {"keys rotate", kOthers},
    {"audit list", kNothing},
    {"audit verify", kNothing},
    {"audit heads", kNothing},
    {"record", kOthers},
    {"import", kOthers},
    {"exchanges list", kNothing},
    {"exchanges list", kNothing, {"--json"}},
    {"exchanges list", kNothing, {"--count"}},
    {"exchanges list", kBodies, {"--jsonl", "--all"}},
    {"exchanges show", kBodies, {"e1"}},
    {"exchanges show", kBodies, {"e1", "--json"}},
    {"store stats", kNothing, {"--origins"}},
    {"store stats", kNothing, {"--origins", "--json"}},
    {"store verify", kNothing, {"--json"}},
    {"store purge", kChanges},
    {"store export", kFile, {"@exported.jsonl"}},
    {"store import", kOthers},
    {"store backup", kChanges, {"@copy.db"}},
    {"store restore", kChanges, {"@copy.db"}},
    {"store rekey", kChanges},
    {"store erase", kNothing, {"--origin", "4d1f0c2ab7e9935566aa01bc9e7d2f10", "--dry-run"}},
    {"replay", kOthers},
    {"curate", kOthers},
    {"cluster", kOthers},
    {"tune", kOthers},
    {"evaluate", kOthers},
    {"select", kOthers},
    {"router fit", kOthers},
    {"router explain", kOthers},
    {"deploy list", kNothing, {"--json"}},
    {"deploy start", kOthers},
    {"deploy step", kNothing, {"--dry-run"}},
    {"deploy promote", kOthers},
    {"deploy rollback", kOthers},
    {"deploy retire", kOthers},
    {"refine", kOthers},
    {"report", kNothing},
    {"report", kNothing, {"--json"}},
    {"store erase", kChanges, {"--origin", "4d1f0c2ab7e9935566aa01bc9e7d2f10"}},  // the last
    {"pretrain", kOthers},
    {"gguf show", kOthers},
    {"gguf check", kOthers},
    {"gguf diff", kOthers},
    {"gguf split", kOthers},
    {"gguf merge", kOthers},
    {"simulate agent", kOthers},
    {"simulate reference", kOthers},
    {"completion", kOthers},
    {"version", kOthers},
};

void Leaves(std::span<const Command> commands, const std::string& before,
            std::vector<std::string>& all) {
  for (const Command& command : commands) {
    const std::string path = before + std::string(command.name);
    if (command.define) all.push_back(path);
    Leaves(command.subcommands, path + " ", all);
  }
}

TEST(Secrets, EveryCommandSaysWhatItShowsOfCalls) {
  std::vector<std::string> all;
  Leaves(Commands(), "", all);
  for (const std::string& path : all) {
    EXPECT_TRUE(std::ranges::any_of(kTable, [&](const Row& row) { return row.path == path; }))
        << "say in the table of this test what `understudy " << path << "` shows of recorded calls";
  }
}

class SecretsInTheStore : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(RunCli({"init", folder_.string()}).code, 0);
    ASSERT_TRUE(WriteFileAtomically(
        folder_ / "calls.jsonl",
        R"({"id":"e1","session":"s","origin":"4d1f0c2ab7e9935566aa01bc9e7d2f10","agent":"mailbox","request":{"model":"m","messages":[{"role":"user",)"
        R"("content":"PLANTEDTEXT for ada.king@lovelace.org 4012888888881881"}]},"answers":[{"served":true,)"
        R"("model":"m","error":"PLANTEDTEXT","verdict":{"kind":"invalid_arguments","detail":"PLANTEDARGUMENT"}}],)"
        R"("response":{"choices":[{"index":0,"message":{"role":"assistant","content":"PLANTEDANSWER",)"
        R"("tool_calls":[{"id":"c","type":"function","function":{"name":"send","arguments":"{\"to\":)"
        R"(\"PLANTEDARGUMENT\"}"}}]}}]}})"
        "\n"));
    ASSERT_EQ(RunCli({"import", (folder_ / "calls.jsonl").string(), "-w", folder_.string()}).code,
              0);
  }
  // "@x" is the file x of the workspace.
  std::string Named(const std::string& argument) const {
    return argument.starts_with('@') ? (folder_ / argument.substr(1)).string() : argument;
  }
  Ran Run(const Row& row) {
    std::vector<std::string> args;
    for (size_t at = 0; at < row.path.size();) {
      const size_t end = std::min(row.path.find(' ', at), row.path.size());
      args.emplace_back(row.path.substr(at, end - at));
      at = end + 1;
    }
    for (const std::string& one : row.arguments) args.push_back(Named(one));
    args.insert(args.end(), {"-w", folder_.string()});
    return RunCli(args);
  }
  size_t Logged() { return ReadAudit(folder_.path(), 1000).value().size(); }
  TempFolder folder_;
};

TEST_F(SecretsInTheStore, AreShownByTheCommandsThatAreForItAndThoseAreLogged) {
  for (const Row& row : kTable) {
    if (row.shows == Shows::kOthers) continue;
    const size_t logged = Logged();
    const Ran ran = Run(row);
    EXPECT_NE(ran.code, 2) << row.path << ": " << ran.err;
    if (row.shows == Shows::kBodies) {
      EXPECT_THAT(ran.out, HasSubstr("PLANTEDANSWER")) << row.path;
      EXPECT_EQ(Logged(), logged + 1) << row.path;
      continue;
    }
    for (const std::string_view secret : kPlanted) {
      EXPECT_THAT(ran.out + ran.err, Not(HasSubstr(std::string(secret)))) << row.path;
    }
    if (row.shows != Shows::kNothing) {
      EXPECT_EQ(ran.code, 0) << row.path << ": " << ran.err;
      EXPECT_EQ(Logged(), logged + 1) << row.path;
    }
    if (row.shows == Shows::kFile) {
      const auto file = ReadFile(Named(row.arguments.at(0)));
      EXPECT_THAT(file.value(), HasSubstr("PLANTEDANSWER")) << row.path;
    }
  }
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder_ / "audit")) {
    EXPECT_THAT(ReadFile(entry.path()).value(), Not(HasSubstr("PLANTED")));
  }
}

// Calls of all kinds, good and bad, at a gateway that logs everything it can.
class SecretsInTheLog : public testing::Test {
 protected:
  SecretsInTheLog()
      : upstream_([](const TestMessage& request, TestSocket& client) {
          const bool fail = request.body.find("fail") != std::string::npos;
          client.Send(fail ? TestAnswer(500, R"({"error":{"message":"PLANTEDANSWER"}})")
                           : TestAnswer(200, AnswerBody("PLANTEDANSWER")));
        }) {}
  void SetUp() override {
    ASSERT_EQ(RunCli({"init", folder_.string()}).code, 0);
    ASSERT_TRUE(WriteFileAtomically(
        folder_ / "config.toml",
        fmt::format("[server]\nlisten = \"127.0.0.1:0\"\nthreads = 1\n[log]\nlevel = \"debug\"\n"
                    "[[models]]\nname = \"big\"\nkind = \"openai\"\nurl = \"{}/v1\"\nretries = 0\n",
                    upstream_.url())));
    for (const char* role : {"agent", "viewer", "curator", "admin"}) {
      const Ran made =
          RunCli({"keys", "create", "--role", role, "--name", role, "-w", folder_.string()});
      ASSERT_EQ(made.code, 0) << made.err;
      keys_[role] = made.out.substr(0, made.out.size() - 1);
    }
    keys_["unknown"] = "us_PLANTEDKEY00000000000000000000000000000000000";
  }
  // The whole answer.
  std::string Send(uint16_t port, std::string_view method, std::string_view path,
                   const std::string& key, const std::string& body) {
    TestSocket socket = TestSocket::Connect(port);
    socket.Send(
        fmt::format("{} {} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {}\r\n"
                    "Content-Length: {}\r\nConnection: close\r\n\r\n{}",
                    method, path, key, body.size(), body));
    return socket.ReceiveAll();
  }
  TempFolder folder_;
  TestServer upstream_;
  std::map<std::string, std::string> keys_;
};

TEST_F(SecretsInTheLog, NoTextOfACallNoKeyAndNoHashIsInLogsErrorsOrMetrics) {
  Process serve(Understudy({"serve", "-w", folder_.string()}));
  std::string url;
  ASSERT_TRUE(WaitFor([&] {
    const auto info = FindServe(folder_.string());
    if (info) url = info->url;
    return info.has_value();
  }));
  const auto port = static_cast<uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  const std::string bodies[] = {
      R"({"model":"big","messages":[{"role":"user","content":"PLANTEDTEXT"}]})",
      R"({"model":"big","messages":[{"role":"user","content":"PLANTEDTEXT fail"}]})",
      R"({"model":"PLANTEDTEXT)", R"({"messages":[{"role":"PLANTEDTEXT"}]})", "PLANTEDTEXT"};
  std::string said;  // by the gateway, but for answers to calls
  for (const auto& [role, key] : keys_) {
    for (const std::string& body : bodies) {
      const std::string answer = Send(port, "POST", "/v1/chat/completions", key, body);
      if (role != "agent" && role != "admin") said += answer;
    }
    for (const char* path : {"/v1/understudy/usage", "/v1/understudy/exchanges", "/metrics",
                             "/readyz", "/v1/understudy/keys", "/v1/understudy/audit"}) {
      said += Send(port, "GET", path, key, "");
    }
    Send(port, "POST", "/v1/understudy/feedback", key, R"({"id":"x","label":"PLANTEDTEXT"})");
  }
  RunCli({"keys", "revoke", "viewer", "-w", folder_.string()});
  EXPECT_TRUE(WaitFor([&] {
    return Send(port, "GET", "/v1/understudy/usage", keys_["viewer"], "").find(" 401 ") !=
           std::string::npos;
  })) << "a revoked key ends without a signal";
  ASSERT_TRUE(WriteFileAtomically(folder_ / "config.toml", "nonsense ="));
  serve.Signal(SIGHUP);
  serve.Signal(SIGTERM);
  EXPECT_EQ(serve.Wait(), 0) << serve.err();
  EXPECT_THAT(serve.err(), HasSubstr("the API keys were reloaded"));
  said += serve.out() + serve.err();
  for (const std::string_view secret :
       {"PLANTEDTEXT", "PLANTEDANSWER", "PLANTEDKEY", "Bearer us_"}) {
    EXPECT_THAT(said, Not(HasSubstr(std::string(secret))));
  }
  for (const auto& [role, key] : keys_) {
    EXPECT_THAT(said, Not(HasSubstr(key))) << role;
    EXPECT_THAT(said, Not(HasSubstr(Sha256Hex(key)))) << role;
  }
}

}  // namespace
}  // namespace understudy
