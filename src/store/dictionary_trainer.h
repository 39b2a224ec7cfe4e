// When a compression dictionary is worth training, and the training itself.
//
// The rule: collect the first 1,000 bodies (or 8 MiB of them), train on the first seven eighths,
// and measure on the last. A new dictionary is taken if it makes those at least a tenth smaller
// than they were stored; its ratio there is what is expected from now on. Once a whole window of
// 4,096 bodies falls below two thirds of that, and 16,384 have passed since the last training, the
// traffic has changed: collect and train again. Where training does not help, the ratio at hand
// becomes the expected one, so that it is not tried for ever.
//
// Training runs on a thread of its own, at a low priority, for some tens of milliseconds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <future>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

struct TrainedDictionary {
  std::string bytes;
  int64_t samples = 0;
  double ratio = 1;  // plain size by stored size, on bodies it was not trained on
};

// One thread at a time.
class DictionaryTrainer {
 public:
  // `ratio` of the dictionary in use; 0 when there is none yet.
  explicit DictionaryTrainer(double ratio);
  ~DictionaryTrainer();  // waits for a training under way

  // One body as it was before and after compression. Cheap, but for a copy while collecting.
  void Offer(std::string_view plain, size_t stored_bytes);

  // A dictionary to be used from now on, once, after the training that made it.
  std::optional<TrainedDictionary> Take();

  bool collecting() const { return collecting_ && !training(); }  // the next Offer is a sample
  bool training() const { return result_.valid(); }
  void Wait() const { result_.wait(); }  // for a training under way; for tests and imports

 private:
  struct Samples {
    std::string bytes;
    std::vector<size_t> sizes;
    std::vector<size_t> stored;
  };
  static std::optional<TrainedDictionary> Train(const Samples& samples);
  static double RatioOfLast(const Samples& samples);
  void Collect(std::string_view plain, size_t stored_bytes);
  void Watch(size_t plain_bytes, size_t stored_bytes);
  void Start();

  bool collecting_;
  double expected_;
  Samples samples_;
  size_t window_count_ = 0, window_plain_ = 0, window_stored_ = 0;
  size_t since_training_ = 0;
  std::future<std::optional<TrainedDictionary>> result_;
};

}  // namespace understudy
