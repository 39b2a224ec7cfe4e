// The simulated office agent: seeded sessions of chat-completions calls, each with the answer that
// a perfect model gives.
//
//   OfficeAgent agent({.seed = 7, .half = Half::kSecond});
//   for (const OfficeCall& call : agent.Session(0)) ... call.request, call.expected ...
//
// Session i of a seed, half and choice of desks is a pure function of them. Every request is one
// that the simulated reference understands as it was meant; nothing in it tells more than a
// colleague's words would.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "simulate/desk.h"

namespace understudy {

inline constexpr std::string_view kOfficeAgentName = "simulated-office";

struct OfficeCall {
  std::string id;              // "sim-first-7-12-0"
  std::string session;         // "sim-first-7-12"
  const Desk* desk = nullptr;  // whose answer it is: kAdviserDesk also where an open-ended wish
                               // was brought to another desk, with that one's prompt and tools
  bool follows = false;        // its request holds the answer to the call before it
  std::string request;         // body of the call
  DeskReply expected;
  std::string call_id;  // of `expected`, where it is a tool call
};

struct OfficeOptions {
  uint64_t seed = 1;
  Half half = Half::kFirst;
  std::string model = "big-model";  // what requests ask for: no gateway's name for a model, so that
                                    // its rules decide
  std::vector<const Desk*> desks;   // empty: all
};

class OfficeAgent {
 public:
  explicit OfficeAgent(OfficeOptions options);

  std::vector<OfficeCall> Session(uint64_t index) const;  // at least one call; thread-safe
  // The first `count` calls, of whole sessions but for the last one.
  std::vector<OfficeCall> Calls(int64_t count) const;

  // How many draws were thrown away because they could be read in two ways, and how many were not,
  // over the sessions from 0; for tests.
  double ShareRedrawn(uint64_t sessions) const;

 private:
  struct Opening;
  Opening Open(Rng& rng, int64_t& redrawn) const;
  OfficeOptions options_;
};

// "meetings,sort": kInvalidInput names the desks there are.
Result<std::vector<const Desk*>> ParseDesks(std::string_view names);

// The reply as OpenAI's assistant message.
json::object AssistantMessage(const DeskReply& reply, std::string_view call_id);

}  // namespace understudy
