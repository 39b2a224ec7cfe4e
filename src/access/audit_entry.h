// Frozen constants and the line of the audit log; docs/format-audit.md is the page on it.
//
// Each writer ("cli", "gateway") has a file audit/WRITER.jsonl. Every line ends in its MAC, a hash
// (BLAKE2b, RFC 7693) of all before it under a key of the workspace's, and names the MAC of the
// line before it. So nobody without the key can change, add, move or take away a line unseen, but
// for lines at the end: those are what heads are for.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"

namespace understudy {

inline constexpr int64_t kAuditVersion = 1;
inline constexpr size_t kAuditKeyBytes = 32;
inline constexpr size_t kAuditMacDigits = 32;       // hex
inline constexpr size_t kMaxAuditFieldBytes = 512;  // longer texts are cut
inline constexpr size_t kMaxAuditLineBytes = 16384;
inline constexpr std::string_view kCliWriter = "cli";
inline constexpr std::string_view kGatewayWriter = "gateway";

// What was done. Frozen words: they are stored. Append only.
namespace audit_action {
inline constexpr std::string_view kReadBody = "exchange.read";      // one, by id
inline constexpr std::string_view kExport = "exchanges.export";     // many, whole
inline constexpr std::string_view kCollect = "exchanges.collect";   // by a stage that learns
inline constexpr std::string_view kFeedback = "exchange.feedback";  // by other than its caller
inline constexpr std::string_view kKeyCreated = "key.create";
inline constexpr std::string_view kKeyRevoked = "key.revoke";
inline constexpr std::string_view kKeyRotated = "key.rotate";
inline constexpr std::string_view kDeployed = "deploy.change";
inline constexpr std::string_view kAuditRead = "audit.read";
inline constexpr std::string_view kBackedUp = "store.backup";  // sealed, to a file
inline constexpr std::string_view kRestored = "store.restore";
inline constexpr std::string_view kErased = "store.erase";  // an origin
inline constexpr std::string_view kPurged = "store.purge";  // what retention lets go
inline constexpr std::string_view kRekeyed = "store.rekey";
}  // namespace audit_action

struct AuditEvent {
  std::string_view action;  // one of the words above
  std::string actor;        // a key's name, or the user at the command line
  std::string_view role;    // Name(KeyRole)
  std::string object;       // an id, a file, a deployment; never a text of a call
  std::string detail;       // "masked", "120 exchanges"; likewise
};

struct AuditEntry {
  int64_t number = 0;  // from 1
  int64_t at_ms = 0;
  std::string writer, actor, role, action, object, detail;
  std::string previous, mac;
};

// How long a writer's log was, and its last MAC, under a seal of its own.
struct AuditHead {
  std::string writer;
  int64_t number = 0;
  std::string mac;
};

std::filesystem::path AuditFolder(const std::filesystem::path& workspace);
std::filesystem::path AuditLogPath(const std::filesystem::path& workspace, std::string_view writer);
std::filesystem::path AuditHeadPath(const std::filesystem::path& workspace,
                                    std::string_view writer);
// keys/audit.key, made where it is missing and there is no log yet.
Result<std::string> LoadAuditKey(const std::filesystem::path& workspace);

// What the first line names as the one before it.
std::string AuditGenesis(std::string_view key, std::string_view writer);
// The line of an entry, with its newline; `mac` is set.
std::string FormatAuditLine(AuditEntry& entry, std::string_view key);
// Reads a line without its newline, whoever wrote it. kInvalidInput where it is none.
Result<AuditEntry> ParseAuditLine(std::string_view line);
// What people are shown of an entry: all of it but the chain.
json::object ToJson(const AuditEntry& entry);
// Whether the MAC at the line's end is that of the line.
bool IsAuditMacRight(std::string_view line, std::string_view key);

json::object HeadJson(const AuditHead& head, std::string_view key);
// kInvalidInput where it is none, or its seal is broken.
Result<AuditHead> ReadHead(const json::value& value, std::string_view key);

}  // namespace understudy
