#include "support/data_files.h"

#include <cstdlib>

#include "support/paths.h"

namespace understudy {

std::optional<std::filesystem::path> DataFile(std::string_view name) {
  const char* set = std::getenv("UNDERSTUDY_DATA");
  const auto folder =
      set ? std::filesystem::path(set) : SourceFolder().parent_path() / "shared" / "data";
  auto file = folder / name;
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(file, ignored)) return std::nullopt;
  return file;
}

std::string MissingData(std::string_view name) {
  return fmt::format("no data file {}: set UNDERSTUDY_DATA to the folder that holds it", name);
}

}  // namespace understudy
