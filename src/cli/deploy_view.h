// Deployments and their steps as people and programs see them.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "flywheel/deploy/step.h"

namespace understudy {

// A table of what is not retired, and what each waits for.
std::string StandingsText(const std::vector<DeployStanding>& standings);
// As that, with a line for the retired ones.
std::string DeploymentsText(const DeployBook& book, const std::vector<DeployStanding>& standings);

// {"policy","tasks","router","deployments":[standing, or {"id","task","stage":"retired"}]}
json::object DeploymentsJson(const DeployBook& book, const std::vector<DeployStanding>& standings);
// {"deployments":[standing],"steps":[step]}
json::object StepJson(const DeployBook& book, const std::vector<DeployStanding>& standings);

// The steps that the book has taken and not saved: "d-1: shadow -> canary (why)", a line each; or
// {"steps":[step]}.
std::string StepsOut(const DeployBook& book, bool as_json);

}  // namespace understudy
