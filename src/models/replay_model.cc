#include "models/replay_model.h"

#include <filesystem>
#include <utility>

#include "base/log.h"
#include "models/model_info.h"
#include "models/pause.h"

namespace understudy {
namespace {

using std::chrono::nanoseconds;

constexpr size_t kBytesPerToken = 4;  // of the estimate
constexpr size_t kPieceBytes = 64;    // of a chunk that comes at once

// Chunks of an answer, each at its time.
class ReplayStream final : public AnswerStream {
 public:
  ReplayStream(std::vector<std::string> payloads, Monotonic first, nanoseconds step,
               Cancellation& cancellation, ConcurrencyLimit::Place place)
      : payloads_(std::move(payloads)),
        due_(first),
        step_(step),
        cancellation_(cancellation),
        place_(std::move(place)) {}

  Task<Result<std::optional<ChatChunk>>> Next() override {
    if (next_ == payloads_.size()) {
      place_ = {};
      co_return std::nullopt;
    }
    CO_TRY_VOID(co_await PauseUntil(due_, cancellation_));
    due_ += step_;
    CO_TRY(ChatChunk chunk, ParseChatChunk(std::move(payloads_[next_++])));
    co_return chunk;
  }

 private:
  std::vector<std::string> payloads_;
  size_t next_ = 0;
  Monotonic due_;  // of the next chunk: a late one does not delay those after it
  nanoseconds step_;
  Cancellation& cancellation_;
  ConcurrencyLimit::Place place_;
};

}  // namespace

Result<std::shared_ptr<Model>> ReplayModel::Make(const ModelOptions& options,
                                                 const std::string& workspace) {
  if (options.file.empty()) {
    return Fail(InvalidInput("a replay model needs a file of exchanges").At("file"));
  }
  auto index = ReplayIndex::Open(std::filesystem::path(workspace) / options.file);
  if (!index) return Fail(std::move(index).error().At("file"));
  return std::shared_ptr<Model>(new ReplayModel(options, *std::move(index)));
}

ReplayModel::ReplayModel(const ModelOptions& options, std::unique_ptr<const ReplayIndex> index)
    : info_(MakeModelInfo(options)),
      index_(std::move(index)),
      or_nearest_(options.on_miss == "nearest"),
      first_token_(options.first_token_ms),
      tokens_per_s_(options.tokens_per_s),
      limit_(options.max_concurrent) {}

ModelCounts ReplayModel::counts() const {
  ModelCounts counts = counters_.Snapshot();
  counts.running = limit_.running();
  return counts;
}

Result<ChatAnswer> ReplayModel::Find(const ChatRequest& request) {
  auto found = index_->Find(request.body, or_nearest_);
  if (!found) {
    ModelCounters::Add(counters_.failures);
    return Fail(std::move(found).error());
  }
  hits_[static_cast<size_t>(found->hit)].fetch_add(1, std::memory_order_relaxed);
  LOG_DEBUG("model {}: {} hit, similarity {:.2f}", info_.name, Name(found->hit), found->similarity);
  TRY(ChatAnswer answer, ParseChatAnswer(std::move(found->response)));
  if (!answer.usage.known) answer.usage = EstimateUsage(request, answer.choices);
  return answer;
}

nanoseconds ReplayModel::TimeOf(const Usage& usage) const {
  if (tokens_per_s_ <= 0) return nanoseconds(0);
  const double seconds = static_cast<double>(usage.completion_tokens) / tokens_per_s_;
  return nanoseconds(static_cast<int64_t>(std::clamp(seconds, 0.0, 86'400.0) * 1e9));
}

Task<Result<ChatAnswer>> ReplayModel::Complete(ModelRequest& request) {
  ModelCounters::Add(counters_.requests);
  auto place = limit_.Take(info_.name);
  if (!place) {
    ModelCounters::Add(counters_.refused_full);
    co_return Fail(std::move(place).error());
  }
  CO_TRY(ChatAnswer answer, Find(request.chat));
  const nanoseconds time = first_token_ + TimeOf(answer.usage);
  CO_TRY_VOID(co_await Pause(time, request.cancellation));
  co_return answer;
}

Task<Result<std::unique_ptr<AnswerStream>>> ReplayModel::Stream(ModelRequest& request) {
  ModelCounters::Add(counters_.requests);
  auto place = limit_.Take(info_.name);
  if (!place) {
    ModelCounters::Add(counters_.refused_full);
    co_return Fail(std::move(place).error());
  }
  CO_TRY(const ChatAnswer answer, Find(request.chat));
  const size_t piece = tokens_per_s_ > 0 ? kBytesPerToken : kPieceBytes;
  const bool with_usage = request.chat.include_usage || answer.usage.known;
  std::vector<std::string> payloads = ChunksOf(answer, piece, with_usage, Clock::System().WallMs());
  const nanoseconds step =
      TimeOf(answer.usage) / static_cast<int64_t>(std::max<size_t>(payloads.size(), 1));
  const Monotonic first = Clock::System().Now() + first_token_;
  CO_TRY_VOID(co_await PauseUntil(first, request.cancellation));
  co_return std::make_unique<ReplayStream>(std::move(payloads), first, step, request.cancellation,
                                           *std::move(place));
}

}  // namespace understudy
