#include "adapter/base_identity.h"

#include <map>

#include <fmt/format.h>

#include "base/ids.h"
#include "gguf/file.h"
#include "gguf/model_meta.h"

namespace understudy {
namespace {

constexpr std::string_view kTemplateKey = "tokenizer.chat_template";

// A value by what it says, not by how it is stored.
std::string Spelled(const GgufValue& value) {
  if (const auto text = value.Text()) return std::string(*text);
  if (const auto flag = value.Bool()) return *flag ? "true" : "false";
  if (const auto number = value.Signed()) return fmt::format("{}", *number);
  if (const auto number = value.Number()) return fmt::format("{}", *number);
  std::string out;
  for (const std::string_view text : value.Texts()) out += fmt::format("{}:{}", text.size(), text);
  if (!out.empty()) return out;
  for (const int64_t number : value.Integers()) out += fmt::format("{},", number);
  if (!out.empty()) return out;
  for (const double number : value.Numbers()) out += fmt::format("{},", number);
  return out;
}

std::string HashTokenizer(const GgufFile& file) {
  std::map<std::string_view, std::string> entries;
  for (const auto& [key, value] : file.metadata()) {
    if (key.starts_with("tokenizer.") && key != kTemplateKey) entries[key] = Spelled(value);
  }
  std::string all;
  for (const auto& [key, text] : entries) all += fmt::format("{}={}:{}\n", key, text.size(), text);
  return Sha256Hex(all);
}

}  // namespace

Result<BaseIdentity> IdentifyBase(const std::filesystem::path& path) {
  TRY(const GgufFile file, GgufFile::Open(path));
  TRY(const ModelMeta meta, ReadModelMeta(file));
  BaseIdentity base;
  base.name = meta.name.empty() ? path.filename().string() : meta.name;
  base.file = path.string();
  base.architecture = meta.architecture;
  base.parameters = meta.parameters;
  TRY(base.sha256, HashFile(path));
  base.tokenizer_sha256 = HashTokenizer(file);
  if (!meta.chat_template.empty()) base.template_sha256 = Sha256Hex(meta.chat_template);
  base.licence = file.Text("general.license").value_or("");
  return base;
}

json::object ToJson(const BaseIdentity& base) {
  return {{"name", base.name},
          {"file", base.file},
          {"architecture", base.architecture},
          {"parameters", base.parameters},
          {"sha256", base.sha256},
          {"tokenizer_sha256", base.tokenizer_sha256},
          {"template_sha256", base.template_sha256},
          {"licence", base.licence}};
}

}  // namespace understudy
