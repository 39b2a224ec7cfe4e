// The first step of a turn: what was recorded, as exchange JSONL for curation.
#pragma once

#include <filesystem>
#include <utility>

#include "base/result.h"
#include "flywheel/stage.h"
#include "store/usage_store.h"

namespace understudy {

// A file that is gone with this object: it holds what was said, unmasked.
class Collected {
 public:
  explicit Collected(std::filesystem::path path) : path_(std::move(path)) {}
  Collected(Collected&& other) noexcept
      : path_(std::exchange(other.path_, {})), exchanges_(other.exchanges_) {}
  Collected& operator=(Collected&&) = delete;
  ~Collected();

  const std::filesystem::path& path() const { return path_; }
  int64_t exchanges() const { return exchanges_; }
  void set_exchanges(int64_t exchanges) { exchanges_ = exchanges; }

 private:
  std::filesystem::path path_;
  int64_t exchanges_ = 0;
};

// Whether an exchange can teach: the reference answered it, or it comes from outside with an answer
// of unknown making. What only a small model answered cannot.
bool Teaches(const Exchange& exchange);

// Writes them in order of arrival to a file in `folder` that only its owner reads. The same store
// gives the same bytes. kNotFound where there is none.
Result<Collected> Collect(UsageStore& store, const std::filesystem::path& folder,
                          const StageHooks& hooks);

}  // namespace understudy
