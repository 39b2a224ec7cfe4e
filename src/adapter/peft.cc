#include "adapter/peft.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "adapter/hf_names.h"
#include "base/file.h"

namespace understudy {
namespace {

Error Unsupported(std::string message) {
  Error error = InvalidInput(std::move(message));
  error.kind = ErrorKind::kUnsupported;
  return error;
}

// A count of heads: one number, or one a layer.
uint64_t HeadsOf(const GgufFile& base, std::string_view architecture, const HfModule& module) {
  const std::string key =
      fmt::format("{}.attention.head_count{}", architecture, module.of_keys ? "_kv" : "");
  if (const auto one = base.Unsigned(key)) return *one;
  const GgufValue* list = base.Find(key);
  if (!list) return 0;
  const auto counts = list->Integers();
  return module.layer < counts.size() && counts[module.layer] > 0
             ? static_cast<uint64_t>(counts[module.layer])
             : 0;
}

// A module's parts as they come, by their place in it.
struct Module {
  uint32_t parts = 1;
  std::map<uint32_t, LoraTensor> tensors;
};

uint32_t RankOf(const Module& module) {
  uint32_t rank = 0;
  for (const auto& [part, tensor] : module.tensors) rank += tensor.rank;
  return rank;
}

// B of a stack of parts: each part's B in rows and columns of its own; parts without an adapter
// keep rows of zeros. The module has one scale, alpha over its first part's rank, so that other
// ranks' B are brought to it.
std::vector<float> BlockDiagonal(const Module& module, uint64_t rank) {
  const LoraTensor& first = module.tensors.begin()->second;
  const uint64_t rows_a_part = first.rows_out;
  std::vector<float> b(module.parts * rows_a_part * rank, 0.0F);
  uint64_t column = 0;
  for (const auto& [part, tensor] : module.tensors) {
    const float scale = static_cast<float>(first.rank) / static_cast<float>(tensor.rank);
    for (uint64_t row = 0; row < rows_a_part; ++row) {
      for (uint64_t i = 0; i < tensor.rank; ++i) {
        b[(part * rows_a_part + row) * rank + column + i] = scale * tensor.b[row * tensor.rank + i];
      }
    }
    column += tensor.rank;
  }
  return b;
}

Status AddModule(const std::string& name, const Module& module, std::vector<NamedTensor>& out) {
  const LoraTensor& first = module.tensors.begin()->second;
  const uint64_t rank = RankOf(module);
  std::vector<float> a;
  for (const auto& [part, tensor] : module.tensors) {
    if (tensor.cols_in != first.cols_in || tensor.rows_out != first.rows_out) {
      return Fail(InvalidInput(fmt::format("the parts of {} differ in size", name)));
    }
    a.insert(a.end(), tensor.a.begin(), tensor.a.end());
  }
  const std::string key = "base_model.model." + name;
  out.push_back({key + ".lora_A.weight", {rank, first.cols_in}, std::move(a)});
  out.push_back({key + ".lora_B.weight",
                 {uint64_t{module.parts} * first.rows_out, rank},
                 BlockDiagonal(module, rank)});
  return {};
}

// The rank that most modules have; PEFT takes the others by name.
uint32_t UsualRank(const std::map<std::string, Module>& modules) {
  std::map<uint32_t, int> counts;
  for (const auto& [name, module] : modules) ++counts[RankOf(module)];
  return std::ranges::max_element(counts, {}, [](const auto& item) { return item.second; })->first;
}

json::object MakeConfig(const LoraAdapter& adapter, const std::map<std::string, Module>& modules,
                        std::string_view base_model) {
  const uint32_t usual = UsualRank(modules);
  // alpha / rank of the whole module shall be alpha / rank of its first part: see BlockDiagonal.
  const auto alpha_of = [&](const Module& module) {
    const double scale = adapter.alpha / static_cast<double>(module.tensors.begin()->second.rank);
    return scale * RankOf(module);
  };
  double usual_alpha = adapter.alpha;
  json::array targets;
  json::object ranks, alphas;
  for (const auto& [name, module] : modules) {
    if (RankOf(module) == usual && module.parts == 1) usual_alpha = alpha_of(module);
  }
  for (const auto& [name, module] : modules) {
    targets.push_back(json::value(name));
    if (RankOf(module) != usual) ranks[name] = RankOf(module);
    if (alpha_of(module) != usual_alpha) alphas[name] = alpha_of(module);
  }
  return {{"peft_type", "LORA"},
          {"task_type", "CAUSAL_LM"},
          {"base_model_name_or_path", base_model},
          {"r", usual},
          {"lora_alpha", usual_alpha},
          {"lora_dropout", 0.0},
          {"bias", "none"},
          {"fan_in_fan_out", false},
          {"inference_mode", true},
          {"init_lora_weights", true},
          {"modules_to_save", nullptr},
          {"target_modules", std::move(targets)},
          {"rank_pattern", std::move(ranks)},
          {"alpha_pattern", std::move(alphas)},
          {"use_dora", false},
          {"use_rslora", false}};
}

// PEFT knows modules whose weight a model's fast kernels read past an adapter, and does not load a
// folder that has one: _check_lora_target_modules_mamba in its tuners_utils.py.
bool RefusedByPeft(const LoraAdapter& adapter, const HfModule& module) {
  return adapter.architecture == "mamba2" && module.name.ends_with(".out_proj");
}

Result<std::map<std::string, Module>> GroupByModule(const LoraAdapter& adapter,
                                                    const GgufFile& base) {
  std::map<std::string, Module> modules;
  for (const LoraTensor& tensor : adapter.tensors) {
    const auto place = FindHfModule(adapter.architecture, tensor.base_name);
    if (!place) {
      return Fail(Unsupported(fmt::format("{} of a {} model has no counterpart in Hugging Face's",
                                          tensor.base_name, adapter.architecture))
                      .Mend(fmt::format("The GGUF adapter works without it. Known: {}.",
                                        KnownArchitectures())));
    }
    if (RefusedByPeft(adapter, *place)) {
      return Fail(Unsupported(fmt::format("PEFT takes no adapter on {} of a {} model",
                                          tensor.base_name, adapter.architecture))
                      .Mend("The GGUF adapter works without it."));
    }
    LoraTensor turned = tensor;
    if (place->order == RowOrder::kRotary) {
      const uint64_t heads = HeadsOf(base, adapter.architecture, *place);
      TRY(turned.b, UnpermuteRotary(tensor.b, tensor.rank, heads));
    }
    Module& module = modules[place->name];
    module.parts = place->parts;
    if (!module.tensors.emplace(place->part, std::move(turned)).second) {
      return Fail(InvalidInput(fmt::format("{} is adapted twice", tensor.base_name)));
    }
  }
  return modules;
}

}  // namespace

Result<std::vector<float>> UnpermuteRotary(const std::vector<float>& rows, uint64_t columns,
                                           uint64_t heads) {
  const uint64_t count = columns > 0 ? rows.size() / columns : 0;
  if (heads == 0 || count % (2 * heads) != 0 || count * columns != rows.size()) {
    return Fail(InvalidInput(
        fmt::format("{} rows are no {} heads of an even number of rows", count, heads)));
  }
  const uint64_t half = count / heads / 2;
  std::vector<float> out(rows.size());
  for (uint64_t head = 0; head < heads; ++head) {
    for (uint64_t row = 0; row < 2 * half; ++row) {
      const uint64_t from = head * 2 * half + row;
      const uint64_t to = head * 2 * half + row % 2 * half + row / 2;
      std::copy_n(rows.begin() + static_cast<int64_t>(from * columns), columns,
                  out.begin() + static_cast<int64_t>(to * columns));
    }
  }
  return out;
}

Result<PeftAdapter> MakePeft(const LoraAdapter& adapter, const GgufFile& base,
                             std::string_view base_model) {
  if (adapter.tensors.empty()) return Fail(InvalidInput("the adapter adapts nothing"));
  TRY(const auto modules, GroupByModule(adapter, base));
  PeftAdapter peft;
  for (const auto& [name, module] : modules) TRY_VOID(AddModule(name, module, peft.tensors));
  peft.config = MakeConfig(adapter, modules, base_model);
  return peft;
}

Status WritePeft(const PeftAdapter& peft, const std::filesystem::path& folder) {
  TRY_VOID(MakeFolders(folder));
  TRY(const std::string bytes,
      BuildSafetensors(peft.tensors, SafetensorsType::kF32, {{"format", "pt"}}));
  TRY_VOID(WriteFileAtomically(folder / "adapter_model.safetensors", bytes));
  return WriteFileAtomically(folder / "adapter_config.json", json::serialize(peft.config) + "\n");
}

}  // namespace understudy
