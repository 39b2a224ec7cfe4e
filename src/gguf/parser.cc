#include "gguf/parser.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>

#include <fmt/format.h>

namespace understudy {
namespace {

// The least an entry can take in the file: counts beyond what is left are refused before any
// memory is asked for.
constexpr uint64_t kLeastEntryBytes = 8 + 1 + 4 + 1;           // length, key, type, value
constexpr uint64_t kLeastTensorBytes = 8 + 1 + 4 + 8 + 4 + 8;  // length, name, n, dim, type, offset
constexpr uint64_t kMaxAlignment = uint64_t{1} << 20;
constexpr uint32_t kSwappedVersion3 = 0x03000000;

}  // namespace

Error GgufParser::Broken(std::string_view message, size_t offset) const {
  return InvalidInput(
             fmt::format("{} is not a sound GGUF file: {} (at byte {})", name_, message, offset))
      .Mend("Fetch or write the file again.");
}

template <class T>
Result<T> GgufParser::Read(std::string_view what) {
  if (left() < sizeof(T)) return Fail(Broken(fmt::format("it ends inside {}", what)));
  T value;
  std::memcpy(&value, bytes_.data() + at_, sizeof value);
  at_ += sizeof value;
  return value;
}

Result<std::string_view> GgufParser::ReadString(std::string_view what) {
  TRY(const auto length, Read<uint64_t>(what));
  if (length > left()) {
    return Fail(Broken(fmt::format("{} claims {} bytes, {} are left", what, length, left())));
  }
  const std::string_view text = bytes_.substr(at_, length);
  at_ += length;
  return text;
}

Result<GgufFile> GgufParser::Run() {
  TRY_VOID(Heads());
  TRY_VOID(Metadata());
  TRY_VOID(ReadAlignment());
  TRY_VOID(TensorHeads());
  TRY_VOID(PlaceTensors());
  return std::move(file_);
}

Status GgufParser::Heads() {
  if (!bytes_.starts_with(kGgufMagic)) return Fail(Broken("it does not begin with \"GGUF\""));
  at_ = kGgufMagic.size();
  TRY(const auto version, Read<uint32_t>("the version"));
  if (version == kSwappedVersion3) return Fail(Broken("it is big-endian"));
  if (version != 2 && version != kGgufVersion) {
    return Fail(Broken(fmt::format("version {} is not known here; 2 and 3 are", version)));
  }
  TRY(tensor_count_, Read<uint64_t>("the tensor count"));
  TRY(entry_count_, Read<uint64_t>("the metadata count"));
  if (entry_count_ > left() / kLeastEntryBytes) {
    return Fail(Broken(fmt::format("it claims {} metadata entries", entry_count_)));
  }
  if (tensor_count_ > left() / kLeastTensorBytes) {
    return Fail(Broken(fmt::format("it claims {} tensors", tensor_count_)));
  }
  return {};
}

Status GgufParser::Metadata() {
  file_.metadata_.reserve(entry_count_);
  for (uint64_t i = 0; i < entry_count_; ++i) {
    const size_t start = at_;
    TRY(const auto key, ReadString("a metadata key"));
    if (key.empty() || key.size() > kGgufMaxKey) {
      return Fail(Broken(fmt::format("a metadata key has {} bytes", key.size()), start));
    }
    TRY(const auto type, Read<uint32_t>("a metadata type"));
    TRY(const auto value, ReadValue(type, 0));
    if (!file_.keys_.emplace(key, i).second) {
      return Fail(Broken(fmt::format("the key {} occurs twice", key), start));
    }
    file_.metadata_.push_back({key, value});
  }
  return {};
}

Result<GgufValue> GgufParser::ReadValue(uint32_t type_number, int depth) {
  const auto type = static_cast<GgufType>(type_number);
  if (type == GgufType::kArray) return ReadArray(depth);
  if (type == GgufType::kString) {
    TRY(const auto text, ReadString("a metadata string"));
    return GgufValue::Scalar(type, text);
  }
  const size_t size = ScalarBytes(type);
  if (size == 0) return Fail(Broken(fmt::format("there is no metadata type {}", type_number)));
  if (size > left()) return Fail(Broken("it ends inside a metadata value"));
  const std::string_view bytes = bytes_.substr(at_, size);
  if (type == GgufType::kBool && static_cast<unsigned char>(bytes[0]) > 1) {
    return Fail(Broken("a boolean is neither 0 nor 1"));
  }
  at_ += size;
  return GgufValue::Scalar(type, bytes);
}

Result<GgufValue> GgufParser::ReadArray(int depth) {
  if (depth >= kGgufMaxArrayDepth) return Fail(Broken("arrays are nested too deeply"));
  TRY(const auto element_number, Read<uint32_t>("an array's type"));
  TRY(const auto count, Read<uint64_t>("an array's length"));
  const auto element = static_cast<GgufType>(element_number);
  const bool is_nested = element == GgufType::kArray || element == GgufType::kString;
  const size_t size = ScalarBytes(element);
  if (!is_nested && size == 0) {
    return Fail(Broken(fmt::format("there is no metadata type {}", element_number)));
  }
  const size_t least = element == GgufType::kArray ? 12 : element == GgufType::kString ? 8 : size;
  if (count > left() / least) {
    return Fail(
        Broken(fmt::format("an array claims {} elements, {} bytes are left", count, left())));
  }
  const size_t start = at_;
  if (!is_nested) at_ += count * size;
  for (uint64_t i = 0; is_nested && i < count; ++i) {
    TRY([[maybe_unused]] const auto checked, ReadValue(element_number, depth + 1));
  }
  return GgufValue::Array(element, count, bytes_.substr(start, at_ - start));
}

Status GgufParser::ReadAlignment() {
  const GgufValue* value = file_.Find("general.alignment");
  if (value == nullptr) return {};
  const auto alignment = value->Unsigned();
  if (!alignment || !std::has_single_bit(*alignment) || *alignment > kMaxAlignment) {
    return Fail(Broken("general.alignment is not a power of two up to 1 MiB"));
  }
  alignment_ = *alignment;
  return {};
}

Status GgufParser::ReadShape(GgufTensor& tensor) {
  TRY(const auto dimensions, Read<uint32_t>("a tensor's rank"));
  if (dimensions == 0 || dimensions > kGgufMaxDimensions) {
    return Fail(Broken(fmt::format("tensor {} has {} dimensions", tensor.name, dimensions)));
  }
  tensor.dimensions = dimensions;
  uint64_t elements = 1;
  for (uint32_t i = 0; i < dimensions; ++i) {
    TRY(const auto extent, Read<uint64_t>("a tensor's shape"));
    if (extent == 0 || extent > (uint64_t{1} << 48) / elements) {
      return Fail(Broken(fmt::format("tensor {} has an absurd shape", tensor.name)));
    }
    elements *= extent;
    tensor.shape[i] = extent;
  }
  return {};
}

Status GgufParser::TensorHeads() {
  file_.tensors_.reserve(tensor_count_);
  offsets_.reserve(tensor_count_);
  for (uint64_t i = 0; i < tensor_count_; ++i) {
    const size_t start = at_;
    GgufTensor tensor;
    TRY(tensor.name, ReadString("a tensor's name"));
    if (tensor.name.empty() || tensor.name.size() > kGgufMaxTensorName) {
      return Fail(Broken(fmt::format("a tensor's name has {} bytes", tensor.name.size()), start));
    }
    TRY_VOID(ReadShape(tensor));
    TRY(const auto type, Read<uint32_t>("a tensor's type"));
    tensor.type = static_cast<TensorType>(type);
    if (FindTensorFormat(type) == nullptr) {
      return Fail(Broken(
          fmt::format("tensor {} is of type {}, which is not known here", tensor.name, type)));
    }
    TRY(const auto offset, Read<uint64_t>("a tensor's offset"));
    if (!file_.tensor_names_.emplace(tensor.name, i).second) {
      return Fail(Broken(fmt::format("the tensor {} occurs twice", tensor.name), start));
    }
    offsets_.push_back(offset);
    file_.tensors_.push_back(tensor);
  }
  return {};
}

Result<uint64_t> GgufParser::TensorBytes(const GgufTensor& tensor) const {
  const TensorFormat& format = *FindTensorFormat(static_cast<uint32_t>(tensor.type));
  if (tensor.shape[0] % format.block_elements != 0) {
    return Fail(
        Broken(fmt::format("tensor {} has rows of {}, not whole {} blocks of {}", tensor.name,
                           tensor.shape[0], format.name, format.block_elements)));
  }
  return tensor.elements() / format.block_elements * format.block_bytes;
}

Status GgufParser::PlaceTensors() {
  const uint64_t data = (at_ + alignment_ - 1) / alignment_ * alignment_;
  std::vector<size_t> order(file_.tensors_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::sort(order.begin(), order.end(),
            [this](size_t a, size_t b) { return offsets_[a] < offsets_[b]; });
  uint64_t end = 0;  // of the tensor before
  for (const size_t i : order) {
    GgufTensor& tensor = file_.tensors_[i];
    TRY(const uint64_t size, TensorBytes(tensor));
    if (offsets_[i] % alignment_ != 0) {
      return Fail(Broken(fmt::format("tensor {} is not aligned to {}", tensor.name, alignment_)));
    }
    if (data > bytes_.size() || offsets_[i] > bytes_.size() - data ||
        size > bytes_.size() - data - offsets_[i]) {
      return Fail(Broken(
          fmt::format("the data of tensor {} lies beyond the end of the file", tensor.name)));
    }
    if (offsets_[i] < end) {
      return Fail(Broken(fmt::format("tensor {} overlaps another", tensor.name)));
    }
    tensor.bytes = bytes_.substr(data + offsets_[i], size);
    end = offsets_[i] + size;
  }
  return {};
}

}  // namespace understudy
