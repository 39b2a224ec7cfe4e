// The headers that tell a client who answered and why.
#pragma once

#include "gateway/call.h"

namespace understudy {

// The head of a stream. Before an attempt has succeeded it names no model: another may yet answer.
Headers StreamHeaders(const Call& call);
// x-understudy-id, -left-out, -model, -route, -reason, -task; known before the first byte.
void AddDecisionHeaders(const Call& call, Headers& headers);
// x-understudy-outcome, -verdict, -cost-usd, -took-ms; for plain answers.
void AddOutcomeHeaders(const Call& call, Headers& headers);
// The same as one SSE comment, for streams: ": understudy outcome=served cost_usd=... took_ms=...".
std::string OutcomeComment(const Call& call);

}  // namespace understudy
