// What a model's options say of it.
#pragma once

#include "base/options.h"
#include "models/model.h"

namespace understudy {

// `zone` defaults to cloud for kind "openai" (wherever its URL leads: say "local" or "private"
// where that holds) and to local for the kinds that answer on this machine; `small` is true for
// "local"; cached tokens cost as much as others unless they have a price. context_tokens stays
// unknown.
ModelInfo MakeModelInfo(const ModelOptions& options);

}  // namespace understudy
