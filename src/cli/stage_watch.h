// A stage of the flywheel at a terminal: one progress bar a step, and a stop at SIGINT or SIGTERM.
// Make it before any thread is started (cli/signals.h), and drop it before results are printed.
#pragma once

#include <optional>
#include <string>

#include "cli/progress.h"
#include "cli/signals.h"
#include "flywheel/stage.h"

namespace understudy {

class StageWatch {
 public:
  // `bytes_step`: the step whose counts are bytes.
  explicit StageWatch(Console& console, std::string_view bytes_step = {})
      : console_(console), bytes_step_(bytes_step) {}

  // For RunStage; valid while the watch lives.
  StageHooks Hooks();

 private:
  Console& console_;
  const std::string bytes_step_;
  SignalWaiter signals_{SIGINT, SIGTERM};
  bool stopped_ = false;
  std::string what_;
  std::optional<Progress> progress_;
};

}  // namespace understudy
