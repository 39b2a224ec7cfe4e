#include "cli/stage_watch.h"

namespace understudy {

StageHooks StageWatch::Hooks() {
  StageHooks hooks;
  hooks.progress = [this](std::string_view what, int64_t done, int64_t total) {
    if (what != what_) {
      what_ = what;
      progress_.emplace(console_, what_, total,
                        what_ == bytes_step_ ? Progress::Unit::kBytes : Progress::Unit::kItems);
    }
    progress_->Set(done);
  };
  hooks.stop = [this] {
    stopped_ = stopped_ || signals_.WaitFor(std::chrono::milliseconds(0)).has_value();
    return stopped_;
  };
  return hooks;
}

}  // namespace understudy
