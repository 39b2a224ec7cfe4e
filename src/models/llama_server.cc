#include "models/llama_server.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <random>
#include <thread>

#include <fmt/format.h>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>

#include "base/log.h"
#include "models/child_process.h"
#include "models/log_ring.h"
#include "models/private_folder.h"
#include "net/client.h"

namespace understudy {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr milliseconds kFirstProbes{20};  // between two looks at a child that is starting
constexpr milliseconds kSettled{60'000};  // running for so long makes the next failure a first one
constexpr milliseconds kProbeTimeout{10'000};
constexpr int kMostFailedProbes = 3;

}  // namespace

// Everything but `mutex`-guarded members belongs to the supervising thread.
struct LlamaServer::Impl {
  // One child, from start to end.
  struct Run {
    explicit Run(ChildProcess started, asio::io_context& context)
        : child(std::move(started)), output(context), exit(context), pause(context) {}
    // The streams own copies of the child's descriptors. False when there are no more to be had.
    bool Open() {
      boost::system::error_code error;
      const int output_fd = ::fcntl(child.output(), F_DUPFD_CLOEXEC, 3);
      if (output_fd < 0) return false;
      output.assign(output_fd, error);
      const int exit_fd = error ? -1 : ::fcntl(child.process_fd(), F_DUPFD_CLOEXEC, 3);
      if (exit_fd < 0) return false;
      exit.assign(exit_fd, error);
      return !error;
    }
    ChildProcess child;
    asio::posix::stream_descriptor output, exit;
    asio::steady_timer pause;  // between probes
    Cancellation probe_cancel;
    bool ended = false;
    bool was_ready = false;
    std::string complaint;  // why we killed it
    steady_clock::time_point began = steady_clock::now();
  };

  Impl(LlamaSetup setup_, SupervisionOptions options_, PrivateFolder folder_)
      : setup(std::move(setup_)),
        options(options_),
        folder(std::move(folder_)),
        socket(folder.path() / "s.sock"),
        backoff_timer(context) {}

  Status LinkAdapters();
  Task<void> Supervise();
  Task<void> RunOnce();
  Task<void> ReadOutput(std::shared_ptr<Run> run);
  Task<void> Probe(std::shared_ptr<Run> run);
  Task<bool> IsHealthy(HttpClient& client, Run& run);
  Task<void> BackOff();
  Task<void> EndAfterGrace(std::shared_ptr<Run> run);
  void BeginStop();
  void FailToStart(std::string reason);
  void Explain(const std::string& ending, const Run& run);
  void SetState(ModelState state, std::string detail, pid_t pid);

  const LlamaSetup setup;
  const SupervisionOptions options;
  const PrivateFolder folder;
  const std::string socket;
  std::vector<std::string> adapter_links;
  LogRing log;

  asio::io_context context{1};
  asio::steady_timer backoff_timer;
  std::shared_ptr<Run> run;
  bool stopping = false;
  int failures = 0;          // in a row
  std::string last_failure;  // empty once it has been ready
  std::minstd_rand jitter{std::random_device{}()};

  mutable std::mutex mutex;
  mutable std::condition_variable changed;
  ModelHealth state{ModelState::kStarting, "starting"};
  pid_t pid = 0;
  uint64_t starts = 0;
  bool start_failed = false;  // since the last time it was ready

  std::thread thread;  // last: it uses all of the above
};

Status LlamaServer::Impl::LinkAdapters() {
  for (size_t i = 0; i < setup.adapters.size(); ++i) {
    const auto link = folder.path() / fmt::format("a{}.gguf", i);
    std::error_code error;
    std::filesystem::create_symlink(setup.adapters[i], link, error);
    if (error) return Fail(IoError(fmt::format("cannot link an adapter: {}", error.message())));
    adapter_links.push_back(link);
  }
  return {};
}

void LlamaServer::Impl::SetState(ModelState next, std::string detail, pid_t next_pid) {
  {
    const std::lock_guard lock(mutex);
    state = {next, std::move(detail)};
    pid = next_pid;
    if (next == ModelState::kReady) start_failed = false;
    if (next == ModelState::kDown) start_failed = true;
  }
  changed.notify_all();
}

Task<void> LlamaServer::Impl::Supervise() {
  while (!stopping) {
    co_await RunOnce();
    if (!stopping) co_await BackOff();
  }
}

void LlamaServer::Impl::FailToStart(std::string reason) {
  ++failures;
  last_failure = std::move(reason);
  LOG_WARN("{}", last_failure);
  SetState(ModelState::kDown, last_failure, 0);
}

Task<void> LlamaServer::Impl::RunOnce() {
  ::unlink(socket.c_str());  // llama-server does not bind over the last one's
  log.Clear();
  auto started = ChildProcess::Start(LlamaArguments(setup, socket, adapter_links));
  if (!started) co_return FailToStart(started.error().ToString());
  run = std::make_shared<Run>(*std::move(started), context);
  if (!run->Open()) {
    run.reset();  // kills the child
    co_return FailToStart("no file descriptor is left to watch llama-server with");
  }
  {
    const std::lock_guard lock(mutex);
    ++starts;
  }
  SetState(ModelState::kStarting, last_failure.empty() ? "starting" : "again: " + last_failure,
           run->child.pid());
  asio::co_spawn(context, ReadOutput(run), asio::detached);
  asio::co_spawn(context, Probe(run), asio::detached);
  boost::system::error_code ignored;
  co_await run->exit.async_wait(asio::posix::descriptor_base::wait_read,
                                asio::redirect_error(kUseTask, ignored));
  const std::string ending = run->child.Ended().value_or("an unknown status");
  run->ended = true;
  run->pause.cancel();
  run->probe_cancel.Cancel(CancelReason::kShutdown);
  // What it wrote last is still in the pipe.
  asio::steady_timer settle(context, milliseconds(10));
  co_await settle.async_wait(asio::redirect_error(kUseTask, ignored));
  run->output.close(ignored);
  Explain(ending, *run);
  run.reset();
}

void LlamaServer::Impl::Explain(const std::string& ending, const Run& ended) {
  if (stopping) return SetState(ModelState::kDown, "stopped", 0);
  const bool settled = ended.was_ready && steady_clock::now() - ended.began > kSettled;
  failures = settled ? 1 : failures + 1;
  const std::string reason = ended.complaint.empty() ? log.Reason() : ended.complaint;
  std::string detail = fmt::format("llama-server of {} ended with {}: {}", setup.name, ending,
                                   reason.empty() ? "it gave no reason" : reason);
  if (const std::string mend = MendFor(reason); !mend.empty()) detail += ". " + mend;
  LOG_WARN("{}", detail);
  last_failure = detail;
  SetState(ModelState::kDown, std::move(detail), 0);
}

Task<void> LlamaServer::Impl::BackOff() {
  const int doublings = std::min(failures - 1, 20);
  const auto full = std::min<int64_t>(options.longest_backoff.count(),
                                      options.first_backoff.count() << std::max(doublings, 0));
  std::uniform_real_distribution<double> share(0.5, 1.0);
  backoff_timer.expires_after(
      milliseconds(static_cast<int64_t>(static_cast<double>(full) * share(jitter))));
  boost::system::error_code ignored;
  co_await backoff_timer.async_wait(asio::redirect_error(kUseTask, ignored));
}

Task<void> LlamaServer::Impl::ReadOutput(std::shared_ptr<Run> own) {
  char piece[4096];
  for (;;) {
    boost::system::error_code error;
    const size_t got = co_await own->output.async_read_some(asio::buffer(piece),
                                                            asio::redirect_error(kUseTask, error));
    if (error) co_return;  // closed, or the child is gone
    log.Feed({piece, got});
  }
}

Task<bool> LlamaServer::Impl::IsHealthy(HttpClient& client, Run& own) {
  const Headers none;
  auto reply = co_await client.Send("GET", "/health", none, "", own.probe_cancel);
  if (!reply) co_return false;
  const auto body = co_await (*reply)->ReadAll(4096);
  co_return body.has_value() && (*reply)->status == 200;
}

Task<void> LlamaServer::Impl::Probe(std::shared_ptr<Run> own) {
  ClientOptions client_options;
  client_options.connect_timeout = client_options.first_byte_timeout = kProbeTimeout;
  HttpClient client(context, ParseUrl("unix:" + socket).value(), client_options);
  int failed = 0;
  while (!own->ended) {
    const bool healthy = co_await IsHealthy(client, *own);
    if (own->ended) co_return;
    failed = healthy ? 0 : failed + 1;
    if (healthy && !own->was_ready) {
      own->was_ready = true;
      last_failure.clear();
      SetState(ModelState::kReady, "", own->child.pid());
    }
    const bool is_late =
        !own->was_ready && steady_clock::now() - own->began > options.start_timeout;
    const bool hangs = own->was_ready && failed >= kMostFailedProbes;
    if (is_late || hangs) {
      own->complaint = is_late ? fmt::format("it was not ready within {} s",
                                             options.start_timeout.count() / 1000.0)
                               : "it stopped answering /health";
      own->child.Signal(SIGKILL);
      co_return;
    }
    own->pause.expires_after(own->was_ready ? options.health_period : kFirstProbes);
    boost::system::error_code ignored;
    co_await own->pause.async_wait(asio::redirect_error(kUseTask, ignored));
  }
}

Task<void> LlamaServer::Impl::EndAfterGrace(std::shared_ptr<Run> own) {
  own->child.Signal(SIGTERM);
  own->child.Signal(SIGCONT);  // a stopped child could not hear it
  const auto deadline = steady_clock::now() + options.stop_grace;
  asio::steady_timer timer(context);
  while (!own->ended && steady_clock::now() < deadline) {
    timer.expires_after(milliseconds(10));
    boost::system::error_code ignored;
    co_await timer.async_wait(asio::redirect_error(kUseTask, ignored));
  }
  if (!own->ended) own->child.Signal(SIGKILL);
}

void LlamaServer::Impl::BeginStop() {
  if (stopping) return;
  stopping = true;
  backoff_timer.cancel();
  if (run) asio::co_spawn(context, EndAfterGrace(run), asio::detached);
}

LlamaServer::LlamaServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Result<std::unique_ptr<LlamaServer>> LlamaServer::Start(LlamaSetup setup,
                                                        SupervisionOptions options) {
  TRY(PrivateFolder folder, PrivateFolder::Make());
  auto impl = std::make_unique<Impl>(std::move(setup), options, std::move(folder));
  TRY_VOID(impl->LinkAdapters());
  Impl* raw = impl.get();
  asio::co_spawn(raw->context, raw->Supervise(), asio::detached);
  raw->thread = std::thread([raw] { raw->context.run(); });  // the child's parent thread
  return std::unique_ptr<LlamaServer>(new LlamaServer(std::move(impl)));
}

LlamaServer::~LlamaServer() {
  Stop();
  impl_->thread.join();
}

void LlamaServer::Stop() {
  asio::post(impl_->context, [impl = impl_.get()] { impl->BeginStop(); });
}

ModelHealth LlamaServer::health() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->state;
}

Status LlamaServer::WaitReady(milliseconds timeout) const {
  std::unique_lock lock(impl_->mutex);
  const auto settled = [this] {
    return impl_->state.state == ModelState::kReady || impl_->start_failed;
  };
  if (!impl_->changed.wait_for(lock, timeout, settled)) {
    return Fail(Timeout(fmt::format("llama-server of {} is not ready after {} ms",
                                    impl_->setup.name, timeout.count())));
  }
  if (impl_->state.state == ModelState::kReady) return {};
  return Fail(Unavailable(impl_->state.detail));
}

std::string LlamaServer::url() const {
  return "unix:" + impl_->socket;
}

pid_t LlamaServer::pid() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->pid;
}

uint64_t LlamaServer::starts() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->starts;
}

std::vector<std::string> LlamaServer::log() const {
  return impl_->log.Lines();
}

std::string MendFor(std::string_view reason) {
  static constexpr std::pair<std::string_view, std::string_view> kMends[] = {
      {"lora", "Check the adapter: it must be made for exactly this base model"},
      {"backends", "Run set-up again: the runtime's CPU backends are missing"},
      {"invalid argument", "Check the model's extra_args against this llama-server's --help"},
      {"allocate", "Give the model fewer slots or a smaller context"},
      {"unknown model architecture", "This llama-server is too old for the model; update it"},
      {"load", "Check the model's gguf file: fetch or write it again"},
      {"not ready within", "Raise runtime.start_timeout_s, or take a smaller model"},
  };
  for (const auto& [word, mend] : kMends) {
    if (reason.find(word) != reason.npos) return std::string(mend);
  }
  return {};
}

}  // namespace understudy
