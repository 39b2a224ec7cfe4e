#include "adapter/hf_names.h"

#include <array>
#include <charconv>

#include <fmt/format.h>

namespace understudy {
namespace {

struct Row {
  std::string_view gguf, module;
  uint32_t parts = 1, part = 0;
};

constexpr Row kAttention[] = {
    {"attn_q", "self_attn.q_proj"},
    {"attn_k", "self_attn.k_proj"},
    {"attn_v", "self_attn.v_proj"},
    {"attn_output", "self_attn.o_proj"},
};
constexpr Row kGatedMlp[] = {
    {"ffn_gate", "mlp.gate_proj"},
    {"ffn_up", "mlp.up_proj"},
    {"ffn_down", "mlp.down_proj"},
};
// One matrix holds gate (above) and up (below). In models with experts the shared expert is it.
constexpr Row kSharedMlp[] = {
    {"ffn_gate", "shared_mlp.input_linear", 2, 0},
    {"ffn_up", "shared_mlp.input_linear", 2, 1},
    {"ffn_down", "shared_mlp.output_linear"},
    {"ffn_gate_shexp", "shared_mlp.input_linear", 2, 0},
    {"ffn_up_shexp", "shared_mlp.input_linear", 2, 1},
    {"ffn_down_shexp", "shared_mlp.output_linear"},
};
constexpr Row kMamba[] = {{"ssm_in", "mamba.in_proj"}, {"ssm_out", "mamba.out_proj"}};
constexpr Row kMixer[] = {{"ssm_in", "mixer.in_proj"}, {"ssm_out", "mixer.out_proj"}};

struct Architecture {
  std::string_view name, prefix;
  bool rotary;  // converting permutes q and k: llama.cpp turns neighbours, transformers halves
  std::array<std::span<const Row>, 3> tables;
};
const std::array<Architecture, 6> kArchitectures{{
    {"llama", "model.layers", true, {kAttention, kGatedMlp}},
    {"qwen2", "model.layers", false, {kAttention, kGatedMlp}},
    {"qwen3", "model.layers", false, {kAttention, kGatedMlp}},
    {"granite", "model.layers", true, {kAttention, kGatedMlp}},
    {"granitehybrid", "model.layers", true, {kAttention, kSharedMlp, kMamba}},
    {"mamba2", "backbone.layers", false, {kMixer}},
}};

const Architecture* FindArchitecture(std::string_view name) {
  const auto found = std::ranges::find(kArchitectures, name, &Architecture::name);
  return found == kArchitectures.end() ? nullptr : &*found;
}

const Row* FindRow(const Architecture& architecture, std::string_view gguf) {
  for (const auto& table : architecture.tables) {
    for (const Row& row : table) {
      if (row.gguf == gguf) return &row;
    }
  }
  return nullptr;
}

// "blk.3.attn_q.weight" -> 3, "attn_q".
std::optional<std::pair<uint32_t, std::string_view>> TakeApart(std::string_view name) {
  constexpr std::string_view head = "blk.", tail = ".weight";
  if (!name.starts_with(head) || !name.ends_with(tail)) return std::nullopt;
  name.remove_prefix(head.size());
  uint32_t layer = 0;
  const auto [end, bad] = std::from_chars(name.data(), name.data() + name.size(), layer);
  const auto digits = static_cast<size_t>(end - name.data());
  if (bad != std::errc() || name.size() <= digits + tail.size() || name[digits] != '.') {
    return std::nullopt;
  }
  name.remove_prefix(digits + 1);
  return std::pair(layer, name.substr(0, name.size() - tail.size()));
}

}  // namespace

std::optional<HfModule> FindHfModule(std::string_view architecture, std::string_view gguf_name) {
  const Architecture* known = FindArchitecture(architecture);
  if (!known) return std::nullopt;
  if (gguf_name == "output.weight") return HfModule{.name = "lm_head"};
  const auto parts = TakeApart(gguf_name);
  const Row* row = parts ? FindRow(*known, parts->second) : nullptr;
  if (!row) return std::nullopt;
  HfModule module;
  module.layer = parts->first;
  module.name = fmt::format("{}.{}.{}", known->prefix, module.layer, row->module);
  module.parts = row->parts;
  module.part = row->part;
  module.of_keys = row->gguf == "attn_k";
  const bool turned = known->rotary && (module.of_keys || row->gguf == "attn_q");
  module.order = turned ? RowOrder::kRotary : RowOrder::kSame;
  return module;
}

std::string_view KnownArchitectures() {
  return "llama, qwen2, qwen3, granite, granitehybrid, mamba2";
}

}  // namespace understudy
