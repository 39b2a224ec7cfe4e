#include "access/key_role.h"

#include <array>

#include <fmt/format.h>

namespace understudy {
namespace {

constexpr std::array<std::string_view, 4> kNames{"agent", "viewer", "curator", "admin"};

}  // namespace

bool May(KeyRole role, Right right) {
  switch (right) {
    case Right::kUnstated: return false;
    case Right::kAnyone: return true;
    case Right::kCall: return role == KeyRole::kAgent || role == KeyRole::kAdmin;
    case Right::kFeedback: return role != KeyRole::kViewer;
    case Right::kCounts: return role != KeyRole::kAgent;
    case Right::kMasked: return role == KeyRole::kCurator || role == KeyRole::kAdmin;
    case Right::kEverything: return role == KeyRole::kAdmin;
  }
  return false;
}

std::string_view Name(KeyRole role) {
  return kNames.at(static_cast<size_t>(role));
}

Result<KeyRole> ParseKeyRole(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) return static_cast<KeyRole>(i);
  }
  return Fail(InvalidInput(fmt::format("there is no role \"{}\"", name))
                  .Mend("Roles: agent, viewer, curator, admin."));
}

std::string RolesWith(Right right) {
  std::string roles;
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (!May(static_cast<KeyRole>(i), right)) continue;
    if (!roles.empty()) roles += " or ";
    roles += kNames[i];
  }
  return roles;
}

}  // namespace understudy
