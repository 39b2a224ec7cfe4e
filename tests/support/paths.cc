#include "support/paths.h"

namespace understudy {

// The two macros are defined for this file alone, in tests/CMakeLists.txt.
std::filesystem::path SourceFolder() {
  return UNDERSTUDY_SOURCE_DIR;
}
std::filesystem::path UnderstudyBinary() {
  return UNDERSTUDY_BINARY;
}

}  // namespace understudy
