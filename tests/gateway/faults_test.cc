// Clients and upstreams that misbehave: the gateway answers or lets go, and nothing stays behind.
//
//   UNDERSTUDY_DISCONNECTS=100000 UNDERSTUDY_IDLE_CONNECTIONS=19000 gateway_test
//   --gtest_filter='Disconnects*:Idle*'
#include <malloc.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "support/gateway_fixture.h"
#include "support/idle_clients.h"

namespace understudy {
namespace {

using std::chrono::milliseconds;
using testing::AnyOf;
using testing::HasSubstr;
using testing::Not;

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr int64_t kMemory = 32;  // instrumented, a byte takes several
constexpr int kDisconnects = 2'000;
#else
constexpr int64_t kMemory = 1;
constexpr int kDisconnects = 10'000;
#endif

int FromEnvironment(const char* name, int otherwise) {
  const char* text = std::getenv(name);
  return text ? std::atoi(text) : otherwise;
}

size_t OpenDescriptors() {
  size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    ++count;
  }
  return count;
}

int64_t ResidentBytes() {
  std::ifstream file("/proc/self/statm");
  int64_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * ::sysconf(_SC_PAGESIZE);
}

class FaultsTest : public GatewayTest {};

TEST_F(FaultsTest, AClientThatDoesNotReadHoldsTheUpstreamBackAndLittleMemory) {
  std::atomic<int64_t> sent{0};
  std::atomic<bool> ended{false};
  TestServer flood([&](const TestMessage&, TestSocket& client) {
    const std::string chunk = TestChunk(TestEvent(ChunkBody(std::string(60'000, 'x'))));
    bool open = client.Send(TestChunkedHead());
    for (int i = 0; open && i < 4000; ++i) {
      open = client.Send(chunk);
      if (open) sent += static_cast<int64_t>(chunk.size());
    }
    ended = true;
  });
  options_.models = {Upstream("big", flood)};
  options_.record.enabled = false;
  Start();
  TestSocket client = Connect();
  client.Send(HttpBytes({.body = ChatBody("big", R"(,"stream":true)")}));
  ASSERT_TRUE(WaitFor([&] { return sent > 0; }));
  int64_t before = -1;
  ASSERT_TRUE(WaitFor([&] {
    const int64_t last = std::exchange(before, sent.load());
    std::this_thread::sleep_for(milliseconds(200));
    return sent == last && sent == before;
  })) << "the upstream was never held back";
  EXPECT_LT(sent, 32 << 20) << "what fits the sockets' buffers, not the whole answer of 240 MB";
  EXPECT_EQ(Ask({.body = "", .headers = {}, .path = "/healthz", .method = "GET"}).status(), 200);
  client.Close();
  EXPECT_TRUE(WaitFor([&] { return ended.load(); }));
  EXPECT_TRUE(WaitFor([&] { return gateway_->requests_running() == 0; }));
}

TEST_F(FaultsTest, HalfOpenAndSlowClientsAreLetGo) {
  std::atomic<int> ended{0};
  TestServer upstream([&](const TestMessage&, TestSocket& client) {
    if (client.WaitForEnd()) ++ended;
  });
  options_.models = {Upstream("big", upstream)};
  options_.server.header_timeout_s = 1;
  options_.server.body_timeout_s = 1;
  Start();
  TestSocket half = Connect();
  half.Send(HttpBytes({.body = ChatBody("big")}));
  ASSERT_TRUE(upstream.WaitForRequests(1));
  half.ShutdownSend();
  EXPECT_TRUE(WaitFor([&] { return ended == 1; })) << "who will not speak again is gone";
  TestSocket slow_head = Connect(), slow_body = Connect();
  slow_head.Send("POST /v1/chat/completions HTTP/1.1\r\nHos");
  const std::string bytes = HttpBytes({.body = ChatBody("big")});
  slow_body.Send(bytes.substr(0, bytes.size() - 5));
  EXPECT_EQ(slow_head.ReceiveMessage().status(), 408);
  EXPECT_EQ(slow_body.ReceiveMessage().status(), 408);
  EXPECT_TRUE(slow_head.WaitForEnd());
  EXPECT_TRUE(WaitFor([&] { return gateway_->requests_running() == 0; }));
  EXPECT_EQ(upstream.request_count(), 1U);
}

// What an upstream sends before it resets the connection, and whether bytes of an answer went on.
struct Cut {
  const char* name;
  std::string bytes;
  bool begun;
};

class UpstreamResets : public GatewayTest, public testing::WithParamInterface<Cut> {};

TEST_P(UpstreamResets, AreErrorsThatTheClientCanRead) {
  std::atomic<bool> well{false};
  TestServer upstream([&](const TestMessage&, TestSocket& client) {
    if (well) return (void)client.Send(TestAnswer(200, AnswerBody("well again")));
    client.Send(GetParam().bytes);
    client.Reset();
  });
  options_.models = {Upstream("big", upstream)};
  Start();
  const TestMessage broken = Ask({.body = ChatBody("big", R"(,"stream":true)")});
  EXPECT_TRUE(broken.complete) << "the HTTP answer itself ends properly";
  EXPECT_THAT(broken.body, HasSubstr(R"("error":)"));
  EXPECT_THAT(broken.body, Not(HasSubstr("[DONE]")));
  if (GetParam().begun) {
    EXPECT_EQ(broken.status(), 200);
    EXPECT_THAT(broken.body, HasSubstr("outcome=broken_stream"));
    const size_t at = broken.body.find("data: {\"error\"");
    ASSERT_NE(at, std::string::npos) << broken.body;
    const size_t end = broken.body.find('\n', at);
    const auto error = ParseJson(broken.body.substr(at + 6, end - at - 6)).value();
    for (const char* member : {"message", "type", "code", "param"}) {
      EXPECT_TRUE(Find(error.at("error"), member)) << member;
    }
  } else {
    EXPECT_THAT(broken.status(), AnyOf(502, 503));
  }
  well = true;
  EXPECT_EQ(Ask({.body = ChatBody("big")}).body, AnswerBody("well again"));
}

INSTANTIATE_TEST_SUITE_P(
    Faults, UpstreamResets,
    testing::Values(
        Cut{"BeforeTheHead", "", false}, Cut{"InTheHead", "HTTP/1.1 200 OK\r\nCont", false},
        Cut{"AfterTheHead", TestChunkedHead(), false},
        Cut{"InTheFirstEvent", TestChunkedHead() + TestChunk("data: {\"choi"), false},
        Cut{"BetweenEvents", TestChunkedHead() + TestChunk(TestEvent(ChunkBody("a"))), true},
        Cut{"InALaterEvent",
            TestChunkedHead() + TestChunk(TestEvent(ChunkBody("a"))) + TestChunk("data: {"), true},
        Cut{"InAChunksSize", TestChunkedHead() + TestChunk(TestEvent(ChunkBody("a"))) + "4", true}),
    [](const auto& info) { return std::string(info.param.name); });

TEST_F(FaultsTest, MalformedEventsAreErrorsAndNothingElse) {
  const std::string good = TestEvent(ChunkBody("a"));
  const std::vector<std::string> garbage = {
      "data: {\"choices\":\n\n",
      "data: null\n\n",
      "data: [1,2]\n\n",
      "data: \xff\xfe\n\n",
      "data: {\"choices\":[{\"delta\":{\"content\":5}}]}\n\n",
      "data: <html>\n\n",
      "data: {\"choices\":[{\"delta\":{\"content\":\"\\ud800\"}}]}\n\n",
      "data: " + std::string(9 << 20, 'x') + "\n\n",
      "data: " + std::string(2000, '[') + "\n\n"};
  std::string now;
  TestServer upstream([&](const TestMessage&, TestSocket& client) {
    client.Send(TestChunkedHead() + TestChunk(good));
    client.Send(TestChunk(now));
    client.Send(TestChunk("data: [DONE]\n\n"));
    client.Send(kTestLastChunk);
  });
  options_.models = {Upstream("big", upstream)};
  options_.models[0].breaker_failures = 0;
  Start();
  for (const std::string& bytes : garbage) {
    now = bytes;
    const TestMessage answer = Ask({.body = ChatBody("big", R"(,"stream":true)")});
    EXPECT_TRUE(answer.complete);
    EXPECT_THAT(answer.body, HasSubstr("\"content\":\"a\""));
    EXPECT_THAT(answer.body, HasSubstr(R"(data: {"error":)")) << bytes.substr(0, 60);
    EXPECT_THAT(answer.body, Not(HasSubstr("[DONE]"))) << bytes.substr(0, 60);
  }
}

TEST_F(FaultsTest, CompressedBodiesAreNotUnpacked) {
  std::string bomb = "\x1f\x8b\x08";
  bomb.resize(4 << 20, '\0');
  TestServer upstream([&](const TestMessage&, TestSocket& client) {
    client.Send(TestAnswer(200, bomb, "application/json", "content-encoding: gzip\r\n"));
  });
  options_.models = {Upstream("big", upstream)};
  Start();
  for (const char* stream : {"", R"(,"stream":true)"}) {
    const TestMessage answer = Ask({.body = ChatBody("big", stream)});
    EXPECT_EQ(answer.status(), 502);
    EXPECT_THAT(answer.body, HasSubstr("not JSON"));
  }
  const size_t asked = upstream.request_count();
  const TestMessage refused = Ask({.body = bomb, .headers = {"Content-Encoding: gzip"}});
  EXPECT_EQ(refused.status(), 400);
  EXPECT_THAT(refused.body, HasSubstr("gzip"));
  EXPECT_EQ(upstream.request_count(), asked);
}

class IdleConnectionsTest : public GatewayTest {
 protected:
  // The descriptors that this process needs beside those of the connections.
  static constexpr int64_t kOwnDescriptors = 500;

  const int64_t open_files_ = RaiseOpenFiles();
  const int count_ = FromEnvironment("UNDERSTUDY_IDLE_CONNECTIONS", 2000);
  IdleClients warm_{50}, idle_{count_};  // forked before this process has threads
};

TEST_F(IdleConnectionsTest, CostLittle) {
  ASSERT_LT(count_, open_files_ - kOwnDescriptors) << "raise the limit of open files (ulimit -n)";
  TestServer upstream(AlwaysAnswer("x"));
  options_.models = {Upstream("big", upstream)};
  options_.server.idle_timeout_s = 3600;
  Start();
  ASSERT_EQ(warm_.Connect(port_), 50);
  const int64_t before = ResidentBytes();
  ASSERT_EQ(idle_.Connect(port_), count_);
  const int64_t each = (ResidentBytes() - before) / count_;
  RecordProperty("bytes_per_connection", static_cast<int>(each));
  std::printf("%d idle connections: %lld bytes each\n", count_, static_cast<long long>(each));
  EXPECT_LT(each, kMemory * (24 << 10));
  EXPECT_TRUE(idle_.AskAgain()) << "and each still serves";
}

// An upstream in a process of its own, so that this one's memory is the gateway's alone.
class UpstreamProcess {
 public:
  struct Counts {
    std::atomic<int> running{0}, begun{0};
  };

  UpstreamProcess() {
    void* shared =
        ::mmap(nullptr, sizeof(Counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    counts_ = new (shared) Counts;
    int port_pipe[2], life_pipe[2];
    EXPECT_EQ(::pipe(port_pipe), 0);
    EXPECT_EQ(::pipe(life_pipe), 0);
    child_ = ::fork();
    if (child_ == 0) {
      ::close(life_pipe[1]);
      Serve(port_pipe[1], life_pipe[0]);
    }
    ::close(port_pipe[1]);
    ::close(life_pipe[0]);
    life_ = life_pipe[1];
    EXPECT_EQ(::read(port_pipe[0], &port_, sizeof port_), static_cast<ssize_t>(sizeof port_));
    ::close(port_pipe[0]);
  }
  ~UpstreamProcess() {
    ::close(life_);
    ::waitpid(child_, nullptr, 0);
    ::munmap(counts_, sizeof(Counts));
  }
  UpstreamProcess(const UpstreamProcess&) = delete;
  UpstreamProcess& operator=(const UpstreamProcess&) = delete;

  std::string url() const { return fmt::format("http://127.0.0.1:{}", port_); }
  const Counts& counts() const { return *counts_; }

 private:
  // Streams for ever, slowly, or answers late: until its client goes.
  void Script(const TestMessage& request, TestSocket& client) {
    ++counts_->begun;
    ++counts_->running;
    if (request.body.find("\"stream\":true") != std::string::npos) {
      bool open = client.Send(TestChunkedHead());
      while (open && !client.ended()) {
        open = client.Send(TestChunk(TestEvent(ChunkBody("word "))));
        client.Receive(milliseconds(2));
      }
      client.Close();
    } else if (!client.WaitForEnd(milliseconds(3))) {
      client.Send(TestAnswer(200, AnswerBody("late")));
    }
    --counts_->running;
  }
  [[noreturn]] void Serve(int port_pipe, int life) {
    {
      TestServer server(
          [this](const TestMessage& request, TestSocket& client) { Script(request, client); });
      const uint16_t port = server.port();
      if (::write(port_pipe, &port, sizeof port) < 0) ::_exit(1);
      char byte = 0;
      while (::read(life, &byte, 1) > 0) {
      }
    }
    ::_exit(0);
  }

  Counts* counts_ = nullptr;
  pid_t child_ = -1;
  int life_ = -1;
  uint16_t port_ = 0;
};

// One client that goes at some moment between connecting and the end of its answer.
void ComeAndGo(TestSocket client, std::mt19937& random) {
  const auto pick = [&](int below) {
    return static_cast<int>(random() % static_cast<unsigned>(below));
  };
  const std::string bytes =
      HttpBytes({.body = ChatBody("big", pick(2) ? R"(,"stream":true)" : "")});
  const size_t sent =
      pick(4) ? bytes.size() : static_cast<size_t>(pick(static_cast<int>(bytes.size())));
  client.Send(std::string_view(bytes).substr(0, sent));
  if (pick(2)) client.Receive(milliseconds(pick(6)));
  if (pick(3) == 0) std::this_thread::sleep_for(std::chrono::microseconds(pick(4000)));
  if (pick(2)) {
    client.Reset();
  } else {
    client.Close();
  }
}

class DisconnectsTest : public GatewayTest {
 protected:
  UpstreamProcess upstream_;  // forked before this process has threads

  void Disconnect(int count) {
    constexpr int kThreads = 4;
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
      threads.emplace_back([this, t, count] {
        std::mt19937 random(static_cast<unsigned>(count + t));
        for (int i = 0; i < count / kThreads; ++i) ComeAndGo(Connect(), random);
      });
    }
    for (std::thread& thread : threads) thread.join();
    EXPECT_TRUE(WaitFor([&] { return gateway_->requests_running() == 0; }));
    EXPECT_TRUE(WaitFor([&] { return upstream_.counts().running == 0; })) << "leaked upstream";
    malloc_trim(0);
  }
};

TEST_F(DisconnectsTest, LeaveNothingBehind) {
  const int count = FromEnvironment("UNDERSTUDY_DISCONNECTS", kDisconnects);
  ModelOptions model;
  model.name = "big";
  model.kind = "openai";
  model.url = upstream_.url() + "/v1";
  model.retries = 0;
  model.breaker_failures = 0;
  options_.models = {model};
  options_.record.enabled = false;
  Start();
  Disconnect(count / 2);  // pools, caches and the allocator's arenas fill
  const size_t descriptors = OpenDescriptors();
  const size_t bytes = mallinfo2().uordblks;
  Disconnect(count);
  // Idle upstream connections are pooled, in number as many as requests ran at once.
  EXPECT_TRUE(WaitFor([&] { return OpenDescriptors() <= descriptors + 16; }))
      << OpenDescriptors() << " open, " << descriptors << " before";
  const auto grown = static_cast<int64_t>(mallinfo2().uordblks) - static_cast<int64_t>(bytes);
  std::printf(
      "%d disconnects: %d upstream requests begun, %lld bytes more than after the first half\n",
      count, upstream_.counts().begun.load(), static_cast<long long>(grown));
  EXPECT_LT(grown, kMemory * (256 << 10));
  EXPECT_GT(upstream_.counts().begun, count / 4);
}

}  // namespace
}  // namespace understudy
