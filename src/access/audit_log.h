// Writes the audit log. What must be logged is logged first: where Append fails, what was asked for
// is not done.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "access/audit_entry.h"
#include "base/result.h"

namespace understudy {

// Adds a line and syncs it, then the head beside it. From any thread and process: they wait for
// each other. A line that a crash left unfinished is cut off first, for nothing was done on it.
// Refuses to go on where the end of the log is not what was written last, so that the traces of
// whoever cut it are not lost: kIo, and what to do about it. Takes some milliseconds, of the disk;
// not for serving threads.
Status AppendAudit(const std::filesystem::path& workspace, std::string_view writer,
                   const AuditEvent& event, int64_t at_ms);

}  // namespace understudy
