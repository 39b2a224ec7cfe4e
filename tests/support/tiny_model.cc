#include "support/tiny_model.h"

#include <cstdio>
#include <cstdlib>

namespace understudy::testing {
namespace {

// Removed at exit.
struct Folder {
  Folder() {
    std::string pattern = std::filesystem::temp_directory_path() / "understudy-tiny-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();
    path = pattern;
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
  std::filesystem::path path;
};

}  // namespace

const SelftestFiles& TinyModel() {
  static const Folder folder;
  static const SelftestFiles files = [] {
    auto written = WriteSelftestFiles(folder.path);
    if (!written) {
      std::fprintf(stderr, "%s\n", written.error().ToString().c_str());
      std::abort();
    }
    return *std::move(written);
  }();
  return files;
}

}  // namespace understudy::testing
