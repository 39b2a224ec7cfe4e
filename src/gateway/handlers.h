// One handler a path; see routes.cc. Thin: the work is in the steps and the layers below.
#pragma once

#include "gateway/routes.h"

namespace understudy {

Task<void> ChatCompletions(Visit& visit);  // chat_completions.cc
Task<void> Responses(Visit& visit);
Task<void> Messages(Visit& visit);
Task<void> CountTokens(Visit& visit);  // count_tokens.cc
Task<void> Embeddings(Visit& visit);   // embeddings.cc
Task<void> ListModels(Visit& visit);   // model_list.cc
Task<void> ShowModel(Visit& visit);
Task<void> Health(Visit& visit);  // health.cc
Task<void> Readiness(Visit& visit);
Task<void> ShowMetrics(Visit& visit);

}  // namespace understudy
