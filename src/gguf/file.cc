#include "gguf/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include <fmt/format.h>

#include "gguf/parser.h"
#include "gguf/shards.h"

namespace understudy {
namespace {

struct Mapping {
  std::shared_ptr<const void> owner;
  std::string_view bytes;
};

Result<Mapping> Map(const std::filesystem::path& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Fail(IoErrorFromErrno("cannot open " + path.string(), errno));
  struct stat info{};
  const bool is_regular = ::fstat(fd, &info) == 0 && S_ISREG(info.st_mode);
  const auto size = is_regular ? static_cast<size_t>(info.st_size) : 0;
  void* address = size > 0 ? ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;
  const int reason = errno;
  ::close(fd);
  if (!is_regular) return Fail(IoError(path.string() + " is not a regular file"));
  if (size == 0) return Fail(InvalidInput(path.string() + " is empty, not a GGUF file"));
  if (address == MAP_FAILED) return Fail(IoErrorFromErrno("cannot map " + path.string(), reason));
  std::shared_ptr<const void> owner(
      address, [size](const void* start) { ::munmap(const_cast<void*>(start), size); });
  return Mapping{std::move(owner), {static_cast<const char*>(address), size}};
}

}  // namespace

Result<GgufFile> GgufFile::OpenOne(const std::filesystem::path& path) {
  TRY(Mapping mapping, Map(path));
  TRY(GgufFile file, Parse(mapping.bytes, path.string()));
  file.mappings_.push_back(std::move(mapping.owner));
  return file;
}

Result<GgufFile> GgufFile::Open(const std::filesystem::path& path) {
  TRY(GgufFile file, OpenOne(path));
  TRY(const auto others, OtherShards(file, path));
  if (others.empty()) return file;
  for (const std::filesystem::path& other : others) {
    TRY(GgufFile shard, OpenOne(other));
    TRY_VOID(CheckShard(shard, other, file));
    TRY_VOID(file.Append(std::move(shard), other.string()));
  }
  TRY_VOID(CheckWhole(file, path));
  return file;
}

Status GgufFile::Append(GgufFile shard, std::string_view name) {
  for (const GgufTensor& tensor : shard.tensors_) {
    if (!tensor_names_.emplace(tensor.name, tensors_.size()).second) {
      return Fail(InvalidInput(fmt::format("{}: the tensor {} is in another shard of the model too",
                                           name, tensor.name)));
    }
    tensors_.push_back(tensor);
  }
  std::ranges::move(shard.mappings_, std::back_inserter(mappings_));
  return {};
}

Result<GgufFile> GgufFile::Parse(std::string_view bytes, std::string_view name) {
  return GgufParser(bytes, name).Run();
}

const GgufValue* GgufFile::Find(std::string_view key) const {
  const auto found = keys_.find(key);
  return found == keys_.end() ? nullptr : &metadata_[found->second].value;
}

const GgufTensor* GgufFile::FindTensor(std::string_view name) const {
  const auto found = tensor_names_.find(name);
  return found == tensor_names_.end() ? nullptr : &tensors_[found->second];
}

std::optional<std::string_view> GgufFile::Text(std::string_view key) const {
  const GgufValue* value = Find(key);
  return value ? value->Text() : std::nullopt;
}

std::optional<uint64_t> GgufFile::Unsigned(std::string_view key) const {
  const GgufValue* value = Find(key);
  return value ? value->Unsigned() : std::nullopt;
}

std::optional<double> GgufFile::Number(std::string_view key) const {
  const GgufValue* value = Find(key);
  return value ? value->Number() : std::nullopt;
}

std::optional<bool> GgufFile::Bool(std::string_view key) const {
  const GgufValue* value = Find(key);
  return value ? value->Bool() : std::nullopt;
}

}  // namespace understudy
