#include "nn/lora.h"

#include <ATen/CPUGeneratorImpl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

namespace understudy::nn {
namespace {

std::string_view GroupOf(std::string_view name) {
  if (name.find(".attn_") != name.npos) return "attention";
  if (name.find(".ffn_") != name.npos) return "mlp";
  if (name.find(".ssm_") != name.npos) return "ssm";
  return "";
}

bool IsTarget(std::string_view name, const std::vector<std::string>& targets) {
  return std::ranges::any_of(
      targets, [&](const auto& target) { return target == "all" || target == GroupOf(name); });
}

std::vector<float> Numbers(const at::Tensor& tensor) {
  const at::Tensor flat = InMemory(tensor);
  return {flat.data_ptr<float>(), flat.data_ptr<float>() + flat.numel()};
}

}  // namespace

Result<std::vector<Parameter>> AddLora(LanguageModel& model, const LoraSettings& settings) {
  at::Generator random = at::detail::createCPUGenerator(settings.seed);
  std::vector<Parameter> parameters;
  for (Linear* linear : model.linears()) {
    if (!IsTarget(linear->name(), settings.targets)) continue;
    const int64_t out = linear->weight().out(), in = linear->weight().in();
    const double bound = 1 / std::sqrt(static_cast<double>(in));
    const at::Device device = linear->weight().values().device();
    const at::Tensor drawn =
        at::empty({settings.rank, in}, at::kFloat).uniform_(-bound, bound, random);
    LoraPair pair{.a = drawn.to(device),
                  .b = at::zeros({out, settings.rank}, at::kFloat).to(device),
                  .scale = settings.alpha / static_cast<double>(settings.rank),
                  .dropout = settings.dropout};
    pair.a.requires_grad_(true);
    pair.b.requires_grad_(true);
    parameters.push_back({linear->name() + ".weight.lora_a", pair.a, true});
    parameters.push_back({linear->name() + ".weight.lora_b", pair.b, true});
    linear->set_lora(std::move(pair));
  }
  if (parameters.empty()) {
    return Fail(InvalidInput(fmt::format("the base has no matrices of the kind {}",
                                         fmt::join(settings.targets, ", ")))
                    .At("--targets")
                    .Mend("Take all, or of attention, mlp, ssm those that the base has."));
  }
  return parameters;
}

LoraAdapter ExportLora(const LanguageModel& model, const LoraSettings& settings,
                       const std::vector<Parameter>& values, std::string task) {
  LoraAdapter adapter{.architecture = std::string(Name(model.config().architecture)),
                      .task_name = std::move(task),
                      .alpha = static_cast<float>(settings.alpha),
                      .tensors = {}};
  for (size_t i = 0; i + 1 < values.size(); i += 2) {
    const at::Tensor &a = values[i].value, &b = values[i + 1].value;
    adapter.tensors.push_back(
        {.base_name = values[i].name.substr(0, values[i].name.rfind(".lora_a")),
         .rows_out = static_cast<uint32_t>(b.size(0)),
         .cols_in = static_cast<uint32_t>(a.size(1)),
         .rank = static_cast<uint32_t>(a.size(0)),
         .a = Numbers(a),
         .b = Numbers(b)});
  }
  return adapter;
}

}  // namespace understudy::nn
