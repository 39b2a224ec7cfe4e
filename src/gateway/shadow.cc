#include "gateway/shadow.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>

#include "base/ids.h"
#include "base/json.h"
#include "base/log.h"
#include "dataset/first_message.h"
#include "dataset/score.h"
#include "gateway/call.h"
#include "gateway/steps.h"

namespace understudy {
namespace {

constexpr std::array<std::string_view, kShadowEnds> kEnds{"same", "differs", "rejected", "failed",
                                                          "left_out"};

bool SameAs(const std::string& reference, const std::string& candidate,
            const std::string& request) {
  const json::value wanted = FirstMessage(reference), got = FirstMessage(candidate);
  if (!wanted.is_object() || !got.is_object()) return false;
  const auto asked = ParseJson(request);
  return ExactMatch(wanted, got, asked ? *asked : json::value(nullptr));
}

ShadowEnd EndOf(const Verdict& verdict) {
  switch (verdict.kind) {
    case VerdictKind::kUnchecked:
    case VerdictKind::kPass: return ShadowEnd::kSame;
    case VerdictKind::kDiffers: return ShadowEnd::kDiffers;
    case VerdictKind::kError: return ShadowEnd::kFailed;
    default: return ShadowEnd::kRejected;
  }
}

bool ReferenceDecided(const Exchange& exchange) {
  return exchange.outcome == Outcome::kServed && exchange.answers.size() == 1 &&
         exchange.answers[0].kind == AnswerKind::kReference;
}

}  // namespace

std::string_view Name(ShadowEnd end) {
  return kEnds.at(static_cast<size_t>(end));
}

const Deployment* ShadowFor(const Deployments& deployments, const Exchange& exchange,
                            const Decision& decision) {
  if (decision.task.empty() || !ReferenceDecided(exchange)) return nullptr;
  std::vector<const Deployment*> due;
  for (const Deployment& one : deployments.deployments) {
    const bool is_tried = one.stage == DeploymentStage::kShadow ||
                          one.stage == DeploymentStage::kCanary ||
                          (one.stage == DeploymentStage::kLive && decision.explored);
    if (is_tried && one.task == decision.task) due.push_back(&one);
  }
  return due.empty() ? nullptr : due[FastHash(exchange.id) % due.size()];
}

Shadows::Shadows(Runtime& runtime, const Clock& clock, Recorder* recorder)
    : runtime_(runtime), clock_(clock), recorder_(recorder), per_thread_(runtime.size()) {}

std::unique_ptr<Shadows::Place> Shadows::Prepare(const Call& call) {
  const Serving& serving = call.serving;
  if (serving.deployments.deployments.empty() || !recorder_) return nullptr;
  const Deployment* due = ShadowFor(serving.deployments, call.exchange, call.decision);
  if (!due) return nullptr;
  if (running_.fetch_add(1) >= serving.options.routing.shadows || stopping_.load()) {
    Leave();
    Count(ShadowEnd::kLeftOut);
    return nullptr;
  }
  auto place = std::make_unique<Place>(*this);
  place->job = {
      serving.shared_from_this(), call.chat, call.answer.body, call.decision, call.exchange.id,
      call.exchange.at_ms,        *due};
  return place;
}

void Shadows::Begin(std::unique_ptr<Place> place) {
  boost::asio::co_spawn(runtime_.context(ThreadIndex()), Run(std::move(place)),
                        boost::asio::detached);
}

Task<void> Shadows::Run(std::unique_ptr<Place> place) {
  if (stopping_.load()) co_return;
  const auto cancellation = std::make_shared<Cancellation>();
  auto& here = per_thread_[ThreadIndex()];
  const auto entry = here.insert(here.end(), cancellation);
  boost::asio::steady_timer patience(co_await boost::asio::this_coro::executor, kShadowPatience);
  patience.async_wait([cancellation](boost::system::error_code stopped) {
    if (!stopped) cancellation->Cancel(CancelReason::kDeadline);
  });
  Exchange later;
  later.id = place->job.exchange;
  later.at_ms = place->job.at_ms;
  later.is_supplement = true;
  later.answers.push_back(co_await Ask(place->job, *cancellation));
  patience.cancel();
  here.erase(entry);
  if (cancellation->reason() == CancelReason::kShutdown) co_return;
  Count(EndOf(later.answers[0].verdict));
  const Status recorded = co_await recorder_->Record(std::move(later));
  if (!recorded) LOG_DEBUG("a shadow answer is not recorded: {}", recorded.error().ToString());
}

Task<AnswerRecord> Shadows::Ask(const Job& job, Cancellation& cancellation) {
  AnswerRecord record;
  record.kind = AnswerKind::kShadow;
  record.model = job.tried.model;
  record.deployment = job.tried.adapter;
  Model* const model = job.serving->models->Find(job.tried.model);
  const Monotonic began = clock_.Now();
  ModelRequest request{job.chat, {}, job.tried.adapter, cancellation};
  request.signals = true;
  AsMeasured(job.tried, request);
  Result<ChatAnswer> answer = Fail(InternalError("the deployment's model is not configured"));
  if (model) answer = co_await model->Complete(request);
  record.timings.total_us = MicrosBetween(began, clock_.Now());
  if (request.first_chunk_at) {
    record.timings.first_token_us = MicrosBetween(began, *request.first_chunk_at);
  }
  record.retries = request.retries;
  if (!answer) {
    record.error = fmt::format("{}: {}", Name(answer.error().kind), answer.error().message);
    record.verdict.kind = VerdictKind::kError;
    co_return record;
  }
  record.usage = answer->usage;
  record.cost_usd = model->info().price.Cost(record.usage);
  record.verdict = VerdictOn(*job.serving->router, job.decision, job.chat, *answer, record);
  if (record.verdict.ok() && !SameAs(job.reference, answer->body, job.chat.body)) {
    record.verdict.kind = VerdictKind::kDiffers;
  }
  record.body = std::move(answer->body);
  co_return record;
}

void Shadows::Leave() {
  if (running_.fetch_sub(1) > 1 || !stopping_.load()) return;
  std::function<void()> done;
  {
    const std::lock_guard lock(mutex_);
    std::swap(done, done_);
  }
  if (done) done();
}

// Holds a place of its own while it cancels the others: the last to leave says so.
void Shadows::Stop(std::function<void()> done) {
  {
    const std::lock_guard lock(mutex_);
    done_ = std::move(done);
  }
  running_.fetch_add(static_cast<int64_t>(runtime_.size()));
  stopping_.store(true);
  for (size_t i = 0; i < runtime_.size(); ++i) {
    boost::asio::post(runtime_.context(i), [this, i] {
      const auto here = per_thread_[i];  // a copy: those that end take themselves out
      for (const auto& one : here) one->Cancel(CancelReason::kShutdown);
      Leave();
    });
  }
}

void Shadows::AppendMetrics(std::string& out) const {
  out +=
      "# HELP understudy_shadows_total Shadow answers by what became of them\n"
      "# TYPE understudy_shadows_total counter\n";
  for (size_t i = 0; i < kShadowEnds; ++i) {
    out += fmt::format("understudy_shadows_total{{result=\"{}\"}} {}\n", kEnds[i], ends_[i].load());
  }
}

}  // namespace understudy
