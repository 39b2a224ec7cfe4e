// The paths that the gateway serves: the product's table of contents, in routes.cc.
#pragma once

#include <string>
#include <vector>

#include "base/task.h"
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
};

// "POST /v1/chat/completions", "GET /v1/models/*", ...: what docs/openapi.json must describe.
std::vector<std::string> ServedPaths();

// Finds the handler by method and path and runs it; else answers 404 or 405.
Task<void> Dispatch(Visit& visit);

}  // namespace understudy
