// Call: everything about one request on its way through the gateway. Each step of life.cc reads
// and fills its own part; nothing else is shared between steps.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/cancel.h"
#include "base/clock.h"
#include "chat/answer.h"
#include "chat/exchange.h"
#include "chat/request.h"
#include "chat/wire_format.h"
#include "gateway/services.h"
#include "gateway/serving.h"
#include "models/model.h"
#include "net/http.h"
#include "net/server.h"

namespace understudy {

struct Call {
  // All of them must outlive the call.
  Call(HttpRequest& http_request, ResponseWriter& response_writer, const Serving& current,
       Services& shared, WireFormat& wire_format)
      : http(http_request),
        writer(response_writer),
        cancellation(response_writer.cancellation()),
        serving(current),
        services(shared),
        wire(wire_format),
        arrived(shared.clock.Now()) {}

  HttpRequest& http;
  ResponseWriter& writer;
  Cancellation& cancellation;
  const Serving& serving;  // kept alive by the caller for the call's life
  Services& services;
  WireFormat& wire;  // in which the client asks and is answered
  Monotonic arrived;

  // authenticate
  std::string authorization;  // the client's own, to pass upstream; empty: the model's key
  std::string key_name;       // which API key; empty without keys
  Headers passed_on;          // anthropic-version and anthropic-beta, for the upstream

  // parse
  ChatRequest chat;
  bool parsed = false;  // from here on the exchange is worth recording

  // route; it ends up in exchange.decision
  Decision decision;

  // generate, escalate: the attempts are exchange.answers, the last one is the one to serve
  std::optional<ModelRequest> attempt;
  Monotonic attempt_began{};
  ChatAnswer answer;                     // whole, unless it still flows:
  std::unique_ptr<AnswerStream> stream;  // its chunks go out as they come
  bool answered = false;  // an attempt succeeded and its answer goes out, as it is or as a stream
  bool fell_back = false;
  bool repeated =
      false;  // of a request that the chosen model failed a moment ago: another is first
  bool escalated = false;
  bool unverified = false;

  Exchange exchange;  // what will be recorded

  AnswerRecord& served() { return exchange.answers.back(); }
};

}  // namespace understudy
