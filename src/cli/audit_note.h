// What a command does to bodies, keys and deployments goes into the audit log before it is done.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace understudy {

// The user at the command line: whoever can run a command on the workspace's files is admin.
std::string UserAtHand();

// Writes one entry as the writer "cli". `action`: a word of access/audit_entry.h. Where this fails,
// do not go on.
Status NoteInAudit(const std::filesystem::path& workspace, std::string_view action,
                   std::string object, std::string detail);

}  // namespace understudy
