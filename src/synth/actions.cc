#include "synth/actions.h"

namespace understudy {
namespace {

constexpr Action kActions[] = {
    {"book", "book|reserve|schedule", "book|reserve|arrange|get me|set up|secure|put me down for",
     "booked", "[a|a|a new|one]"},
    {"cancel", "cancel|revoke|drop", "cancel|call off|drop|get rid of|undo", "cancelled",
     "[my|the|that|our]"},
    {"find", "find|search|lookup|get|list|query",
     "find|look for|search for|look up|show me|pull up|track down|hunt down|see if there is",
     "found", "[a|a good|the|the nearest|some kind of]"},
    {"change", "change|update|modify|edit|amend",
     "change|update|modify|adjust|alter|revise|rework|make a change to", "changed",
     "[my|the|our|this]"},
    {"check", "check|get_status|inspect|monitor",
     "check|check on|have a look at|tell me the state of|give me the status of|verify|see how "
     "things stand with",
     "checked", "[my|the|our|that]"},
    {"buy", "buy|order|purchase|acquire", "buy|order|purchase|pick up|get hold of|send me",
     "ordered", "[a|a new|another|one]"},
    {"create", "create|add|make|new", "create|add|make|set up|put together|open|prepare", "created",
     "[a|a new|another]"},
    {"delete", "delete|remove|erase|clear", "delete|remove|erase|throw out|wipe|take away",
     "deleted", "[my|the|that|this old]"},
    {"send", "send|share|forward|dispatch", "send|share|forward|pass on|dispatch|get out", "sent",
     "[the|my|a|this]"},
    {"quote", "quote|price|estimate|get_cost",
     "price|get a quote for|estimate the cost of|work out what I would pay for|tell me the price "
     "of",
     "priced", "[a|the|this|that]"},
    {"start", "start|play|launch|run|open",
     "start|launch|run|kick off|turn on|fire up|get going with", "started", "[the|my|that|our]"},
    {"stop", "stop|pause|halt|disable", "stop|pause|halt|turn off|shut down|put an end to",
     "stopped", "[the|my|that|our]"},
    {"rate", "rate|review|score", "rate|review|give a score to|leave feedback on", "rated",
     "[the|my|that|this]"},
    {"report", "report|log|register|submit", "report|log|register|file|hand in|write up",
     "reported", "[a|the|this]"},
    {"renew", "renew|extend|prolong", "renew|extend|prolong|keep going with", "renewed",
     "[my|the|our]"},
    {"approve", "approve|confirm|accept", "approve|confirm|accept|sign off|give the go-ahead for",
     "approved", "[the|this|that]"},
    {"assign", "assign|allocate|delegate", "assign|allocate|hand over|delegate", "assigned",
     "[the|this|that]"},
    {"compare", "compare|rank|match", "compare|weigh up|put side by side|rank", "compared",
     "[the|these offers for the|every]"},
    {"export", "export|download|save", "export|download|save a copy of|give me a file with",
     "exported", "[the|my|our|this]"},
    {"remind", "remind|notify|alert", "remind me about|notify me about|ping me about|alert me to",
     "noted", "[the|my|a]"},
    {"pay", "pay|settle|charge", "pay|settle|clear|pay off", "paid", "[the|my|that|this]"},
    {"describe", "describe|explain|summarize|get_info",
     "describe|explain|sum up|tell me about|give me details of|fill me in on", "described",
     "[the|my|this|a]"},
    {"move", "move|transfer|relocate|shift", "move|transfer|shift|relocate|bring over", "moved",
     "[the|my|our|that]"},
    {"repair", "repair|fix|service", "repair|fix|mend|sort out|get someone to look at", "repaired",
     "[the|my|our]"},
    {"lock", "lock|freeze|block|suspend", "lock|freeze|block|suspend", "locked", "[the|my|that]"},
    {"count", "count|total|sum", "count|tally|add up|tell me how many entries there are in",
     "counted", "[the|our|this]"},
    {"translate", "translate|convert", "translate|convert|turn around", "translated",
     "[the|my|this]"},
    {"invite", "invite|enroll|sign_up", "invite people to|sign people up for|get others to join",
     "sent out", "[the|my|our|a]"},
};

}  // namespace

std::span<const Action> Actions() {
  return kActions;
}

const Action& ActionOf(std::string_view key) {
  for (const Action& action : kActions) {
    if (action.key == key) return action;
  }
  return kActions[0];
}

}  // namespace understudy
