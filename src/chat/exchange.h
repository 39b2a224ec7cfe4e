// The words of docs/format-exchange.md as types: one LLM call as its client saw it, with all
// that is known about it. What the gateway records, the store keeps, and the flywheel reads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "chat/answer.h"

namespace understudy {

// Frozen values: they are stored. Append only.
enum class AnswerKind : uint8_t { kReference = 0, kSlm = 1, kRepair = 2, kSample = 3, kShadow = 4 };

// What verification said of an answer. kUnchecked: nothing was asked of it.
enum class VerdictKind : uint8_t {
  kUnchecked = 0,
  kPass = 1,
  kEmpty = 2,             // neither content nor a tool call
  kTruncated = 3,         // stopped by its length limit
  kInvalidJson = 4,       // response_format asked for JSON
  kSchemaViolation = 5,   // response_format's schema
  kUnknownTool = 6,       // a tool that was not offered
  kInvalidArguments = 7,  // tool arguments not JSON, or against the tool's schema
  kMissingToolCall = 8,   // tool_choice demanded one
  kRefusal = 9,
  kError = 10,          // the model failed: there is no answer to judge
  kLowConfidence = 11,  // the router, seeing the answer, holds it for less sure than it must be
  kDiffers = 12,        // of a shadow answer: it would have passed, but is not the reference's
};

struct Verdict {
  VerdictKind kind = VerdictKind::kUnchecked;
  std::string detail;  // where and what: "choices[0].tool_calls[0].arguments.date: ..."
  int64_t took_us = 0;
  bool ok() const { return kind == VerdictKind::kUnchecked || kind == VerdictKind::kPass; }
};

struct Timings {
  int64_t queue_us = 0;        // from the request's arrival until this attempt began
  int64_t first_token_us = 0;  // from the attempt's start; 0 where nothing came
  int64_t total_us = 0;        // from the attempt's start until its end
};

// One attempt within an exchange.
struct AnswerRecord {
  AnswerKind kind = AnswerKind::kReference;
  std::string model;       // name of the model in the config
  std::string deployment;  // empty until a deployment serves it
  bool served = false;     // its bytes went to the client
  std::string body;        // the answer's JSON; empty when there was none
  std::string error;       // name and message when it failed
  Usage usage;
  double cost_usd = 0;
  int retries = 0;
  Timings timings;
  Verdict verdict;
};

// The router's choice for one request. Made once, handed on, stored.
struct Candidate {
  std::string model;
  std::string deployment;
  double probability = 1;  // that its answer will be accepted
  double threshold = 0;    // chosen only if probability >= threshold
};
enum class Route : uint8_t { kReference = 0, kLocal = 1, kNamed = 2 };
struct Decision {
  std::string policy;  // version of the routing policy: "rules/<hash>"
  std::string task;    // empty when unknown
  std::vector<Candidate> candidates;
  std::string chosen;  // model name
  Route route = Route::kReference;
  double propensity = 1;  // probability with which the policy takes this choice
  bool explored = false;
  std::string reason;  // "rule:short-labels", "header", "alias", "default"
  int64_t took_ns = 0;
};

// The one name under which a request ends; also its metric label and its log line. Frozen.
enum class Outcome : uint8_t {
  kServed = 0,      // by the chosen model
  kEscalated = 1,   // the reference answered because the SLM's answer failed verification
  kFellBack = 2,    // another model answered because the chosen one was down, slow or full
  kUnverified = 3,  // served although verification failed: nothing better was allowed
  kInvalidRequest = 4,
  kUnauthorized = 5,
  kTooLarge = 6,
  kOverloaded = 7,  // our own limit
  kClientGone = 8,
  kTimedOut = 9,
  kUpstreamError = 10,  // a model answered with an error, and nothing else could
  kUnavailable = 11,    // no model could be reached
  kBrokenStream = 12,   // the answer broke off after bytes had been sent
  kShutdown = 13,
  kInternalError = 14,
};
inline constexpr size_t kOutcomeCount = 15;

struct Exchange {
  int v = 1;       // format version
  std::string id;  // "ex_..."; any unique text in imported files
  std::string session;
  int64_t at_ms = 0;   // arrival, Unix epoch
  std::string agent;   // x-understudy-agent, else empty
  std::string origin;  // keyed hash; never the address itself
  std::string endpoint = "/v1/chat/completions";
  std::string request;   // JSON, as received
  std::string response;  // JSON, as served (a stream: as built); empty if none
  bool streamed = false;
  std::optional<Decision> decision;
  std::vector<AnswerRecord> answers;
  Outcome outcome = Outcome::kServed;
  int64_t total_us = 0;
  std::string extra;  // members we do not know, as one JSON object; empty for none
  // What came after the exchange of this id was recorded, to be added there: its shadow answers,
  // and the feedback in `extra`. Nothing else of it counts. Not stored, and not in JSONL.
  bool is_supplement = false;
};

std::string_view Name(AnswerKind kind);
std::string_view Name(VerdictKind kind);
std::string_view Name(Route route);
std::string_view Name(Outcome outcome);
// The inverse of Name; kInvalidInput names the known words.
Result<AnswerKind> ParseAnswerKind(std::string_view name);
Result<VerdictKind> ParseVerdictKind(std::string_view name);
Result<Route> ParseRoute(std::string_view name);
Result<Outcome> ParseOutcome(std::string_view name);

}  // namespace understudy
