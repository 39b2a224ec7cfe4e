// What serving needs to know of a base model, read from its GGUF metadata.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "gguf/file.h"

namespace understudy {

struct ModelMeta {
  std::string architecture;  // "llama", "qwen3", "granitehybrid"
  std::string name;          // may be empty
  uint64_t context_tokens = 0;
  uint64_t embedding_length = 0;
  uint64_t layers = 0;
  uint64_t vocabulary = 0;
  uint64_t parameters = 0;  // elements of all tensors
  std::string chat_template;
  // Texts that the tokenizer turns into one token of the vocabulary even inside plain text and
  // that mean structure: every control token, and those user-defined tokens that the chat
  // template mentions or that are written <|so|>. (Vocabularies also list runs of white space
  // and HTML tags as user-defined; those are ordinary text.)
  std::vector<std::string> control_texts;
};

// Whether a token is one of the control texts: by its spelling, its number in
// tokenizer.ggml.token_type, and the model's chat template.
bool IsControlText(std::string_view token, int64_t type, std::string_view chat_template);

// kInvalidInput when the file is no language model (no architecture, an adapter, no vocabulary).
Result<ModelMeta> ReadModelMeta(const GgufFile& file);

}  // namespace understudy
