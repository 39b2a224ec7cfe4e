// The stage `router`: fits the learned router on what the SLMs answered, proves its thresholds
// (fit_router.h), and writes router.json (route/acceptance_model.h) and report.json.
#pragma once

#include <optional>

#include "flywheel/router/fit_router.h"
#include "flywheel/router/router_rows.h"
#include "flywheel/stage.h"

namespace understudy {

struct RouterOptions {
  RouterFiles files;
  RouterFitOptions fit;
};

struct FittedRouter {
  RouterReport report;
  std::string policy;
  StageResult stage;
};

// That nothing can be promised is no error: the router that is written then leaves every call to
// the reference, and the report says what it would take. Fails as ReadRouterRows and RunStage do. A
// run that is not done again gives the report that it wrote.
Result<FittedRouter> RunRouterStage(const RouterOptions& options, const StagePlace& place,
                                    const StageHooks& hooks);

inline constexpr std::string_view kRouterFile = "router.json";

}  // namespace understudy
