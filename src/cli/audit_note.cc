#include "cli/audit_note.h"

#include <unistd.h>

#include <cstdlib>

#include "access/audit_log.h"
#include "access/key_role.h"
#include "base/clock.h"

namespace understudy {

std::string UserAtHand() {
  const char* name = std::getenv("SUDO_USER");
  if (!name) name = std::getenv("USER");
  return name && *name ? name : fmt::format("user {}", ::getuid());
}

Status NoteInAudit(const std::filesystem::path& workspace, std::string_view action,
                   std::string object, std::string detail) {
  const AuditEvent event{action, UserAtHand(), Name(KeyRole::kAdmin), std::move(object),
                         std::move(detail)};
  return AppendAudit(workspace, kCliWriter, event, Clock::System().WallMs());
}

}  // namespace understudy
