#include "support/agent_log.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "support/paths.h"

namespace understudy {

std::filesystem::path AgentLogPath(std::string_view file) {
  const char* data = std::getenv("UNDERSTUDY_DATA");
  const std::filesystem::path root = data ? data : SourceFolder() / "../shared/data";
  return root / "agentlog" / file;
}

std::optional<std::vector<std::string>> AgentLogLines(std::string_view file) {
  std::ifstream in(AgentLogPath(file));
  if (!in) return std::nullopt;
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(std::move(line));
  return lines;
}

std::string AgentLogMissing(std::string_view file) {
  return AgentLogPath(file).string() + " is absent; UNDERSTUDY_DATA names the folder that has it";
}

}  // namespace understudy
