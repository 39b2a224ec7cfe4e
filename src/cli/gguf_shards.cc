// `understudy gguf split` and `merge`: a model in several files, and in one again.
#include <algorithm>
#include <filesystem>

#include "base/file.h"
#include "cli/definitions.h"
#include "cli/flags.h"
#include "cli/gguf_view.h"
#include "cli/text.h"
#include "gguf/shards.h"

namespace understudy {
namespace {

constexpr uint64_t kLeastShard = uint64_t{64} << 10;

struct ShardFlags {
  std::string file, out;
  uint64_t max_size = uint64_t{2} << 30;
  bool json = false;
};

uint64_t SizeOf(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::file_size(path, ignored);
}

void Report(const std::vector<std::filesystem::path>& paths, bool json, Console& console) {
  if (json) {
    json::array files;
    for (const auto& path : paths)
      files.push_back({{"file", path.string()}, {"bytes", SizeOf(path)}});
    console.Out(json::serialize(json::object{{"files", files}}) + '\n');
    return;
  }
  for (const auto& path : paths) {
    console.Out(
        fmt::format("{}  {}\n", path.string(), HumanBytes(static_cast<int64_t>(SizeOf(path)))));
  }
}

Result<ExitCode> Split(const ShardFlags& flags, Console& console) {
  if (flags.max_size < kLeastShard) return Fail(UsageError("--max-size is at least 64K"));
  TRY(const GgufFile file, OpenGguf(flags.file));
  std::filesystem::path prefix = flags.out;
  if (prefix.empty()) prefix = std::filesystem::path(flags.file).replace_extension();
  TRY_VOID(MakeFolders(prefix.parent_path()));
  TRY(const auto paths, WriteShards(file, prefix, flags.max_size));
  Report(paths, flags.json, console);
  return ExitCode::kOk;
}

Result<ExitCode> Merge(const ShardFlags& flags, Console& console) {
  TRY(const GgufFile file, OpenGguf(flags.file));
  if (std::filesystem::exists(flags.out)) {
    return Fail(InvalidInput("there is such a file already")
                    .At(flags.out)
                    .Mend("Remove it, or name another by --out."));
  }
  TRY_VOID(MakeFolders(std::filesystem::path(flags.out).parent_path()));
  TRY_VOID(WriteWhole(file, flags.out));
  Report({flags.out}, flags.json, console);
  return ExitCode::kOk;
}

}  // namespace

Action DefineGgufSplit(CLI::App& app) {
  const auto flags = std::make_shared<ShardFlags>();
  app.add_option("FILE", flags->file, "a model file")->required();
  AddValue(app, "--max-size", flags->max_size, "SIZE", "of a shard: 16M, 2G (default 2G)")
      ->transform(CLI::AsSizeValue(false));
  AddValue(app, "--out", flags->out, "PREFIX", "of the shards' names (default: the file's)");
  AddJsonFlag(app, flags->json);
  app.footer("  understudy gguf split models/small.gguf --max-size 16M");
  return [flags](Console& console) { return Split(*flags, console); };
}

Action DefineGgufMerge(CLI::App& app) {
  const auto flags = std::make_shared<ShardFlags>();
  app.add_option("FILE", flags->file, "the first shard of a model")->required();
  AddValue(app, "--out", flags->out, "FILE", "the one file to write")->required();
  AddJsonFlag(app, flags->json);
  app.footer("  understudy gguf merge small-00001-of-00002.gguf --out small.gguf");
  return [flags](Console& console) { return Merge(*flags, console); };
}

}  // namespace understudy
