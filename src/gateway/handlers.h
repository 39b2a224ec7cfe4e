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
Task<void> ShowUsage(Visit& visit);  // usage.cc
Task<void> ListExchanges(Visit& visit);
Task<void> ShowExchange(Visit& visit);  // show_exchange.cc
Task<void> ListKeys(Visit& visit);      // show_keys.cc
Task<void> ListAudit(Visit& visit);
Task<void> TakeFeedback(Visit& visit);  // feedback.cc

// For handlers: a JSON answer that nobody may keep, and an error in OpenAI's shape.
Task<void> SendJson(Visit& visit, int status, std::string body);  // answers.cc
Task<void> SendError(Visit& visit, const Error& error);
// The body where all went well, else the error.
Task<void> SendWhatCame(Visit& visit, const Status& came, std::string body);

}  // namespace understudy
