#include "gguf/shards.h"

#include <fmt/format.h>

#include <span>

#include "gguf/writer.h"

namespace understudy {
namespace {

constexpr std::string_view kNumber = "split.no", kCount = "split.count",
                           kTensors = "split.tensors.count";
constexpr uint64_t kMaxShards = 65'535;  // their number is a u16
constexpr uint64_t kHeadBytes = 256;     // of a shard without metadata, at most about so much
constexpr uint64_t kTensorHeadBytes = 128;

bool IsOfShards(std::string_view key) {
  return key == kNumber || key == kCount || key == kTensors;
}

std::string Ending(uint64_t number, uint64_t count) {
  return fmt::format("-{:05}-of-{:05}.gguf", number + 1, count);
}

void CopyMetadata(const GgufFile& file, GgufWriter& writer) {
  for (const auto& [key, value] : file.metadata()) {
    if (!IsOfShards(key)) writer.Set(key, value);
  }
}

void CopyTensors(std::span<const GgufTensor> tensors, GgufWriter& writer) {
  for (const GgufTensor& tensor : tensors) {
    writer.AddTensor(tensor.name, std::span(tensor.shape).first(tensor.dimensions), tensor.type,
                     tensor.bytes);
  }
}

uint64_t MetadataBytes(const GgufFile& file) {
  uint64_t bytes = kHeadBytes;
  for (const auto& [key, value] : file.metadata()) bytes += 32 + key.size() + value.bytes().size();
  return bytes;
}

// How many tensors, one after the other, each shard takes.
std::vector<size_t> Share(const GgufFile& file, uint64_t max_bytes) {
  std::vector<size_t> counts{0};
  uint64_t size = MetadataBytes(file);
  for (const GgufTensor& tensor : file.tensors()) {
    const uint64_t more = tensor.bytes.size() + kTensorHeadBytes;
    if (size + more > max_bytes && (counts.back() > 0 || counts.size() == 1)) {
      counts.push_back(0);
      size = kHeadBytes;
    }
    ++counts.back();
    size += more;
  }
  return counts;
}

Error Wrong(const std::filesystem::path& path, std::string message) {
  return InvalidInput(std::move(message))
      .At(path.string())
      .Mend("Fetch all files of the model again, under their own names.");
}

}  // namespace

std::filesystem::path ShardPath(const std::filesystem::path& prefix, uint64_t number,
                                uint64_t count) {
  return prefix.string() + Ending(number, count);
}

Result<std::vector<std::filesystem::path>> WriteShards(const GgufFile& file,
                                                       const std::filesystem::path& prefix,
                                                       uint64_t max_bytes) {
  const std::vector<size_t> counts = Share(file, max_bytes);
  if (counts.size() > kMaxShards) {
    return Fail(InvalidInput(fmt::format("{} shards are too many", counts.size()))
                    .Mend("Allow larger ones."));
  }
  std::vector<std::filesystem::path> paths;
  std::span<const GgufTensor> left(file.tensors());
  for (size_t i = 0; i < counts.size(); ++i) {
    GgufWriter writer;
    if (i == 0) CopyMetadata(file, writer);
    writer.Set(kNumber, static_cast<uint16_t>(i));
    writer.Set(kCount, static_cast<uint16_t>(counts.size()));
    writer.Set(kTensors, static_cast<int32_t>(file.tensors().size()));
    CopyTensors(left.first(counts[i]), writer);
    left = left.subspan(counts[i]);
    paths.push_back(ShardPath(prefix, i, counts.size()));
    TRY_VOID(writer.Write(paths.back()));
  }
  return paths;
}

Status WriteWhole(const GgufFile& file, const std::filesystem::path& path) {
  GgufWriter writer;
  CopyMetadata(file, writer);
  CopyTensors(file.tensors(), writer);
  return writer.Write(path);
}

Result<std::vector<std::filesystem::path>> OtherShards(const GgufFile& file,
                                                       const std::filesystem::path& path) {
  const uint64_t count = file.Unsigned(kCount).value_or(1),
                 number = file.Unsigned(kNumber).value_or(0);
  std::vector<std::filesystem::path> others;
  if (count == 1) return others;
  if (count == 0 || count > kMaxShards || number >= count) {
    return Fail(Wrong(path, fmt::format("it says it is shard {} of {}", number + 1, count)));
  }
  const std::string name = path.string(), ending = Ending(number, count);
  if (!name.ends_with(ending)) {
    return Fail(Wrong(path, fmt::format("it is shard {} of {}, but its name does not end in {}",
                                        number + 1, count, ending)));
  }
  const std::string prefix = name.substr(0, name.size() - ending.size());
  if (number != 0) {
    return Fail(InvalidInput(fmt::format("it is shard {} of {} of a model", number + 1, count))
                    .At(name)
                    .Mend("Name the first: " + ShardPath(prefix, 0, count).string()));
  }
  for (uint64_t i = 1; i < count; ++i) others.push_back(ShardPath(prefix, i, count));
  return others;
}

Status CheckShard(const GgufFile& shard, const std::filesystem::path& path, const GgufFile& first) {
  if (!path.string().ends_with(
          Ending(shard.Unsigned(kNumber).value_or(0), shard.Unsigned(kCount).value_or(0)))) {
    return Fail(Wrong(path, "its name is not that of the shard that it says it is"));
  }
  if (shard.Unsigned(kTensors) != first.Unsigned(kTensors)) {
    return Fail(Wrong(path, "it is a shard of another model"));
  }
  return {};
}

Status CheckWhole(const GgufFile& first, const std::filesystem::path& path) {
  const auto expected = first.Unsigned(kTensors);
  if (expected == first.tensors().size()) return {};
  return Fail(Wrong(path, fmt::format("its shards hold {} tensors, not {}", first.tensors().size(),
                                      expected.value_or(0))));
}

}  // namespace understudy
