// What is too large for the store goes without its body, and says so.
#pragma once

#include <cstddef>

#include "chat/exchange.h"

namespace understudy {

// Empties the request if it is larger than `max_bytes`, and the response and every answer's body
// likewise. Then `extra` gets the member "omitted": {"request_bytes": N, "response_bytes": N},
// with those that were left out (the largest one, for the response and the answers).
void OmitLargeBodies(Exchange& exchange, size_t max_bytes);

// Of all bodies together.
size_t BodyBytes(const Exchange& exchange);

}  // namespace understudy
