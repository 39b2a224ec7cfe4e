// The paths that the gateway serves: the product's table of contents, in routes.cc.
#pragma once

#include <span>
#include <string_view>

#include "access/key_role.h"
#include "base/task.h"
#include "gateway/caller.h"
#include "gateway/services.h"
#include "gateway/serving.h"
#include "net/http.h"
#include "net/server.h"

namespace understudy {

// What a handler is given. `serving` stays alive until the handler has returned.
struct Visit {
  HttpRequest& http;
  ResponseWriter& writer;
  const Serving& serving;
  Services& services;
  Caller caller;  // for rights beyond kCall, which a call's own life checks
};

// One path, and the right that it takes: without one, nothing is served there. docs/openapi.json
// describes them all.
struct Endpoint {
  std::string_view method;
  std::string_view path;  // a trailing "/*" takes one more segment
  Task<void> (*handler)(Visit&);
  Right right = Right::kUnstated;
};
std::span<const Endpoint> Endpoints();

// Finds the handler by method and path, checks the right that it takes and runs it; else answers
// 404, 405, 401 or 403.
Task<void> Dispatch(Visit& visit);

}  // namespace understudy
