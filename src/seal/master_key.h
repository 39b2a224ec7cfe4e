// The master key: 32 bytes that wrap data keys, and nothing else. Whoever has it can read all that
// was sealed under it; without it nobody can.
//
// Where it comes from is one text:
//   "file:PATH"      a file; a relative path starts at the workspace
//   "env:NAME"       an environment variable
//   "command:LINE"   what `sh -c LINE` prints, within 30 seconds: so any key service can be asked
// and there it stands as 64 hexadecimal digits, as base64 of 32 bytes, or as 32 bytes.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "seal/seal.h"

namespace understudy {

class MasterKey {
 public:
  explicit MasterKey(SecretKey key);

  // 16 hexadecimal digits that name the key and say nothing about it.
  const std::string& id() const { return id_; }

  // A data key as it may lie on a disk, bound to `context`.
  std::string Wrap(const SecretKey& data_key, std::string_view context) const;
  // Nothing: it was wrapped by another key, for another context, or was altered.
  std::optional<SecretKey> Unwrap(std::string_view wrapped, std::string_view context) const;

  // 64 hexadecimal digits and a newline, as a file holds it.
  std::string ToText() const;

 private:
  SecretKey key_;
  std::string id_;
};

// kNotFound where the file, variable or program is not there; kInvalidInput for what is no key (the
// text itself is never shown); kIo and kTimeout for what a file or program does.
Result<MasterKey> LoadMasterKey(std::string_view source, const std::filesystem::path& workspace);
// The key in this text; nothing if there is none.
std::optional<MasterKey> ParseMasterKey(std::string_view text);

// The file that a source names; nothing for other kinds.
std::optional<std::filesystem::path> MasterKeyFile(std::string_view source,
                                                   const std::filesystem::path& workspace);
// What is wrong with the text as a source; empty if nothing.
std::string CheckMasterKeySource(std::string_view source);

// Makes the file (mode 0600, its folder 0700) with a new random key, on the disk when this returns.
// A file that is there already stays as it is.
Status MakeMasterKeyFile(const std::filesystem::path& path);

}  // namespace understudy
