#include "gguf/writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace understudy {
namespace {

template <class T>
void Append(std::string& out, T value) {
  char bytes[sizeof value];
  std::memcpy(bytes, &value, sizeof value);
  out.append(bytes, sizeof value);
}

void AppendText(std::string& out, std::string_view text) {
  Append(out, static_cast<uint64_t>(text.size()));
  out += text;
}

size_t PaddingAfter(size_t size) {
  return (kGgufAlignment - size % kGgufAlignment) % kGgufAlignment;
}

uint64_t BytesOf(std::span<const uint64_t> shape, const TensorFormat& format) {
  uint64_t elements = 1;
  for (const uint64_t extent : shape) elements *= extent;
  return elements / format.block_elements * format.block_bytes;
}

Status WriteAll(int fd, std::string_view bytes, const std::string& name) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return Fail(IoErrorFromErrno("cannot write " + name, errno));
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return {};
}

}  // namespace

void GgufWriter::Mistake(std::string message) {
  if (mistake_.empty()) mistake_ = std::move(message);
}

bool GgufWriter::Begin(std::string_view key, GgufType type) {
  if (key.empty() || key.size() > kGgufMaxKey || !names_.insert("k:" + std::string(key)).second) {
    Mistake(fmt::format("the metadata key \"{}\" is empty, too long, or set twice", key));
    return false;
  }
  ++entry_count_;
  AppendText(entries_, key);
  Append(entries_, static_cast<uint32_t>(type));
  return true;
}

void GgufWriter::Set(std::string_view key, std::string_view text) {
  if (Begin(key, GgufType::kString)) AppendText(entries_, text);
}

void GgufWriter::Set(std::string_view key, uint32_t value) {
  if (Begin(key, GgufType::kU32)) Append(entries_, value);
}

void GgufWriter::Set(std::string_view key, int32_t value) {
  if (Begin(key, GgufType::kI32)) Append(entries_, value);
}

void GgufWriter::Set(std::string_view key, uint64_t value) {
  if (Begin(key, GgufType::kU64)) Append(entries_, value);
}

void GgufWriter::Set(std::string_view key, float value) {
  if (Begin(key, GgufType::kF32)) Append(entries_, value);
}

void GgufWriter::Set(std::string_view key, bool value) {
  if (Begin(key, GgufType::kBool)) Append(entries_, static_cast<uint8_t>(value));
}

void GgufWriter::Set(std::string_view key, uint16_t value) {
  if (Begin(key, GgufType::kU16)) Append(entries_, value);
}

void GgufWriter::Set(std::string_view key, const GgufValue& value) {
  if (value.type() == GgufType::kArray) {
    BeginArray(key, value.element_type(), value.count());
  } else if (Begin(key, value.type()) && value.type() == GgufType::kString) {
    Append(entries_, static_cast<uint64_t>(value.bytes().size()));
  }
  entries_ += value.bytes();
}

void GgufWriter::BeginArray(std::string_view key, GgufType element, uint64_t count) {
  Begin(key, GgufType::kArray);
  Append(entries_, static_cast<uint32_t>(element));
  Append(entries_, count);
}

void GgufWriter::Set(std::string_view key, std::span<const std::string> texts) {
  BeginArray(key, GgufType::kString, texts.size());
  for (const std::string& text : texts) AppendText(entries_, text);
}

void GgufWriter::Set(std::string_view key, std::span<const int32_t> values) {
  BeginArray(key, GgufType::kI32, values.size());
  for (const int32_t value : values) Append(entries_, value);
}

void GgufWriter::Set(std::string_view key, std::span<const float> values) {
  BeginArray(key, GgufType::kF32, values.size());
  for (const float value : values) Append(entries_, value);
}

void GgufWriter::AddTensor(std::string_view name, std::span<const uint64_t> shape, TensorType type,
                           std::string_view bytes) {
  const TensorFormat* format = FindTensorFormat(static_cast<uint32_t>(type));
  if (name.empty() || name.size() > kGgufMaxTensorName ||
      !names_.insert("t:" + std::string(name)).second) {
    return Mistake(fmt::format("the tensor name \"{}\" is empty, too long, or taken", name));
  }
  if (shape.empty() || shape.size() > kGgufMaxDimensions || format == nullptr ||
      shape[0] % format->block_elements != 0 || BytesOf(shape, *format) != bytes.size() ||
      bytes.empty()) {
    return Mistake(fmt::format("the tensor {} has {} bytes, which do not fit its shape and type",
                               name, bytes.size()));
  }
  tensors_.push_back({std::string(name), {shape.begin(), shape.end()}, type, bytes});
}

Result<std::string> GgufWriter::Head() const {
  if (!mistake_.empty()) return Fail(InternalError("cannot write a GGUF file: " + mistake_));
  std::string head(kGgufMagic);
  Append(head, kGgufVersion);
  Append(head, static_cast<uint64_t>(tensors_.size()));
  Append(head, entry_count_);
  head += entries_;
  uint64_t offset = 0;
  for (const Tensor& tensor : tensors_) {
    AppendText(head, tensor.name);
    Append(head, static_cast<uint32_t>(tensor.shape.size()));
    for (const uint64_t extent : tensor.shape) Append(head, extent);
    Append(head, static_cast<uint32_t>(tensor.type));
    Append(head, offset);
    offset += tensor.bytes.size() + PaddingAfter(tensor.bytes.size());
  }
  head.append(PaddingAfter(head.size()), '\0');
  return head;
}

Result<std::string> GgufWriter::Build() const {
  TRY(std::string file, Head());
  for (const Tensor& tensor : tensors_) {
    file += tensor.bytes;
    file.append(PaddingAfter(tensor.bytes.size()), '\0');
  }
  return file;
}

Status GgufWriter::Write(const std::filesystem::path& path) const {
  TRY(const std::string head, Head());
  const std::string beside = fmt::format("{}.tmp.{}", path.string(), ::getpid());
  const int fd = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (fd < 0) return Fail(IoErrorFromErrno("cannot create " + beside, errno));
  Status status = WriteAll(fd, head, beside);
  for (size_t i = 0; status && i < tensors_.size(); ++i) {
    const std::string_view bytes = tensors_[i].bytes;
    status = WriteAll(fd, bytes, beside);
    if (status) status = WriteAll(fd, std::string(PaddingAfter(bytes.size()), '\0'), beside);
  }
  if (status && ::fsync(fd) != 0) status = Fail(IoErrorFromErrno("cannot sync " + beside, errno));
  ::close(fd);
  if (status && ::rename(beside.c_str(), path.c_str()) != 0) {
    status = Fail(IoErrorFromErrno("cannot publish " + path.string(), errno));
  }
  if (!status) ::unlink(beside.c_str());
  return status;
}

}  // namespace understudy
