#include "gguf/adapter_check.h"

#include <algorithm>
#include <cmath>
#include <string>

#include <fmt/format.h>

#include "gguf/convert.h"

namespace understudy {
namespace {

constexpr std::string_view kSuffixA = ".lora_a";
constexpr std::string_view kSuffixB = ".lora_b";

Error Wrong(std::string message) {
  return InvalidInput("the adapter cannot be used: " + std::move(message))
      .Mend("Train or convert it again for exactly this base model.");
}

std::string Shape(const GgufTensor& tensor) {
  return fmt::format(
      "{{{}}}", fmt::join(tensor.shape.begin(), tensor.shape.begin() + tensor.dimensions, ", "));
}

Status ExpectText(const GgufFile& file, std::string_view key, std::string_view expected) {
  const auto found = file.Text(key);
  if (found == expected) return {};
  return Fail(Wrong(
      fmt::format("its {} is \"{}\", expected \"{}\"", key, found.value_or("(none)"), expected)));
}

Result<double> ReadAlpha(const GgufFile& adapter) {
  const auto alpha = adapter.Number("adapter.lora.alpha");
  if (alpha && std::isfinite(*alpha) && *alpha > 0) return *alpha;
  return Fail(Wrong("adapter.lora.alpha is missing, not finite, or not above 0"));
}

Status CheckValues(const GgufTensor& tensor) {
  if (tensor.type != TensorType::kF32 && tensor.type != TensorType::kF16 &&
      tensor.type != TensorType::kBF16) {
    return Fail(Wrong(
        fmt::format("{} is {}; f32, f16 and bf16 are possible", tensor.name, Name(tensor.type))));
  }
  TRY(const auto values, DecodeTensor(tensor));
  const bool is_finite =
      std::all_of(values.begin(), values.end(), [](float value) { return std::isfinite(value); });
  if (!is_finite)
    return Fail(Wrong(fmt::format("{} holds values that are not finite", tensor.name)));
  return {};
}

Status CheckTarget(const GgufTensor& target) {
  if (target.dimensions < 2) {
    return Fail(Wrong(fmt::format("{} is no matrix: adapting it has no effect", target.name)));
  }
  if (target.name.starts_with("token_embd.")) {
    return Fail(Wrong("the token embedding cannot be adapted: llama-server may abort on it"));
  }
  return {};
}

// a {in, r[, experts]}, b {r, out[, experts]}, target {in, out[, experts]}.
Status CheckShapes(const GgufTensor& target, const GgufTensor& a, const GgufTensor& b) {
  const bool fits = a.shape[0] == target.shape[0] && b.shape[1] == target.shape[1] &&
                    a.shape[1] == b.shape[0] && a.shape[2] == target.shape[2] &&
                    b.shape[2] == target.shape[2] && a.shape[3] == 1 && b.shape[3] == 1;
  if (fits) return {};
  return Fail(Wrong(fmt::format("{} {} and {} {} do not fit {} {}", a.name, Shape(a), b.name,
                                Shape(b), target.name, Shape(target))));
}

Status CheckPair(const GgufFile& base, const GgufFile& adapter, const GgufTensor& a,
                 AdapterSummary& summary) {
  const std::string_view target_name = a.name.substr(0, a.name.size() - kSuffixA.size());
  const GgufTensor* target = base.FindTensor(target_name);
  if (target == nullptr) {
    return Fail(Wrong(fmt::format("the base model has no tensor {}", target_name)));
  }
  const GgufTensor* b = adapter.FindTensor(std::string(target_name) + std::string(kSuffixB));
  if (b == nullptr) return Fail(Wrong(fmt::format("{} has no .lora_b beside it", a.name)));
  TRY_VOID(CheckTarget(*target));
  TRY_VOID(CheckShapes(*target, a, *b));
  TRY_VOID(CheckValues(a));
  TRY_VOID(CheckValues(*b));
  const uint64_t rank = a.shape[1];
  summary.least_rank = summary.targets == 0 ? rank : std::min(summary.least_rank, rank);
  summary.most_rank = std::max(summary.most_rank, rank);
  summary.parameters += a.elements() + b->elements();
  ++summary.targets;
  return {};
}

}  // namespace

Result<AdapterSummary> CheckAdapter(const GgufFile& base, const GgufFile& adapter) {
  TRY_VOID(ExpectText(adapter, "general.type", "adapter"));
  TRY_VOID(ExpectText(adapter, "adapter.type", "lora"));
  const auto architecture = base.Text("general.architecture");
  if (!architecture) return Fail(Wrong("its base model names no architecture"));
  TRY_VOID(ExpectText(adapter, "general.architecture", *architecture));
  AdapterSummary summary;
  TRY(summary.alpha, ReadAlpha(adapter));
  for (const GgufTensor& tensor : adapter.tensors()) {
    if (tensor.name.ends_with(kSuffixA)) {
      TRY_VOID(CheckPair(base, adapter, tensor, summary));
    } else if (!tensor.name.ends_with(kSuffixB)) {
      return Fail(Wrong(fmt::format("{} is neither a .lora_a nor a .lora_b", tensor.name)));
    }
  }
  if (summary.targets == 0) return Fail(Wrong("it adapts nothing"));
  if (summary.targets * 2 != adapter.tensors().size()) {
    return Fail(Wrong("it has a .lora_b without its .lora_a"));
  }
  return summary;
}

}  // namespace understudy
