#include "adapter/safetensors.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <set>

#include <fmt/format.h>

#include "base/json.h"
#include "gguf/convert.h"

namespace understudy {
namespace {

static_assert(std::endian::native == std::endian::little, "lengths and data are little-endian");

constexpr size_t kLengthBytes = 8;
constexpr uint64_t kMaxHeaderBytes = 100'000'000;  // the reference implementation's limit
constexpr std::string_view kMetadata = "__metadata__";

struct TypeRow {
  SafetensorsType type;
  std::string_view name;
  TensorType encoding;
  uint64_t bytes;
};
constexpr std::array<TypeRow, 3> kTypes{{
    {SafetensorsType::kF32, "F32", TensorType::kF32, 4},
    {SafetensorsType::kF16, "F16", TensorType::kF16, 2},
    {SafetensorsType::kBF16, "BF16", TensorType::kBF16, 2},
}};

// nullopt where the product does not fit.
std::optional<uint64_t> ElementsOf(const std::vector<uint64_t>& shape) {
  uint64_t elements = 1;
  for (const uint64_t extent : shape) {
    if (__builtin_mul_overflow(elements, extent, &elements)) return std::nullopt;
  }
  return elements;
}

json::array ShapeJson(const std::vector<uint64_t>& shape) {
  json::array out;
  for (const uint64_t extent : shape) out.push_back(extent);
  return out;
}

class HeaderReader {
 public:
  HeaderReader(std::string_view data, std::string_view name) : data_(data), name_(name) {}

  Status Read(const json::object& header, SafetensorsFile& file) {
    std::vector<std::pair<uint64_t, NamedTensor>> placed;
    for (const auto& member : header) {
      const std::string key(member.key());
      if (key == kMetadata) {
        ReadMetadata(member.value(), file.metadata);
        continue;
      }
      TRY(auto tensor, ReadTensor(key, member.value()));
      placed.push_back(std::move(tensor));
    }
    std::ranges::sort(placed, {}, [](const auto& item) { return item.first; });
    TRY_VOID(CheckGaps());
    for (auto& [begin, tensor] : placed) file.tensors.push_back(std::move(tensor));
    return {};
  }

 private:
  Error Broken(std::string_view what) const {
    return InvalidInput(fmt::format("{}: {}", name_, what));
  }

  static void ReadMetadata(const json::value& value, SafetensorsMetadata& metadata) {
    const auto* members = value.if_object();
    if (!members) return;
    for (const auto& [key, text] : *members) {
      if (text.is_string()) metadata[std::string(key)] = std::string(text.get_string().c_str());
    }
  }

  static std::optional<std::vector<uint64_t>> Numbers(const json::value* list) {
    const auto* items = list ? list->if_array() : nullptr;
    if (!items) return std::nullopt;
    std::vector<uint64_t> numbers;
    for (const json::value& item : *items) {
      boost::system::error_code inexact;
      if (!item.is_number()) return std::nullopt;
      numbers.push_back(item.to_number<uint64_t>(inexact));
      if (inexact) return std::nullopt;
    }
    return numbers;
  }

  Result<std::pair<uint64_t, NamedTensor>> ReadTensor(const std::string& key,
                                                      const json::value& value) {
    const std::string dtype(StringOr(value, "dtype"));
    const auto type = std::ranges::find(kTypes, std::string_view(dtype), &TypeRow::name);
    if (type == kTypes.end()) {
      Error error = Broken(fmt::format("{} is {}; F32, F16 and BF16 are read", key, dtype));
      error.kind = ErrorKind::kUnsupported;
      return Fail(std::move(error));
    }
    auto shape = Numbers(Find(value, "shape"));
    const auto offsets = Numbers(Find(value, "data_offsets"));
    const auto elements = shape ? ElementsOf(*shape) : std::nullopt;
    if (!elements || !offsets || offsets->size() != 2) {
      return Fail(Broken(key + " has no shape or no data_offsets"));
    }
    const uint64_t begin = (*offsets)[0], end = (*offsets)[1];
    if (begin > end || end > data_.size() || *elements != (end - begin) / type->bytes ||
        (end - begin) % type->bytes != 0) {
      return Fail(
          Broken(fmt::format("{}: data_offsets [{}, {}] do not fit its shape, or lie "
                             "outside of the file",
                             key, begin, end)));
    }
    ranges_.emplace(begin, end);
    GgufTensor raw;
    raw.name = key;
    raw.type = type->encoding;
    raw.shape[0] = *elements;
    raw.bytes = data_.substr(begin, end - begin);
    TRY(auto values, DecodeTensor(raw));
    return std::pair(begin, NamedTensor{key, *std::move(shape), std::move(values)});
  }

  Status CheckGaps() const {
    uint64_t at = 0;
    for (const auto& [begin, end] : ranges_) {
      if (begin != at) return Fail(Broken(fmt::format("data overlaps or has a gap at {}", at)));
      at = end;
    }
    if (at != data_.size()) return Fail(Broken("bytes behind the last tensor"));
    return {};
  }

  std::string_view data_, name_;
  std::multiset<std::pair<uint64_t, uint64_t>> ranges_;
};

}  // namespace

Result<std::string> BuildSafetensors(const std::vector<NamedTensor>& tensors, SafetensorsType type,
                                     const SafetensorsMetadata& metadata) {
  const TypeRow& row = *std::ranges::find(kTypes, type, &TypeRow::type);
  json::object header;
  if (!metadata.empty()) {
    json::object members;
    for (const auto& [key, text] : metadata) members[key] = text;
    header[kMetadata] = std::move(members);
  }
  std::string data;
  for (const NamedTensor& tensor : tensors) {
    if (ElementsOf(tensor.shape) != tensor.values.size()) {
      return Fail(InvalidInput(
          fmt::format("{}: {} values do not fit its shape", tensor.name, tensor.values.size())));
    }
    if (tensor.name == kMetadata || header.contains(tensor.name)) {
      return Fail(InvalidInput(fmt::format("the name {} is taken", tensor.name)));
    }
    TRY(const std::string bytes, EncodeTensor(tensor.values, row.encoding));
    header[tensor.name] = json::object{
        {"dtype", row.name},
        {"shape", ShapeJson(tensor.shape)},
        {"data_offsets", json::array{uint64_t{data.size()}, uint64_t{data.size() + bytes.size()}}}};
    data += bytes;
  }
  std::string text = json::serialize(header);
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const uint64_t length = text.size();
  std::string out(kLengthBytes, '\0');
  std::memcpy(out.data(), &length, kLengthBytes);
  return out + text + data;
}

Result<SafetensorsFile> ParseSafetensors(std::string_view bytes, std::string_view name) {
  uint64_t length = 0;
  if (bytes.size() >= kLengthBytes) std::memcpy(&length, bytes.data(), kLengthBytes);
  if (bytes.size() < kLengthBytes || length > kMaxHeaderBytes ||
      length > bytes.size() - kLengthBytes) {
    return Fail(InvalidInput(fmt::format("{}: no safetensors file, or cut short", name)));
  }
  const auto header = ParseJson(bytes.substr(kLengthBytes, length));
  if (!header || !header->is_object()) {
    return Fail(InvalidInput(fmt::format("{}: its header is no JSON object", name)));
  }
  SafetensorsFile file;
  HeaderReader reader(bytes.substr(kLengthBytes + length), name);
  TRY_VOID(reader.Read(header->get_object(), file));
  return file;
}

}  // namespace understudy
