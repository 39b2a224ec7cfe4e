// What tells one base model from another: an adapter belongs to exactly one.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "base/file.h"
#include "base/json.h"
#include "base/result.h"

namespace understudy {

struct BaseIdentity {
  std::string name;  // general.name, else the file's name
  std::string file;  // its path as given
  std::string architecture;
  uint64_t parameters = 0;
  std::string sha256;            // of the whole file, hex
  std::string tokenizer_sha256;  // of every tokenizer.* key but the template, in order of keys
  std::string template_sha256;   // of tokenizer.chat_template; empty without one
  std::string licence;           // general.license; empty where it is not said
};

// Reads the whole file once (about a second a gigabyte).
Result<BaseIdentity> IdentifyBase(const std::filesystem::path& path);

json::object ToJson(const BaseIdentity& base);

}  // namespace understudy
