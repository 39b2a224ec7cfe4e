// A whole run of the program with planted names, keys and card numbers in every place where a text
// can stand: no byte of them lies in the store's files, in another file of the workspace or in the
// log, while the gateway runs and after. And of what is curated from it, which is masked and in
// plain, only what masking is not for: names of people.
#include <gmock/gmock.h>

#include "base/file.h"
#include "base/json.h"
#include "cli/process.h"
#include "cli/run_cli.h"
#include "cli/serve_file.h"
#include "cli/workspace.h"
#include "support/gateway_fixture.h"

namespace understudy {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::string_view kName = "Ada Quillwright";
constexpr std::string_view kCard = "4012888888881881", kMail = "ada.quillwright@lovelace.org",
                           kKey = "sk-proj-4711verysecretverysecret0815";
constexpr std::string_view kPlanted[] = {kName, kCard, kMail, kKey, "Quillwright", "verysecret"};

std::string Said(std::string_view by) {
  return fmt::format("{} ({}) pays with {}, writes from {}, and her key is {}", kName, by, kCard,
                     kMail, kKey);
}

void SendStream(TestSocket& client) {
  client.Send(TestChunkedHead());
  client.Send(TestChunk(TestEvent(ChunkBody(Said("stream")))));
  client.Send(TestChunk(TestEvent(ChunkBody("", "stop"))));
  client.Send(TestChunk(TestEvent("[DONE]")));
  client.Send(kTestLastChunk);
}

std::string ToolCall() {
  const json::value arguments{{"to", Said("argument")}};
  const json::value call{
      {"id", "call_1"},
      {"type", "function"},
      {"function", {{"name", "send"}, {"arguments", json::serialize(arguments)}}}};
  const json::object message{
      {"role", "assistant"}, {"content", nullptr}, {"tool_calls", json::array{call}}};
  const json::object choice{{"index", 0}, {"message", message}, {"finish_reason", "tool_calls"}};
  const json::object usage{{"prompt_tokens", 10}, {"completion_tokens", 5}, {"total_tokens", 15}};
  const json::object answer{{"id", "c"},      {"object", "chat.completion"},
                            {"created", 1},   {"model", "big"},
                            {"usage", usage}, {"choices", json::array{choice}}};
  return json::serialize(answer);
}

// By what the request asks for: an error, a stream, a tool call, or a plain answer.
void AnswerInKind(const TestMessage& request, TestSocket& client) {
  const auto asks = [&](std::string_view word) {
    return request.body.find(word) != std::string::npos;
  };
  if (asks("please fail")) {
    const json::value error{{"error", {{"message", Said("upstream")}, {"code", kKey}}}};
    client.Send(TestAnswer(400, json::serialize(error)));
  } else if (asks(R"("stream":true)")) {
    SendStream(client);
  } else {
    client.Send(TestAnswer(200, asks(R"("tools")") ? ToolCall() : AnswerBody(Said("answer"))));
  }
}

struct Sent {
  std::string path;
  json::object body;
  bool recorded = true;
};

// Every kind of call; `number` keeps them apart.
std::vector<Sent> Calls(int number) {
  const json::array messages{
      json::object{{"role", "system"}, {"content", "You keep Ada's books."}},
      json::object{{"role", "user"}, {"content", Said(fmt::format("{}", number))}}};
  const json::value tool{
      {"type", "function"},
      {"function",
       {{"name", "send"},
        {"description", Said("tool")},
        {"parameters", {{"type", "object"}, {"properties", {{"to", {{"type", "string"}}}}}}}}}};
  const json::array failing{json::object{{"role", "user"}, {"content", Said("please fail")}}};
  return {
      {"/v1/chat/completions", {{"model", "big"}, {"user", kName}, {"messages", messages}}},
      {"/v1/chat/completions", {{"model", "big"}, {"stream", true}, {"messages", messages}}},
      {"/v1/chat/completions",
       {{"model", "big"}, {"tools", json::array{tool}}, {"messages", messages}}},
      {"/v1/chat/completions", {{"model", "big"}, {"messages", failing}}},
      {"/v1/chat/completions", {{"model", "big"}, {"messages", Said("no list")}}, false},
      {"/v1/responses", {{"model", "big"}, {"input", Said("responses")}}},
      {"/v1/messages",
       {{"model", "big"},
        {"max_tokens", 64},
        {"messages", json::array{json::object{{"role", "user"}, {"content", Said("messages")}}}}}},
  };
}

class PlantedSecrets : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(RunCli({"init", folder_.string()}).code, 0);
    ASSERT_TRUE(WriteFileAtomically(
        folder_ / "config.toml",
        fmt::format("[server]\nlisten = \"127.0.0.1:0\"\nthreads = 1\n[log]\nlevel = \"debug\"\n"
                    "json = true\n[[models]]\nname = \"big\"\nkind = \"openai\"\nurl = "
                    "\"{}/v1\"\nretries = 0\n",
                    upstream_.url())));
  }
  uint16_t WaitForPort() const {
    std::string url;
    EXPECT_TRUE(WaitFor([&] {
      const auto info = FindServe(folder_.string());
      if (info) url = info->url;
      return info.has_value();
    }));
    return static_cast<uint16_t>(std::stoi(url.substr(url.rfind(':') + 1)));
  }
  static TestMessage Send(uint16_t port, const Sent& sent) {
    TestSocket socket = TestSocket::Connect(port);
    socket.Send(HttpBytes({.body = json::serialize(sent.body),
                           .headers = {fmt::format("Authorization: Bearer {}", kKey),
                                       fmt::format("x-understudy-session: {}", kName)},
                           .path = sent.path}));
    return socket.ReceiveMessage();
  }
  std::string FilesUnder(const std::filesystem::path& folder) const {
    std::string all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      all += entry.path().string() + '\n';
      if (entry.is_regular_file()) all += ReadFile(entry.path(), 1 << 28).value_or("");
    }
    return all;
  }
  static void ExpectNone(const std::string& bytes, std::span<const std::string_view> planted,
                         const std::string& where) {
    for (const std::string_view secret : planted) {
      EXPECT_EQ(bytes.find(secret), std::string::npos) << secret << " in " << where;
    }
  }

  TempFolder folder_, outside_;
  TestServer upstream_{AnswerInKind};
};

TEST_F(PlantedSecrets, AreInNoFileOfTheWorkspaceAndInNoLog) {
  Process serve(Understudy({"serve", "-w", folder_.string()}));
  const uint16_t port = WaitForPort();
  std::string last_id;
  int recorded = 0;
  for (int number = 0; number < 30; ++number) {
    for (const Sent& sent : Calls(number)) {
      const TestMessage answer = Send(port, sent);
      EXPECT_NE(answer.status(), 500) << answer.body;
      if (answer.status() == 200) last_id = answer.Header("x-understudy-id");
      recorded += sent.recorded;
    }
  }
  const TestMessage feedback =
      Send(port, {"/v1/understudy/feedback",
                  {{"id", last_id}, {"corrected", Said("feedback")}, {"label", kName}}});
  EXPECT_EQ(feedback.status(), 200) << feedback.body;
  const auto count = [&] {
    return RunCli({"exchanges", "list", "--count", "-w", folder_.string()}).out;
  };
  EXPECT_TRUE(WaitFor([&] { return count() == fmt::format("{}\n", recorded); })) << count();

  ASSERT_TRUE(Exists(folder_ / "store.db-wal"));
  const std::string running = FilesUnder(folder_.path());
  EXPECT_GT(running.size(), 100'000U);
  ExpectNone(running, kPlanted, "the workspace of a gateway that runs");
  serve.Signal(SIGTERM);
  EXPECT_EQ(serve.Wait(), 0);
  ExpectNone(FilesUnder(folder_.path()), kPlanted, "the workspace afterwards");
  ExpectNone(serve.out() + serve.err(), kPlanted, "the log");
  // All of it was there to be found.
  const Ran shown = RunCli({"exchanges", "list", "--jsonl", "--all", "-w", folder_.string()});
  for (const std::string_view secret : kPlanted) EXPECT_THAT(shown.out, HasSubstr(secret));
  for (const char* by :
       {"answer", "stream", "argument", "tool", "responses", "messages", "feedback"}) {
    EXPECT_THAT(shown.out, HasSubstr(fmt::format("{} ({})", kName, by)));
  }

  ASSERT_TRUE(WriteFileAtomically(outside_ / "calls.jsonl", shown.out));
  const Ran curated =
      RunCli({"curate", "--in", (outside_ / "calls.jsonl").string(), "-w", folder_.string()});
  ASSERT_EQ(curated.code, 0) << curated.err;
  const std::string artefacts = FilesUnder(folder_ / "runs");
  EXPECT_THAT(artefacts, HasSubstr("pays with"));
  ExpectNone(artefacts, std::vector{kCard, kMail, kKey}, "what was curated");
  ExpectNone(curated.out + curated.err, kPlanted, "what curate says");
}

}  // namespace
}  // namespace understudy
