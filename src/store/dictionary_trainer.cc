#include "store/dictionary_trainer.h"

// fastCover with fixed parameters stands in the part of zdict.h that zstd does not promise to keep;
// it is there since 1.3.6. The promised entry point searches parameters for seconds.
#define ZDICT_STATIC_LINKING_ONLY
#include <sys/resource.h>
#include <zdict.h>
#include <zstd.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <span>
#include <system_error>

namespace understudy {
namespace {

constexpr size_t kEnoughSamples = 1'000;
constexpr size_t kEnoughBytes = 8 << 20;
constexpr size_t kSampleBytes = 64 << 10;  // of one body: its beginning is what repeats
constexpr size_t kMinSamples = 64;
constexpr size_t kDictionaryBytes = 112 << 10;  // zstd's own default; 64 KiB was 5-10 % worse
constexpr size_t kWindow = 4'096;
constexpr size_t kBetweenTrainings = 16'384;
constexpr double kWorse = 1.5;
constexpr double kBetter = 1.1;
constexpr int kLevel = 3;
constexpr int kNice = 10;

size_t TrainingCount(size_t samples) {
  return samples - samples / 8;
}

size_t Sum(std::span<const size_t> sizes) {
  return std::accumulate(sizes.begin(), sizes.end(), size_t{0});
}

std::string FastCover(const std::string& bytes, std::span<const size_t> sizes) {
  ZDICT_fastCover_params_t params{};
  params.k = 1024;  // 256 to 2048 give within 5 % of each other on agents' logs
  params.d = 8;
  params.f = 18;
  params.accel = 1;
  params.splitPoint = 1.0;
  params.zParams.compressionLevel = kLevel;
  std::string dictionary(kDictionaryBytes, '\0');
  const size_t made =
      ZDICT_trainFromBuffer_fastCover(dictionary.data(), dictionary.size(), bytes.data(),
                                      sizes.data(), static_cast<unsigned>(sizes.size()), params);
  dictionary.resize(ZDICT_isError(made) ? 0 : made);
  return dictionary;
}

// What the texts of `sizes` at `bytes` come to with the dictionary.
size_t CompressedBytes(const std::string& dictionary, const char* bytes,
                       std::span<const size_t> sizes) {
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(),
                                                                     ZSTD_freeCCtx);
  const std::unique_ptr<ZSTD_CDict, decltype(&ZSTD_freeCDict)> made(
      ZSTD_createCDict(dictionary.data(), dictionary.size(), kLevel), ZSTD_freeCDict);
  std::string out(ZSTD_compressBound(kSampleBytes), '\0');
  size_t total = 0;
  for (const size_t size : sizes) {
    const size_t stored =
        ZSTD_compress_usingCDict(context.get(), out.data(), out.size(), bytes, size, made.get());
    total += ZSTD_isError(stored) ? size : stored;
    bytes += size;
  }
  return total;
}

}  // namespace

DictionaryTrainer::DictionaryTrainer(double ratio) : collecting_(ratio <= 0), expected_(ratio) {}

DictionaryTrainer::~DictionaryTrainer() = default;  // a future of std::async waits

void DictionaryTrainer::Offer(std::string_view plain, size_t stored_bytes) {
  if (training() || plain.empty()) return;
  ++since_training_;
  if (collecting_) {
    Collect(plain, stored_bytes);
  } else {
    Watch(plain.size(), stored_bytes);
  }
}

void DictionaryTrainer::Collect(std::string_view plain, size_t stored_bytes) {
  const auto sample = plain.substr(0, kSampleBytes);
  samples_.bytes.append(sample);
  samples_.sizes.push_back(sample.size());
  // A cut sample counts for its share.
  samples_.stored.push_back(
      static_cast<size_t>(static_cast<double>(stored_bytes) * static_cast<double>(sample.size()) /
                          static_cast<double>(plain.size())));
  const size_t count = samples_.sizes.size();
  const bool enough = count >= kEnoughSamples || samples_.bytes.size() >= kEnoughBytes;
  if (enough && count >= kMinSamples) Start();
}

void DictionaryTrainer::Watch(size_t plain_bytes, size_t stored_bytes) {
  window_plain_ += plain_bytes;
  window_stored_ += stored_bytes;
  if (++window_count_ < kWindow) return;
  const double ratio = static_cast<double>(window_plain_) / static_cast<double>(window_stored_);
  window_count_ = window_plain_ = window_stored_ = 0;
  collecting_ = ratio * kWorse < expected_ && since_training_ >= kBetweenTrainings;
}

void DictionaryTrainer::Start() {
  collecting_ = false;
  since_training_ = 0;
  expected_ = RatioOfLast(samples_);  // unless the training does better
  auto train = [samples = std::move(samples_)] {
    ::setpriority(PRIO_PROCESS, 0, kNice);  // of this thread alone, on Linux
    return Train(samples);
  };
  samples_ = {};
  try {
    result_ = std::async(std::launch::async, std::move(train));
  } catch (const std::system_error&) {  // no thread to be had: tried again once the ratio worsens
  }
}

double DictionaryTrainer::RatioOfLast(const Samples& samples) {
  const size_t from = TrainingCount(samples.sizes.size());
  return static_cast<double>(Sum(std::span(samples.sizes).subspan(from))) /
         static_cast<double>(std::max<size_t>(1, Sum(std::span(samples.stored).subspan(from))));
}

std::optional<TrainedDictionary> DictionaryTrainer::Train(const Samples& samples) {
  const size_t count = TrainingCount(samples.sizes.size());
  const auto sizes = std::span(samples.sizes);
  TrainedDictionary trained{.bytes = FastCover(samples.bytes, sizes.first(count)),
                            .samples = static_cast<int64_t>(count)};
  if (trained.bytes.empty()) return std::nullopt;
  const auto rest = sizes.subspan(count);
  const char* const rest_bytes = samples.bytes.data() + Sum(sizes.first(count));
  trained.ratio =
      static_cast<double>(Sum(rest)) /
      static_cast<double>(std::max<size_t>(1, CompressedBytes(trained.bytes, rest_bytes, rest)));
  if (trained.ratio < RatioOfLast(samples) * kBetter) return std::nullopt;
  return trained;
}

std::optional<TrainedDictionary> DictionaryTrainer::Take() {
  if (!training() || result_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) {
    return std::nullopt;
  }
  auto trained = result_.get();
  if (trained) expected_ = trained->ratio;
  return trained;
}

}  // namespace understudy
