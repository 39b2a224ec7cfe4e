// The catalogue of small language models to begin from (weights/catalogue.toml explains its keys).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace understudy {

struct PublishedScore {
  std::string benchmark;
  double value = 0;    // as published, usually percent
  std::string source;  // where: a URL
};

struct CatalogueModel {
  std::string name;
  std::filesystem::path file;  // absolute; empty where there is only a URL
  std::string url;
  std::string architecture;  // as GGUF's general.architecture
  std::string licence;
  uint64_t parameters = 0;
  int64_t context = 0;  // tokens at most
  double bits = 16;     // of a weight as served
  int64_t attention_layers = 0, kv_heads = 0, head_size = 0;
  int64_t state_layers = 0, state_inner = 0, state_size = 0;  // Mamba2
  std::vector<PublishedScore> scores;

  std::string_view family() const;  // "transformer", "hybrid" or "state space"
};

// kInvalidInput names the model and key at fault: unknown keys and wrong types too, so that a
// misspelt one is not overlooked. Files are relative to the catalogue's folder; they need not
// exist.
Result<std::vector<CatalogueModel>> ReadCatalogue(const std::filesystem::path& path);
Result<std::vector<CatalogueModel>> ParseCatalogue(std::string_view toml,
                                                   const std::filesystem::path& folder);

// Bytes that serving it takes, estimated: weights; keys and values of attention (two bytes each,
// growing with the context) and states (four bytes, however long the context is) for each slot; and
// what llama-server itself takes (64 MiB and a tenth of the weights for its buffers).
int64_t MemoryNeed(const CatalogueModel& model, int64_t context, int64_t slots);

}  // namespace understudy
