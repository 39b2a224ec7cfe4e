#include "gguf/model_meta.h"

#include <fmt/format.h>

namespace understudy {
namespace {

constexpr int64_t kControlToken = 3, kUserDefinedToken = 4;
constexpr size_t kShortestControlText = 3;  // "<s>"; one character is never structure

std::vector<std::string> ControlTexts(const GgufFile& file, std::string_view chat_template) {
  std::vector<std::string> texts;
  const GgufValue* tokens = file.Find("tokenizer.ggml.tokens");
  const GgufValue* types = file.Find("tokenizer.ggml.token_type");
  if (tokens == nullptr || types == nullptr) return texts;
  const auto names = tokens->Texts();
  const auto kinds = types->Integers();
  for (size_t i = 0; i < names.size() && i < kinds.size(); ++i) {
    if (IsControlText(names[i], kinds[i], chat_template)) texts.emplace_back(names[i]);
  }
  return texts;
}

}  // namespace

bool IsControlText(std::string_view token, int64_t type, std::string_view chat_template) {
  if (token.size() < kShortestControlText) return false;
  if (type == kControlToken) return true;
  if (type != kUserDefinedToken || token.find_first_not_of(" \t\r\n") == token.npos) return false;
  const bool is_barred = token.starts_with("<|") && token.ends_with("|>");
  return is_barred || chat_template.find(token) != chat_template.npos;
}

Result<ModelMeta> ReadModelMeta(const GgufFile& file) {
  ModelMeta meta;
  meta.architecture = file.Text("general.architecture").value_or("");
  const GgufValue* tokens = file.Find("tokenizer.ggml.tokens");
  if (meta.architecture.empty() || tokens == nullptr ||
      file.Text("general.type").value_or("model") != "model") {
    return Fail(InvalidInput("the GGUF file is no language model: it lacks an architecture or a "
                             "vocabulary, or is an adapter")
                    .Mend("Name a base model's file."));
  }
  const auto number = [&](std::string_view key) {
    return file.Unsigned(fmt::format("{}.{}", meta.architecture, key)).value_or(0);
  };
  meta.name = file.Text("general.name").value_or("");
  meta.context_tokens = number("context_length");
  meta.embedding_length = number("embedding_length");
  meta.layers = number("block_count");
  meta.vocabulary = tokens->count();
  for (const GgufTensor& tensor : file.tensors()) meta.parameters += tensor.elements();
  meta.chat_template = file.Text("tokenizer.chat_template").value_or("");
  meta.control_texts = ControlTexts(file, meta.chat_template);
  return meta;
}

}  // namespace understudy
