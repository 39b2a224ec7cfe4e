// The last lines that a child wrote, within a fixed memory. Thread-safe.
#pragma once

#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

class LogRing {
 public:
  static constexpr size_t kMostLines = 200;
  static constexpr size_t kLongestLine = 500;  // longer ones are cut

  void Feed(std::string_view bytes);  // in any chunking
  void Clear();                       // before a new run
  std::vector<std::string> Lines() const;
  // The line that says most about a failure: llama-server's own error lines before the others,
  // the particular before the general; without time stamp. Empty when nothing was written.
  std::string Reason() const;

 private:
  mutable std::mutex mutex_;
  std::deque<std::string> lines_;
  std::string open_;  // a line without its end
};

}  // namespace understudy
