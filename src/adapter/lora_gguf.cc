#include "adapter/lora_gguf.h"

#include <cmath>

#include <fmt/format.h>

#include "base/file.h"
#include "gguf/writer.h"

namespace understudy {
namespace {

constexpr std::string_view kSuffixA = ".lora_a";
constexpr std::string_view kSuffixB = ".lora_b";

Status CheckSizes(const LoraTensor& tensor) {
  const uint64_t rank = tensor.rank;
  const bool fits = rank > 0 && tensor.a.size() == rank * tensor.cols_in &&
                    tensor.b.size() == rank * tensor.rows_out && !tensor.a.empty() &&
                    !tensor.b.empty();
  if (fits) return {};
  return Fail(InvalidInput(fmt::format("{}: {} and {} numbers do not fit rank {}, {} in, {} out",
                                       tensor.base_name, tensor.a.size(), tensor.b.size(), rank,
                                       tensor.cols_in, tensor.rows_out)));
}

void SetHead(GgufWriter& writer, const LoraAdapter& adapter) {
  writer.Set("general.architecture", adapter.architecture);
  writer.Set("general.type", "adapter");
  writer.Set("adapter.type", "lora");
  writer.Set("adapter.lora.alpha", adapter.alpha);
  if (!adapter.task_name.empty()) {
    writer.Set("general.name", adapter.task_name);
    writer.Set("adapter.lora.task_name", adapter.task_name);
  }
}

Result<LoraTensor> ReadPair(const GgufFile& file, const GgufTensor& a) {
  LoraTensor tensor;
  tensor.base_name = a.name.substr(0, a.name.size() - kSuffixA.size());
  const GgufTensor* b = file.FindTensor(tensor.base_name + std::string(kSuffixB));
  if (!b || a.dimensions != 2 || b->dimensions != 2 || a.shape[1] != b->shape[0]) {
    return Fail(InvalidInput(fmt::format("{} and its .lora_b are no pair of matrices", a.name)));
  }
  tensor.cols_in = static_cast<uint32_t>(a.shape[0]);
  tensor.rank = static_cast<uint32_t>(a.shape[1]);
  tensor.rows_out = static_cast<uint32_t>(b->shape[1]);
  TRY(tensor.a, DecodeTensor(a));
  TRY(tensor.b, DecodeTensor(*b));
  return tensor;
}

}  // namespace

Result<std::string> BuildLoraGguf(const LoraAdapter& adapter, TensorType type) {
  if (!(std::isfinite(adapter.alpha) && adapter.alpha > 0)) {
    return Fail(InvalidInput("an adapter's alpha must be above 0"));
  }
  if (type != TensorType::kF32 && type != TensorType::kF16 && type != TensorType::kBF16) {
    Error error = InvalidInput(fmt::format("adapters are not written as {}", Name(type)));
    error.kind = ErrorKind::kUnsupported;
    return Fail(std::move(error));
  }
  GgufWriter writer;
  SetHead(writer, adapter);
  std::vector<std::string> bytes;
  bytes.reserve(2 * adapter.tensors.size());  // the writer borrows them
  for (const LoraTensor& tensor : adapter.tensors) {
    TRY_VOID(CheckSizes(tensor));
    TRY(std::string a, EncodeTensor(tensor.a, type));
    TRY(std::string b, EncodeTensor(tensor.b, type));
    const std::array<uint64_t, 2> shape_a{tensor.cols_in, tensor.rank};
    const std::array<uint64_t, 2> shape_b{tensor.rank, tensor.rows_out};
    writer.AddTensor(tensor.base_name + std::string(kSuffixA), shape_a, type,
                     bytes.emplace_back(std::move(a)));
    writer.AddTensor(tensor.base_name + std::string(kSuffixB), shape_b, type,
                     bytes.emplace_back(std::move(b)));
  }
  return writer.Build();
}

Result<LoraAdapter> ReadLoraGguf(const GgufFile& file) {
  const auto architecture = file.Text("general.architecture");
  const auto alpha = file.Number("adapter.lora.alpha");
  if (file.Text("adapter.type") != "lora" || !architecture || !alpha) {
    return Fail(
        InvalidInput("the file is no LoRA adapter: adapter.type, adapter.lora.alpha or "
                     "general.architecture is missing"));
  }
  LoraAdapter adapter;
  adapter.architecture = *architecture;
  adapter.task_name = file.Text("adapter.lora.task_name").value_or("");
  adapter.alpha = static_cast<float>(*alpha);
  for (const GgufTensor& tensor : file.tensors()) {
    if (!tensor.name.ends_with(kSuffixA)) continue;
    TRY(LoraTensor pair, ReadPair(file, tensor));
    adapter.tensors.push_back(std::move(pair));
  }
  return adapter;
}

Result<AdapterSummary> PublishLoraGguf(const LoraAdapter& adapter, TensorType type,
                                       const GgufFile& base, const std::filesystem::path& path) {
  TRY(const std::string bytes, BuildLoraGguf(adapter, type));
  TRY(const GgufFile written, GgufFile::Parse(bytes, path.string()));
  TRY(const AdapterSummary summary, CheckAdapter(base, written));
  TRY_VOID(WriteFileAtomically(path, bytes));
  return summary;
}

}  // namespace understudy
