#include "flywheel/evaluate/ask.h"

#include <atomic>
#include <mutex>
#include <set>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

namespace understudy {
namespace {

namespace asio = boost::asio;
using std::chrono::milliseconds;

constexpr milliseconds kStepPeriod{20};
constexpr milliseconds kRetryPeriod{250};
constexpr int kMostRetries = 120;

bool IsAway(const Error& error) {
  return error.kind == ErrorKind::kUnavailable || error.kind == ErrorKind::kTooMany;
}

// All but Run and Stop on the runtime's first thread.
class Asking {
 public:
  Asking(Model& model, const AskPlan& plan) : model_(model), plan_(plan) {}

  Status Run(asio::io_context& context) {
    const auto workers = std::min<int64_t>(std::max<int64_t>(plan_.at_once, 1),
                                           static_cast<int64_t>(plan_.todo.size()));
    running_ = workers;
    for (int64_t i = 0; i < workers; ++i) {
      asio::co_spawn(context, Work(), [this](const std::exception_ptr& thrown) {
        if (thrown) Fails(InternalError("asking threw an exception"));
        --running_;
      });
    }
    while (running_ > 0) {
      if (Status step = plan_.on_step(done_); !step && !stopping_) {
        stopping_ = true;
        ++running_;  // we stay until it was told
        asio::post(context, [this, error = step.error()] {
          Fails(error);
          --running_;
        });
      }
      std::this_thread::sleep_for(kStepPeriod);
    }
    return status_;
  }

 private:
  Task<void> Work() {
    while (status_ && next_ < plan_.todo.size()) {
      const EvalExample& example = plan_.examples[plan_.todo[next_++]];
      Asked asked = co_await Ask(example);
      if (!status_) co_return;
      if (!asked.answer && IsAway(asked.answer.error())) {
        Fails(asked.answer.error());
        co_return;
      }
      if (Status taken = plan_.on_answer(example, std::move(asked)); !taken) Fails(taken.error());
      ++done_;
    }
  }

  Task<Asked> Ask(const EvalExample& example) {
    asio::steady_timer pause(co_await asio::this_coro::executor);
    for (int tries = 0;; ++tries) {
      Asked asked = co_await AskOnce(example);
      const bool again = status_ && !asked.answer && IsAway(asked.answer.error());
      if (!again || tries == kMostRetries) co_return asked;
      pause.expires_after(kRetryPeriod);
      boost::system::error_code ignored;
      co_await pause.async_wait(asio::redirect_error(kUseTask, ignored));
    }
  }

  Task<Asked> AskOnce(const EvalExample& example) {
    Cancellation cancellation;
    under_way_.insert(&cancellation);
    ModelRequest request{example.ask, {}, plan_.deployment, cancellation};
    request.signals = true;
    const Monotonic begun = Clock::System().Now();
    auto answer = co_await model_.Complete(request);
    Asked asked;  // made after the wait: g++ 12 frees aggregates around co_await wrongly
    asked.answer = std::move(answer);
    asked.ms = static_cast<double>(MicrosBetween(begun, Clock::System().Now())) / 1000;
    if (request.first_chunk_at) {
      asked.first_ms = static_cast<double>(MicrosBetween(begun, *request.first_chunk_at)) / 1000;
    }
    under_way_.erase(&cancellation);
    co_return asked;
  }

  // The first error stays.
  void Fails(Error error) {
    if (!status_) return;
    status_ = Fail(std::move(error));
    const auto calls = under_way_;  // each takes itself off as it ends
    for (Cancellation* call : calls) call->Cancel(CancelReason::kShutdown);
  }

  Model& model_;
  const AskPlan& plan_;
  size_t next_ = 0;
  Status status_;
  std::set<Cancellation*> under_way_;
  std::atomic<int64_t> done_ = 0, running_ = 0;
  bool stopping_ = false;  // the calling thread's
};

}  // namespace

Status AskAll(Model& model, Runtime& runtime, const AskPlan& plan) {
  if (plan.todo.empty()) return {};
  return Asking(model, plan).Run(runtime.context(0));
}

}  // namespace understudy
