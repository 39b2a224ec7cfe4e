#include "gguf/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "gguf/parser.h"

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

Result<GgufFile> GgufFile::Open(const std::filesystem::path& path) {
  TRY(Mapping mapping, Map(path));
  TRY(GgufFile file, Parse(mapping.bytes, path.string()));
  file.mapping_ = std::move(mapping.owner);
  return file;
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
