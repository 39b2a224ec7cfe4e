// Requests for the tests of fingerprints and tasks.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "chat/request.h"

namespace understudy {

inline ChatRequest Ask(std::string system, std::string user, std::vector<Tool> tools = {}) {
  ChatRequest request;
  if (!system.empty()) request.messages.push_back({.role = Role::kSystem, .text = system});
  request.messages.push_back({.role = Role::kUser, .text = std::move(user), .has_content = true});
  request.tools = std::move(tools);
  return request;
}

}  // namespace understudy
