// The command line of llama-server: what our use of it rests on, in one place.
//
// Two flags are for the adapters' sake: every adapter is loaded at scale 0 (a request names the
// scales of all of them), and the prompt cache in memory (-cram) is off, because it hands one
// adapter's state to another's request. Assistant messages at the end are not continued
// (--no-prefill-assistant), as with every other chat API.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace understudy {

struct LlamaSetup {
  std::filesystem::path program;
  std::string name;            // of the model; llama-server reports it as the answer's model
  std::filesystem::path gguf;  // absolute
  std::vector<std::filesystem::path> adapters;  // absolute; their place is their id
  int64_t slots = 4;
  int64_t context = 4096;  // tokens a slot
  int64_t threads = 0;     // 0: one a core
  int64_t gpu_layers = 0;
  std::vector<std::string> extra;
  bool embeddings = false;  // serves /v1/embeddings (mean pooling) instead of chats
};

// `adapter_links`: names of the adapters without commas and colons, in order.
std::vector<std::string> LlamaArguments(const LlamaSetup& setup, const std::string& socket,
                                        const std::vector<std::string>& adapter_links);

// kInvalidInput, naming the argument, for extra arguments that would break what is built on the
// others: addresses, adapters, caches, slots, keys, templates' engine, built-in tools.
Status CheckExtraArguments(const std::vector<std::string>& extra);

}  // namespace understudy
