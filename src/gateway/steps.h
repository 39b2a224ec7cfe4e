// The steps of a request's life, in the order in which life.cc runs them. Each is a small file of
// its own; each reads and fills the Call. A step that returns an error ends the request with it.
#pragma once

#include "base/task.h"
#include "gateway/call.h"

namespace understudy {

// Who asks? With API keys configured, a known one is required; without, the client's own
// Authorization is kept for the upstream and never stored.
Status Authenticate(Call& call);

// The body becomes native types; the exchange gets its id, session, agent and origin.
Status Parse(Call& call);

// Which model? Decided once, here, and handed on.
Status RouteCall(Call& call);

// The chosen model answers, or its fallback when it is down, slow or full.
Task<Status> Generate(Call& call);

// May a small model's answer be served? The verdict is noted; what follows from it is escalate's.
Status Verify(Call& call);
// That verdict: what verification says, and where it has nothing against the answer, the router.
// `record` names the model and deployment that gave it.
Verdict VerdictOn(const Router& router, const Decision& decision, const ChatRequest& request,
                  const ChatAnswer& answer, const AnswerRecord& record);

// For an answer that failed verification: the reference answers in its place. Only while no byte
// is committed, which holds for every answer that does not flow.
Task<Status> Escalate(Call& call);

// For streams: everything but the end of the answer goes out. Of plain answers nothing does yet.
Task<Status> Respond(Call& call);

// For what is recorded: the exchange goes to the recorder; in strict mode this waits until it is
// durable.
bool Recorded(const Call& call);
Task<Status> Record(Call& call);

// The last bytes: the plain answer, the end of the stream, or the error, in the call's wire format.
Task<void> Finish(Call& call, const Status& status);

// One try of one model: adds an AnswerRecord and leaves the answer, or the stream, in the call.
Task<Status> Attempt(Call& call, Model& model, std::string_view deployment, AnswerKind kind);
// Whether another model may do better than `failed` did. The client's own mistake would be answered
// the same by any large model; a small one may fail on a request that the reference can take
// (longer context, a schema its runtime does not know).
bool WorthFallback(const Error& error, const Model& failed);
// Closes the books of the last attempt once its answer is complete.
void SettleAttempt(Call& call);
// A deployment answers as it was measured: greedily, and not longer.
void AsMeasured(const Deployment& deployed, ModelRequest& request);

}  // namespace understudy
