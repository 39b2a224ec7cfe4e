// Recorded agent traffic for tests: the files of <data>/agentlog, where <data> is
// $UNDERSTUDY_DATA, else ../shared/data beside the repository. Tests skip without them.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace understudy {

// Where a file is, or would be.
std::filesystem::path AgentLogPath(std::string_view file);

// The lines of a file, or nullopt where it is absent.
std::optional<std::vector<std::string>> AgentLogLines(std::string_view file);

// What to say when skipping.
std::string AgentLogMissing(std::string_view file);

}  // namespace understudy
