// What one recorded exchange says about a deployment.
#pragma once

#include <cstdint>
#include <optional>

#include "chat/exchange.h"
#include "route/deployments.h"

namespace understudy {

struct Evidence {
  // paired: the deployment's answer beside the reference's, so that they can be compared; an error
  // is an answer that differs, or that verification rejects. served: it answered the client, alone;
  // an error is that verification rejected it (and another model had to answer).
  bool paired = false;
  bool error = false;
};

// nullopt for an exchange of another task, or without the deployment's answer; and for answers that
// say nothing about the adapter: those that the router would not have asked for (its probability
// was below the threshold) or not have served (low_confidence), and those that failed because the
// machine was busy, down or stopping. An answer that took too long counts as an error.
std::optional<Evidence> EvidenceOf(const Exchange& exchange, const Deployment& deployment);

}  // namespace understudy
