#include "access/audit_entry.h"

#include <fcntl.h>

#include <fmt/format.h>

#include "access/file_lock.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/ids.h"

namespace understudy {
namespace {

constexpr std::string_view kBeforeMac = R"(,"mac":")";
constexpr std::string_view kAfterMac = "\"}";
constexpr size_t kMacTail = kBeforeMac.size() + kAuditMacDigits + kAfterMac.size();

// What a MAC is of: different kinds of text under one key must never be taken for each other.
std::string LineMac(std::string_view key, std::string_view before) {
  return KeyedHash(key, fmt::format("understudy audit line\n{}", before));
}

std::string HeadSeal(std::string_view key, const AuditHead& head) {
  return KeyedHash(
      key, fmt::format("understudy audit head\n{}\n{}\n{}", head.writer, head.number, head.mac));
}

// Cut to a bounded length, at the start of a UTF-8 character: what is written must be readable.
std::string Bounded(std::string_view text) {
  size_t end = std::min(text.size(), kMaxAuditFieldBytes);
  while (end > 0 && end < text.size() && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) {
    --end;
  }
  std::string bounded(text.substr(0, end));
  if (ParseJson(JsonString(bounded))) return bounded;
  for (char& c : bounded) c = static_cast<unsigned char>(c) < 0x80 ? c : '?';  // no UTF-8
  return bounded;
}

Result<std::string> ReadKey(const std::filesystem::path& path) {
  TRY(std::string key, ReadFile(path, 4096));
  if (key.size() == kAuditKeyBytes) return key;
  return Fail(IoError(fmt::format("the key has {} bytes, not {}", key.size(), kAuditKeyBytes))
                  .At(path.string())
                  .Mend("Restore it from a backup: without it the audit log proves nothing."));
}

bool HasMacTail(std::string_view line) {
  return line.size() > kMacTail && line.ends_with(kAfterMac) &&
         line.substr(line.size() - kMacTail).starts_with(kBeforeMac);
}

}  // namespace

std::filesystem::path AuditFolder(const std::filesystem::path& workspace) {
  return workspace / "audit";
}

std::filesystem::path AuditLogPath(const std::filesystem::path& workspace,
                                   std::string_view writer) {
  return AuditFolder(workspace) / fmt::format("{}.jsonl", writer);
}

std::filesystem::path AuditHeadPath(const std::filesystem::path& workspace,
                                    std::string_view writer) {
  return AuditFolder(workspace) / fmt::format("{}.head", writer);
}

Result<std::string> LoadAuditKey(const std::filesystem::path& workspace) {
  const auto path = workspace / "keys" / "audit.key";
  std::error_code unknown;
  if (std::filesystem::exists(path, unknown) || unknown) return ReadKey(path);
  TRY_VOID(MakeFolders(path.parent_path(), 0700));
  TRY(const FileLock lock, FileLock::Wait(workspace / "keys" / "audit.lock", O_RDWR));
  if (std::filesystem::exists(path, unknown)) return ReadKey(path);  // made meanwhile
  if (std::filesystem::exists(AuditFolder(workspace), unknown)) {
    return Fail(NotFound("the key of the audit log is missing")
                    .At(path.string())
                    .Mend("Restore it from a backup; to begin a new log, move the folder audit "
                          "away and keep it."));
  }
  std::string key = RandomBytes(kAuditKeyBytes);
  TRY_VOID(WriteFileAtomically(path, key, 0600));
  return key;
}

std::string AuditGenesis(std::string_view key, std::string_view writer) {
  return KeyedHash(key, fmt::format("understudy audit genesis\n{}", writer));
}

std::string FormatAuditLine(AuditEntry& entry, std::string_view key) {
  const json::object head{{"v", kAuditVersion},
                          {"n", entry.number},
                          {"at", FormatWallMs(entry.at_ms)},
                          {"writer", entry.writer},
                          {"actor", Bounded(entry.actor)},
                          {"role", Bounded(entry.role)},
                          {"action", Bounded(entry.action)},
                          {"object", Bounded(entry.object)},
                          {"detail", Bounded(entry.detail)},
                          {"prev", entry.previous}};
  std::string line = json::serialize(head);
  line.pop_back();  // the brace comes after the MAC
  entry.mac = LineMac(key, line);
  return fmt::format("{}{}{}{}\n", line, kBeforeMac, entry.mac, kAfterMac);
}

Result<AuditEntry> ParseAuditLine(std::string_view line) {
  if (!HasMacTail(line) || line.size() > kMaxAuditLineBytes) {
    return Fail(InvalidInput("this is no line of an audit log"));
  }
  TRY(const json::value value, ParseJson(line));
  const auto at_ms = ParseWallMs(StringOr(value, "at"));
  AuditEntry entry;
  entry.number = IntOr(value, "n", 0);
  if (IntOr(value, "v", 0) != kAuditVersion || entry.number < 1 || !at_ms) {
    return Fail(InvalidInput("this is no line of an audit log of this version"));
  }
  entry.at_ms = *at_ms;
  entry.writer = StringOr(value, "writer");
  entry.actor = StringOr(value, "actor");
  entry.role = StringOr(value, "role");
  entry.action = StringOr(value, "action");
  entry.object = StringOr(value, "object");
  entry.detail = StringOr(value, "detail");
  entry.previous = StringOr(value, "prev");
  entry.mac = StringOr(value, "mac");
  return entry;
}

json::object ToJson(const AuditEntry& entry) {
  return {{"at", FormatWallMs(entry.at_ms)},
          {"writer", entry.writer},
          {"n", entry.number},
          {"actor", entry.actor},
          {"role", entry.role},
          {"action", entry.action},
          {"object", entry.object},
          {"detail", entry.detail}};
}

bool IsAuditMacRight(std::string_view line, std::string_view key) {
  if (!HasMacTail(line)) return false;
  const std::string_view before = line.substr(0, line.size() - kMacTail);
  const std::string_view mac =
      line.substr(line.size() - kAfterMac.size() - kAuditMacDigits, kAuditMacDigits);
  return EqualSecrets(LineMac(key, before), mac);
}

json::object HeadJson(const AuditHead& head, std::string_view key) {
  return {{"writer", head.writer},
          {"n", head.number},
          {"mac", head.mac},
          {"seal", HeadSeal(key, head)}};
}

Result<AuditHead> ReadHead(const json::value& value, std::string_view key) {
  AuditHead head{std::string(StringOr(value, "writer")), IntOr(value, "n", 0),
                 std::string(StringOr(value, "mac"))};
  if (head.writer.empty() || head.number < 1 || head.mac.size() != kAuditMacDigits) {
    return Fail(InvalidInput("this is no head of an audit log"));
  }
  if (EqualSecrets(HeadSeal(key, head), StringOr(value, "seal"))) return head;
  return Fail(
      InvalidInput(fmt::format("the head of the log of {} was altered, or made with "
                               "another key",
                               head.writer)));
}

}  // namespace understudy
