#include "seal/master_key.h"

#include <fcntl.h>
#include <sodium.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include <fmt/format.h>

#include "base/file.h"
#include "base/ids.h"
#include "seal/key_command.h"

namespace understudy {
namespace {

constexpr std::string_view kFile = "file:", kVariable = "env:", kCommand = "command:";
constexpr std::string_view kIdContext = "understudy master key id";
constexpr std::chrono::seconds kCommandPatience(30);
constexpr size_t kIdDigits = 16;

// From hexadecimal or base64; empty: it is neither.
std::string Decoded(std::string_view text) {
  std::string bytes(text.size(), '\0');
  size_t size = 0;
  const char* end = nullptr;
  auto* const out = reinterpret_cast<unsigned char*>(bytes.data());
  const bool hex =
      text.size() == 2 * kSecretKeyBytes &&
      sodium_hex2bin(out, bytes.size(), text.data(), text.size(), nullptr, &size, &end) == 0 &&
      end == text.data() + text.size();
  const bool base64 = !hex &&
                      sodium_base642bin(out, bytes.size(), text.data(), text.size(), nullptr, &size,
                                        &end, sodium_base64_VARIANT_ORIGINAL) == 0 &&
                      end == text.data() + text.size();
  if (!hex && !base64) size = 0;
  bytes.resize(size);
  return bytes;
}

Result<std::string> FileText(const std::filesystem::path& path) {
  std::error_code missing;
  if (!std::filesystem::exists(path, missing)) {
    return Fail(NotFound("the master key's file is not there")
                    .At(path.string())
                    .Mend("Restore it from a copy, or name where it is in store.master_key; "
                          "without it what was recorded cannot be read."));
  }
  return ReadFile(path, 4096);
}

Result<std::string> VariableText(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value && *value) return std::string(value);
  return Fail(NotFound(fmt::format("the environment variable {} is not set", name))
                  .At("store.master_key")
                  .Mend(fmt::format("Set it to the master key: export {}=...", name)));
}

Result<std::string> SourceText(std::string_view source, const std::filesystem::path& workspace) {
  if (const auto file = MasterKeyFile(source, workspace)) return FileText(*file);
  if (source.starts_with(kVariable)) {
    return VariableText(std::string(source.substr(kVariable.size())));
  }
  if (source.starts_with(kCommand)) {
    return OutputOfKeyCommand(std::string(source.substr(kCommand.size())), kCommandPatience);
  }
  return Fail(InvalidInput(CheckMasterKeySource(source)).At("store.master_key"));
}

}  // namespace

MasterKey::MasterKey(SecretKey key)
    : key_(std::move(key)), id_(KeyedHash(key_.bytes(), kIdContext).substr(0, kIdDigits)) {}

std::string MasterKey::Wrap(const SecretKey& data_key, std::string_view context) const {
  std::string wrapped;
  AppendSealed(key_, data_key.bytes(), context, wrapped);
  return wrapped;
}

std::optional<SecretKey> MasterKey::Unwrap(std::string_view wrapped,
                                           std::string_view context) const {
  std::string bytes;
  if (!OpenSealed(key_, wrapped, context, bytes)) return std::nullopt;
  auto key = SecretKey::From(bytes);
  WipeText(bytes);
  return key;
}

std::string MasterKey::ToText() const {
  return ToHex(key_.bytes()) + '\n';
}

std::optional<MasterKey> ParseMasterKey(std::string_view text) {
  auto raw = SecretKey::From(text);
  if (raw) return MasterKey(*std::move(raw));
  while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) {
    text.remove_suffix(1);
  }
  std::string bytes = Decoded(text);
  auto decoded = SecretKey::From(bytes);
  WipeText(bytes);
  if (!decoded) return std::nullopt;
  return MasterKey(*std::move(decoded));
}

Result<MasterKey> LoadMasterKey(std::string_view source, const std::filesystem::path& workspace) {
  TRY(std::string text, SourceText(source, workspace));
  auto key = ParseMasterKey(text);
  WipeText(text);
  if (key) return *std::move(key);
  const auto file = MasterKeyFile(source, workspace);
  return Fail(InvalidInput("this is no master key: 64 hexadecimal digits, or base64 of 32 bytes")
                  .At(file ? file->string() : std::string(source.substr(0, source.find(':'))))
                  .Mend("Restore it from a copy. A new one: openssl rand -hex 32"));
}

std::optional<std::filesystem::path> MasterKeyFile(std::string_view source,
                                                   const std::filesystem::path& workspace) {
  if (!source.starts_with(kFile) || source == kFile) return std::nullopt;
  return workspace / source.substr(kFile.size());
}

std::string CheckMasterKeySource(std::string_view source) {
  for (const std::string_view kind : {kFile, kVariable, kCommand}) {
    if (source.starts_with(kind) && source.size() > kind.size()) return {};
  }
  // The text is not shown: it might be the key itself.
  return "expected \"file:PATH\", \"env:NAME\" or \"command:LINE\" (not shown here, it may be a "
         "key)";
}

// Linked into its place: of two that make it at once, one's key stays.
Status MakeMasterKeyFile(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::exists(path, ignored)) return {};
  TRY_VOID(MakeFolders(path.parent_path(), 0700));
  std::string beside = fmt::format("{}.{}", path.string(), ToHex(RandomBytes(8)));
  std::string text = MasterKey(SecretKey::Random()).ToText();
  const Status written = WriteFileAtomically(beside, text, 0600);
  WipeText(text);
  if (!written) return written;
  const bool linked = ::link(beside.c_str(), path.c_str()) == 0 || errno == EEXIST;
  const int reason = errno;
  ::unlink(beside.c_str());
  if (!linked) return Fail(IoErrorFromErrno("cannot create " + path.string(), reason));
  const int folder = ::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder >= 0) {
    ::fsync(folder);
    ::close(folder);
  }
  return {};
}

}  // namespace understudy
