// What the two modes promise when the process is killed, and what happens on a full disk: with
// the real store, in a child process of ours.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "base/clock.h"
#include "store/recorder_fixture.h"
#include "store/sqlite.h"

namespace understudy {
namespace {

// Acknowledgements, in memory that outlives the child: when Record returned for each exchange.
struct Acknowledged {
  static constexpr int kMost = 200'000;
  std::atomic<int> count{0};
  std::array<int64_t, kMost> at_ns;
};

int64_t NowNs() {
  return std::chrono::steady_clock::now()
      .time_since_epoch()
      .count();  // one clock for all processes
}

struct Load {
  int at_once;
  std::chrono::microseconds pause;
};
// 4,000 a second, which the writer keeps up with; and more than it can take.
constexpr Load kSteady{8, std::chrono::milliseconds(2)},
    kTooMuch{16, std::chrono::microseconds(200)};

Task<void> RecordForEver(Recorder& recorder, Acknowledged& acknowledged, Load load) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  for (int i = 0; i < Acknowledged::kMost; ++i) {
    const auto status = co_await recorder.Record(SampleExchange(i));
    if (!status) ::_exit(3);
    acknowledged.at_ns[static_cast<size_t>(i)] = NowNs();
    acknowledged.count.store(i + 1);
    if (i % load.at_once != 0) continue;
    timer.expires_after(load.pause);
    co_await timer.async_wait(kUseTask);
  }
}

[[noreturn]] void RunChild(const std::filesystem::path& path, const RecordOptions& options,
                           Acknowledged& acknowledged, Load load) {
  auto store = OpenSqliteStore(path);
  if (!store) ::_exit(2);
  Runtime runtime(1);
  Recorder recorder(std::move(*store), options, 1);
  boost::asio::co_spawn(runtime.context(0), RecordForEver(recorder, acknowledged, load),
                        boost::asio::detached);
  runtime.Start();
  for (;;) ::pause();
}

struct Killed {
  int acknowledged = 0;  // before the kill
  int64_t kept = 0;      // found afterwards
  double lost_ms = 0;    // from the first lost acknowledgement to the kill
};

Killed KillWhileRecording(const RecordOptions& options, Load load, int enough) {
  const TempFolder folder;
  void* shared = ::mmap(nullptr, sizeof(Acknowledged), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  auto& acknowledged = *new (shared) Acknowledged();
  const pid_t child = ::fork();
  if (child == 0) RunChild(folder / "store.db", options, acknowledged, load);
  EXPECT_TRUE(Eventually([&] { return acknowledged.count.load() >= enough; }));
  Killed killed{.acknowledged = acknowledged.count.load()};
  const int64_t at_ns = NowNs();
  ::kill(child, SIGKILL);
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status)) << "it ended by itself: " << WEXITSTATUS(status);

  const auto store = MustOpen(folder / "store.db");
  EXPECT_TRUE(store->Scan({}, [&](Exchange&& exchange) {
    ExpectEqual(exchange, SampleExchange(static_cast<int>(killed.kept++)));  // whole, in order
    return true;
  }));
  const auto database = Database::Open(folder / "store.db").value();
  auto check = database->Prepare("PRAGMA integrity_check").value();
  EXPECT_TRUE(check.Step().value());
  EXPECT_EQ(check.Text(0), "ok");
  if (killed.kept < killed.acknowledged) {
    killed.lost_ms =
        static_cast<double>(at_ns - acknowledged.at_ns[static_cast<size_t>(killed.kept)]) / 1e6;
  }
  ::munmap(shared, sizeof(Acknowledged));
  return killed;
}

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr double kMostLostMs = 100;  // instrumented, a commit takes many times as long
#else
constexpr double kMostLostMs = 10;
#endif

// How often each mode's child is killed; UNDERSTUDY_KILLS=50 for the long way.
int Kills() {
  const char* wanted = ::getenv("UNDERSTUDY_KILLS");
  return wanted && std::atoi(wanted) > 0 ? std::atoi(wanted) : 10;
}

TEST(RecorderCrash, AKillLosesOnlyTheLastMoment) {
  // On a machine with other things to do a commit may come late, though not every time.
  std::vector<double> lost_ms;
  for (int attempt = 0; attempt < Kills(); ++attempt) {
    const auto killed = KillWhileRecording({}, kSteady, 1'000 + 317 * (attempt % 10));
    lost_ms.push_back(killed.lost_ms);
    EXPECT_GT(killed.kept, 0);
  }
  std::ranges::sort(lost_ms);
  std::printf("lost by %zu kills: %.1f ms in the middle, %.1f ms at most\n", lost_ms.size(),
              lost_ms[lost_ms.size() / 2], lost_ms.back());
  EXPECT_LE(lost_ms.front(), kMostLostMs);
}

// While more comes than the writer can take, the queue is what bounds the loss.
TEST(RecorderCrash, AKillUnderTooMuchLoadLosesAQueueAndABatchAtMost) {
  for (int attempt = 0; attempt < Kills(); ++attempt) {
    const auto killed = KillWhileRecording({.queue = 200, .wait_ms = 60'000}, kTooMuch,
                                           3'000 + 200 * (attempt % 10));
    EXPECT_LE(killed.acknowledged - killed.kept, 2 * 200);
    EXPECT_GT(killed.kept, 0);
  }
}

TEST(RecorderCrash, AKillLosesNothingThatStrictModeAcknowledged) {
  for (int attempt = 0; attempt < Kills(); ++attempt) {
    const auto killed = KillWhileRecording({.mode = "strict"}, kTooMuch, 50 + 20 * (attempt % 10));
    EXPECT_GE(killed.kept, killed.acknowledged);
  }
}

// No file may grow beyond `bytes`: to a program, that is a disk that fills up.
void LimitFiles(rlim_t bytes) {
  rlimit limit{};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  limit.rlim_cur = bytes;
  ::setrlimit(RLIMIT_FSIZE, &limit);
}

// In a child, because the limit holds for a whole process. Which step failed, or 0.
int RecordOverAFullDisk(const std::filesystem::path& path) {
  ::signal(SIGXFSZ, SIG_IGN);
  auto store = OpenSqliteStore(path);
  if (!store) return 2;
  Runtime runtime(1);
  Recorder recorder(std::move(*store), RecordOptions{.queue = 100, .wait_ms = 1}, 1);
  runtime.Start();
  const auto record = [&](int number) {
    return boost::asio::co_spawn(runtime.context(0), recorder.Record(SampleExchange(number)),
                                 boost::asio::use_future)
        .get();
  };
  LimitFiles(600'000);
  int number = 0;
  while (record(number)) {
    if (++number > 100'000) return 3;  // it never filled up
  }
  LimitFiles(RLIM_INFINITY);
  const auto kept = static_cast<uint64_t>(number);
  if (!Eventually([&] { return recorder.counts().recorded == kept; })) return 4;
  if (!record(number)) return 5;
  recorder.Stop();
  if (recorder.counts().unrecorded != 1) return 6;
  return MustOpen(path)->Count({}).value() == number + 1 ? 0 : 7;
}

TEST(RecorderCrash, AFullDiskLosesNothingThatWasTaken) {
  const TempFolder folder;
  const pid_t child = ::fork();
  if (child == 0) ::_exit(RecordOverAFullDisk(folder / "store.db"));
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace understudy
