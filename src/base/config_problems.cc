#include "base/config_problems.h"

#include <algorithm>

#include <fmt/format.h>

namespace understudy {

void ConfigProblems::Add(std::string_view path, std::string_view text) {
  const uint32_t line = LineOf(std::string(path));
  const std::string where = line > 0 ? fmt::format("{}:{}", file_name_, line) : file_name_;
  problems_.emplace_back(line, fmt::format("{}: {}: {}", where, path, text));
}

Status ConfigProblems::ToStatus() const {
  if (problems_.empty()) return {};
  auto ordered = problems_;
  std::stable_sort(ordered.begin(), ordered.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::string message;
  for (const auto& [line, text] : ordered) message += (message.empty() ? "" : "\n") + text;
  return Fail(InvalidInput(std::move(message)));
}

uint32_t ConfigProblems::LineOf(std::string path) const {
  for (;;) {
    if (const auto found = lines_.find(path); found != lines_.end()) return found->second;
    const size_t cut = path.find_last_of(".[");
    if (cut == std::string::npos) return 0;
    path.resize(cut);
  }
}

}  // namespace understudy
