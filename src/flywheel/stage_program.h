// A stage's work done by a program of its own (training, clustering), which says how far it is in
// JSON lines on its output.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace understudy {

// Starts `arguments` (arguments[0] is the program's path) and gives `line` every JSON object that
// it prints, one a line; other lines are its own words, whose last ones an error repeats. `stop` is
// asked a few times a second: then the program gets SIGTERM and a minute to put its work away, and
// the end is kCancelled. If we are killed, so is the program (models/child_process.h). kUnavailable
// where it cannot be started, kInternal where it ends with another status than 0.
Status RunStageProgram(const std::vector<std::string>& arguments,
                       const std::function<void(const json::object&)>& line,
                       const std::function<bool()>& stop);

}  // namespace understudy
