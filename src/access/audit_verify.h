// Reads the audit log, and proves it: every kind of harm has a name.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "access/audit_entry.h"
#include "base/result.h"

namespace understudy {

enum class AuditFault : uint8_t {
  kAltered,     // a line is not what was written
  kReordered,   // lines are there, and not in their order
  kGap,         // a line in the middle is missing
  kTruncated,   // lines at the end are missing, or the whole log
  kForked,      // it is sound, and not the log that the head was taken of: written anew
  kUnfinished,  // the last line is cut short: a crash while it was written
};
std::string_view Name(AuditFault fault);  // "altered", ...

struct AuditFinding {
  AuditFault fault = AuditFault::kAltered;
  std::string writer;
  int64_t line = 0;  // of its file, from 1; 0: the whole
  std::string what;  // one sentence
};

struct AuditReport {
  int64_t entries = 0;                 // that were read
  std::vector<AuditHead> heads;        // of every log that is there, and sound so far
  std::vector<AuditFinding> findings;  // the first of each writer; empty: all is sound
};

// Checks every writer's log against the key, against the head beside it, and against `heads`, which
// were exported earlier and kept elsewhere. kNotFound where the workspace has no log and no heads
// say that it had one.
Result<AuditReport> VerifyAudit(const std::filesystem::path& workspace,
                                const std::vector<AuditHead>& heads = {});

// {"version":1,"at":TIME,"heads":[...]}: to be kept where whoever could change the log cannot go.
std::string FormatHeads(const std::vector<AuditHead>& heads, std::string_view key, int64_t at_ms);
Result<std::vector<AuditHead>> ParseHeads(std::string_view json, std::string_view key);

// The newest `limit` entries of all writers, oldest first, as they stand: proven is another matter.
// Lines that cannot be read are left out.
Result<std::vector<AuditEntry>> ReadAudit(const std::filesystem::path& workspace, size_t limit);

}  // namespace understudy
