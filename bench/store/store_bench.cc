// What recording costs: the writer's CPU time and the bytes on disk for each exchange, sealed,
// beside two plain ways to keep the same text: one INSERT of the raw JSON into SQLite, in batches
// of the same size, and fwrite of JSON lines. Neither peer compresses, seals, indexes more than an
// id, or splits what is known into columns. Last, what it takes to read 100,000 of them for
// curation.
//
//   store_bench [--data DIR] [--paced RATE]
//
// DIR: or UNDERSTUDY_DATA; default: shared/data beside the checkout. With --paced only the recorder
// at so many exchanges a second, for a profiler.
#include <sqlite3.h>
#include <stdlib.h>
#include <time.h>

#include <cstdio>
#include <cstring>
#include <future>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_future.hpp>

#include "base/runtime.h"
#include "exchanges.h"
#include "store/recorder.h"
#include "store/usage_store.h"

namespace understudy::bench {
namespace {

constexpr size_t kPeerBatch = 256;
constexpr size_t kTrainOn = 1'000;
constexpr size_t kScanned = 100'000;
constexpr int kPaced = 4'000;  // a second
constexpr size_t kPacedCount = 12'000;
constexpr int kRuns = 3;  // the best counts: what else runs on the machine only adds

using Seconds = std::chrono::duration<double>;

double CpuUs(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_nsec) / 1e3;
}

double ThreadCpuUs() {
  return CpuUs(CLOCK_THREAD_CPUTIME_ID);
}

struct Measured {
  double cpu_us = 1e18;  // an exchange
  double wall_us = 1e18;
  double bytes = 0;      // an exchange
  double caller_us = 0;  // an exchange, on the serving thread
  double beside_us = 0;  // an exchange: checkpoints, and the serving thread's own loop
  double batch = 0;      // exchanges a commit
  void Keep(const Measured& run) {
    if (run.cpu_us < cpu_us) *this = run;
  }
};

class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "store_bench.XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  std::filesystem::path operator/(const char* name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

// `rate`: a second, in steps of 2 ms; 0: as fast as they are taken.
Task<double> RecordAll(Recorder& recorder, std::vector<Exchange>& exchanges, int rate) {
  double cpu_us = 0;
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  const auto began = std::chrono::steady_clock::now();
  for (size_t i = 0; i < exchanges.size(); ++i) {
    const auto step = rate > 0 ? static_cast<size_t>(rate / 500) : exchanges.size();
    if (i > 0 && i % step == 0) {
      timer.expires_at(began + std::chrono::milliseconds(2 * i / step));
      co_await timer.async_wait(kUseTask);
    }
    Exchange& exchange = exchanges[i];
    const double before = ThreadCpuUs();
    const auto status = co_await recorder.Record(std::move(exchange));
    cpu_us += ThreadCpuUs() - before;
    if (!status) std::fprintf(stderr, "%s\n", status.error().ToString().c_str());
  }
  co_return cpu_us;
}

// The store as it is once it knows its traffic: the training runs once, beside the recording.
void Train(const std::filesystem::path& path, const Corpus& corpus) {
  const auto store = OpenSqliteStore(path).value();
  std::vector<Exchange> batch;
  const size_t step = std::max<size_t>(1, corpus.exchanges.size() / kTrainOn);
  for (size_t i = 0; i < corpus.exchanges.size(); i += step) {
    batch.push_back(corpus.exchanges[i]);
    batch.back().id += "-training";
  }
  (void)store->Append(batch, false);
}

Measured RunRecorder(const Corpus& corpus, const char* mode, size_t callers, int rate = 0) {
  const Folder folder;
  const size_t taken =
      rate > 0 ? std::min(kPacedCount, corpus.exchanges.size()) : corpus.exchanges.size();
  const auto count = static_cast<double>(taken);
  Train(folder / "store.db", corpus);
  const auto bytes_before = static_cast<double>(std::filesystem::file_size(folder / "store.db"));
  std::vector<std::vector<Exchange>> parts(callers);
  for (size_t i = 0; i < taken; ++i) {
    parts[i % callers].push_back(corpus.exchanges[i]);
  }
  Runtime runtime(1);
  auto recorder = std::make_unique<Recorder>(
      OpenSqliteStore(folder / "store.db").value(),
      RecordOptions{.mode = mode, .queue = 1 << 20, .wait_ms = 60'000}, 1);
  runtime.Start();
  const auto began = std::chrono::steady_clock::now();
  const double process_before = CpuUs(CLOCK_PROCESS_CPUTIME_ID);
  std::vector<std::future<double>> running;
  for (auto& part : parts) {
    running.push_back(boost::asio::co_spawn(runtime.context(0), RecordAll(*recorder, part, rate),
                                            boost::asio::use_future));
  }
  Measured run;
  for (auto& each : running) run.caller_us += each.get() / count;
  recorder->Stop();
  const auto counts = recorder->counts();
  run.wall_us = Seconds(std::chrono::steady_clock::now() - began).count() * 1e6 / count;
  run.cpu_us = static_cast<double>(counts.writer_cpu_us) / count;
  run.batch = count / static_cast<double>(counts.commits);
  recorder.reset();
  run.beside_us =
      (CpuUs(CLOCK_PROCESS_CPUTIME_ID) - process_before) / count - run.cpu_us - run.caller_us;
  if (callers > 1) run.caller_us = 0;  // while one waits, the thread does the others' work
  const auto bytes = static_cast<double>(std::filesystem::file_size(folder / "store.db"));
  run.bytes = (bytes - bytes_before) / count;
  return run;
}

Measured RunInsert(const std::vector<std::pair<std::string, std::string>>& lines) {
  const Folder folder;
  const auto path = folder / "plain.db";
  sqlite3* handle = nullptr;
  sqlite3_open(path.c_str(), &handle);
  const auto execute = [&](const char* sql) {
    sqlite3_exec(handle, sql, nullptr, nullptr, nullptr);
  };
  execute(
      "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
      "CREATE TABLE e(id TEXT PRIMARY KEY, line TEXT)");
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(handle, "INSERT OR IGNORE INTO e VALUES (?, ?)", -1, &insert, nullptr);
  const auto began = std::chrono::steady_clock::now();
  const double cpu = ThreadCpuUs();
  for (size_t i = 0; i < lines.size(); ++i) {
    if (i % kPeerBatch == 0) execute("BEGIN IMMEDIATE");
    const auto& [id, line] = lines[i];
    sqlite3_bind_text(insert, 1, id.data(), static_cast<int>(id.size()), SQLITE_STATIC);
    sqlite3_bind_text(insert, 2, line.data(), static_cast<int>(line.size()), SQLITE_STATIC);
    sqlite3_step(insert);
    sqlite3_reset(insert);
    if (i % kPeerBatch == kPeerBatch - 1 || i + 1 == lines.size()) execute("COMMIT");
  }
  sqlite3_finalize(insert);
  sqlite3_close(handle);
  const auto count = static_cast<double>(lines.size());
  return {.cpu_us = (ThreadCpuUs() - cpu) / count,
          .wall_us = Seconds(std::chrono::steady_clock::now() - began).count() * 1e6 / count,
          .bytes = static_cast<double>(std::filesystem::file_size(path)) / count,
          .batch = kPeerBatch};
}

Measured RunFwrite(const std::vector<std::pair<std::string, std::string>>& lines) {
  const Folder folder;
  const auto path = folder / "plain.jsonl";
  const auto began = std::chrono::steady_clock::now();
  const double cpu = ThreadCpuUs();
  std::FILE* file = std::fopen(path.c_str(), "w");
  for (size_t i = 0; i < lines.size(); ++i) {
    std::fwrite(lines[i].second.data(), 1, lines[i].second.size(), file);
    std::fputc('\n', file);
    if (i % kPeerBatch == kPeerBatch - 1) std::fflush(file);
  }
  std::fclose(file);
  const auto count = static_cast<double>(lines.size());
  return {.cpu_us = (ThreadCpuUs() - cpu) / count,
          .wall_us = Seconds(std::chrono::steady_clock::now() - began).count() * 1e6 / count,
          .bytes = static_cast<double>(std::filesystem::file_size(path)) / count,
          .batch = kPeerBatch};
}

// The corpus again and again, until there are kScanned.
void Fill(UsageStore& store, const Corpus& corpus) {
  std::vector<Exchange> batch;
  for (size_t i = 0; i < kScanned; ++i) {
    batch.push_back(corpus.exchanges[i % corpus.exchanges.size()]);
    batch.back().id += fmt::format("-{}", i);
    if (batch.size() < kPeerBatch && i + 1 < kScanned) continue;
    (void)store.Append(batch, false);
    batch.clear();
  }
}

Measured RunScan(UsageStore& store, bool with_bodies) {
  const auto began = std::chrono::steady_clock::now();
  const double cpu = ThreadCpuUs();
  double seen = 0;
  (void)store.Scan({.with_bodies = with_bodies}, [&](Exchange&&) { return ++seen > 0; });
  return {.cpu_us = (ThreadCpuUs() - cpu) / seen,
          .wall_us = Seconds(std::chrono::steady_clock::now() - began).count() * 1e6 / seen};
}

void Row(const char* name, const Measured& run, const Measured& reference) {
  std::printf("%-34s %9.2f %7.2f %12.0f", name, run.cpu_us, run.cpu_us / reference.cpu_us,
              1e6 / run.wall_us);
  if (run.bytes > 0) std::printf(" %9.0f %7.2f", run.bytes, run.bytes / reference.bytes);
  if (run.batch > 0) std::printf("%s %8.0f", run.bytes > 0 ? "" : "                  ", run.batch);
  if (run.caller_us > 0) std::printf(" %9.2f %9.2f", run.caller_us, run.beside_us);
  std::printf("\n");
}

template <class Run>
Measured Best(Run run) {
  Measured best;
  for (int i = 0; i < kRuns; ++i) best.Keep(run());
  return best;
}

void Table(const Corpus& corpus) {
  std::vector<std::pair<std::string, std::string>> lines;
  for (const auto& exchange : corpus.exchanges)
    lines.emplace_back(exchange.id, PlainLine(exchange));
  std::printf("\n%zu exchanges, request and response %.0f bytes on average\n",
              corpus.exchanges.size(), corpus.mean_bytes);
  std::printf("%-34s %9s %7s %12s %9s %7s %8s %9s %9s\n", "an exchange", "CPU us", "ratio",
              "exchanges/s", "disk B", "ratio", "a commit", "caller us", "beside us");
  const auto insert = Best([&] { return RunInsert(lines); });
  Row("plain INSERT of the JSON (=1)", insert, insert);
  Row("fwrite of JSON lines", Best([&] { return RunFwrite(lines); }), insert);
  Row("recorder, batched", Best([&] { return RunRecorder(corpus, "batched", 1); }), insert);
  Row("recorder, strict, 64 calls at once", Best([&] { return RunRecorder(corpus, "strict", 64); }),
      insert);
  Row(fmt::format("recorder, batched, {} a second", kPaced).c_str(),
      Best([&] { return RunRecorder(corpus, "batched", 1, kPaced); }), insert);
  const Folder folder;
  Train(folder / "store.db", corpus);
  const auto store = OpenSqliteStore(folder / "store.db").value();
  Fill(*store, corpus);
  const auto whole = Best([&] { return RunScan(*store, true); });
  Row("scan", whole, insert);
  Row("scan without bodies", Best([&] { return RunScan(*store, false); }), insert);
  std::printf("scanning %zu sealed exchanges whole: %.2f s of CPU, %.2f s in all\n", kScanned,
              whole.cpu_us * kScanned / 1e6, whole.wall_us * kScanned / 1e6);
}

}  // namespace
}  // namespace understudy::bench

int main(int argc, char** argv) {
  using namespace understudy::bench;
  const char* data = ::getenv("UNDERSTUDY_DATA");
  int paced = 0;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (std::strcmp(argv[i], "--data") == 0) data = argv[i + 1];
    if (std::strcmp(argv[i], "--paced") == 0) paced = std::atoi(argv[i + 1]);
  }
  const Corpus corpus = LoadCorpus(data ? data : "../shared/data");
  std::printf("recording: %s\n", corpus.source.c_str());
  if (paced > 0) {
    const auto run = RunRecorder(LargerOnes(corpus, 5'000), "batched", 1, paced);
    std::printf("%d a second: %.2f us of the writer's CPU, %.0f bytes, %.0f a commit\n", paced,
                run.cpu_us, run.bytes, run.batch);
    return 0;
  }
  Table(corpus);
  Table(LargerOnes(corpus, 5'000));
  return 0;
}
