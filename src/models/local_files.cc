#include "models/local_files.h"

#include <set>

#include <fmt/format.h>

#include "gguf/adapter_check.h"
#include "models/llama_arguments.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;

Status CheckNumbers(const ModelOptions& options) {
  const std::pair<const char*, int64_t> least_one[] = {{"slots", options.slots},
                                                       {"context", options.context}};
  for (const auto& [name, value] : least_one) {
    if (value < 1) return Fail(InvalidInput(fmt::format("{} must be at least 1", name)).At(name));
  }
  return {};
}

Result<ModelMeta> ReadMeta(const fs::path& path) {
  TRY(const GgufFile file, GgufFile::Open(path));
  return ReadModelMeta(file);
}

Result<AdapterOptions> CheckOne(const GgufFile& base, const AdapterOptions& adapter,
                                const fs::path& from) {
  if (adapter.name.empty()) return Fail(InvalidInput("an adapter has no name"));
  const AdapterOptions found{adapter.name, fs::absolute(from / adapter.path)};
  TRY(const GgufFile file, GgufFile::Open(found.path));
  TRY([[maybe_unused]] const auto summary, CheckAdapter(base, file));
  return found;
}

}  // namespace

Result<std::vector<AdapterOptions>> CheckAdapters(const fs::path& base_path,
                                                  const std::vector<AdapterOptions>& adapters,
                                                  const fs::path& from) {
  TRY(const GgufFile base, GgufFile::Open(base_path));
  std::vector<AdapterOptions> checked;
  std::set<std::string> names;
  for (size_t i = 0; i < adapters.size(); ++i) {
    auto one = CheckOne(base, adapters[i], from);
    if (one && !names.insert(one->name).second) {
      one = Fail(InvalidInput(fmt::format("two adapters are called {}", one->name)));
    }
    if (!one) return Fail(std::move(one).error().At(fmt::format("adapters[{}]", i)));
    checked.push_back(*std::move(one));
  }
  return checked;
}

Result<LocalFiles> CheckLocalFiles(const ModelOptions& options, const std::string& workspace) {
  TRY_VOID(CheckNumbers(options));
  if (auto extra = CheckExtraArguments(options.extra_args); !extra) {
    return Fail(std::move(extra).error().At("extra_args"));
  }
  LocalFiles files;
  files.gguf = fs::absolute(fs::path(workspace) / options.gguf);
  auto meta = ReadMeta(files.gguf);
  if (!meta) return Fail(std::move(meta).error().At("gguf"));
  files.meta = *std::move(meta);
  TRY(files.adapters, CheckAdapters(files.gguf, options.adapters, workspace));
  return files;
}

}  // namespace understudy
