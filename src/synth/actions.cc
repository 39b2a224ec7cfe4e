#include "synth/actions.h"

namespace understudy {
namespace {

constexpr Action kActions[] = {
    {"book", "book|reserve|schedule", "book|reserve|arrange|get me|set up|secure|put me down for",
     "booked", "[a|a|a new|one]",
     "[I need {a}{d}.|{A}{d}, please.|Do you still have room for {a}{d}?|We would like {a}{d}.|Can "
     "we have {a}{d}?|Is it too late to get {a}{d}?|Please keep {a} for us{d}.|I'll take {a}{d}.]"},
    {"cancel", "cancel|revoke|drop", "cancel|call off|drop|get rid of|undo", "cancelled",
     "[my|the|that|our]",
     "[I no longer need the {t}{d}.|The {t} is off{d}.|My plans fell through, no {t} for "
     "me{d}.|Forget about the {t}{d}.|We won't be using the {t} after all{d}.|I can't make it to "
     "the {t}{d}.|Take me off the {t}{d}.]"},
    {"find", "find|search|lookup|get|list|query",
     "find|look for|search for|look up|show me|pull up|track down|hunt down|see if there is",
     "found", "[a|a good|the|the nearest|some kind of]",
     "[Is there {a}{d}?|Where can I get {a}{d}?|Do you know a good {t}{d}?|I'm after {a}{d}.|What "
     "kind of {t} is there{d}?|Which {t} can you suggest{d}?|Any {t}{d}?|Got {a} for me{d}?|Where "
     "is the {t}{d}?|I can't find the {t}{d}.]"},
    {"change", "change|update|modify|edit|amend",
     "change|update|modify|adjust|alter|revise|rework|make a change to", "changed",
     "[my|the|our|this]",
     "[Something about my {t} has to be different{d}.|My {t} is wrong, it should be like "
     "this{d}.|The {t} has new details now{d}.|I made a mistake with the {t}{d}.|Can the {t} be "
     "different{d}?|There is news about the {t}{d}.]"},
    {"check", "check|get_status|inspect|monitor",
     "check|check on|have a look at|tell me the state of|give me the status of|verify|see how "
     "things stand with",
     "checked", "[my|the|our|that]",
     "[What is going on with the {t}{d}?|Is my {t} all right{d}?|How is the {t} doing{d}?|Any news "
     "on the {t}{d}?|Where does the {t} stand{d}?|Did the {t} go through{d}?|What's the {t} "
     "like{d}?|How far along is the {t}{d}?]"},
    {"buy", "buy|order|purchase|acquire", "buy|order|purchase|pick up|get hold of|send me",
     "ordered", "[a|a new|another|one]",
     "[I'll have {a}{d}.|{A} for me{d}, please.|My old {t} is gone, I need another{d}.|We ran out, "
     "so one more {t}{d}.|Put {a} in my basket{d}.]"},
    {"create", "create|add|make|new", "create|add|make|set up|put together|open|prepare", "created",
     "[a|a new|another]",
     "[There should be a new {t}{d}.|We are missing {a}{d}.|Let there be {a}{d}.|I want a fresh "
     "{t}{d}.|One new {t}{d}, please.]"},
    {"delete", "delete|remove|erase|clear", "delete|remove|erase|throw out|wipe|take away",
     "deleted", "[my|the|that|this old]",
     "[I don't want to see the {t} any more{d}.|The {t} can go{d}.|Nobody needs the {t} "
     "now{d}.|The {t} should disappear{d}.]"},
    {"send", "send|share|forward|dispatch", "send|share|forward|pass on|dispatch|get out", "sent",
     "[the|my|a|this]",
     "[The {t} has to get there{d}.|They are waiting for the {t}{d}.|Can they have the "
     "{t}{d}?|Please let them have the {t}{d}.]"},
    {"quote", "quote|price|estimate|get_cost",
     "price|get a quote for|estimate the cost of|work out what I would pay for|tell me the price "
     "of",
     "priced", "[a|the|this|that]",
     "[How much is {a}{d}?|What does {a} cost{d}?|What would I pay for {a}{d}?|Is {a} "
     "expensive{d}?|How much money do I need for {a}{d}?]"},
    {"start", "start|play|launch|run|open",
     "start|launch|run|kick off|turn on|fire up|get going with", "started", "[the|my|that|our]",
     "[I want the {t} running{d}.|The {t} may begin{d}.|Let me hear it: the {t}{d}.|{T} on{d}.|Is "
     "the {t} ready to go{d}? Then begin.]"},
    {"stop", "stop|pause|halt|disable", "stop|pause|halt|turn off|shut down|put an end to",
     "stopped", "[the|my|that|our]",
     "[Enough of the {t}{d}.|The {t} has to end{d}.|No more {t}{d}.|{T} off{d}.|The {t} is "
     "bothering me{d}, make it quiet.]"},
    {"rate", "rate|review|score", "rate|review|give a score to|leave feedback on", "rated",
     "[the|my|that|this]",
     "[Here is what I think of the {t}{d}.|The {t} gets my vote{d}.|I have an opinion on the "
     "{t}{d}.|My stars for the {t}{d}.]"},
    {"report", "report|log|register|submit", "report|log|register|file|hand in|write up",
     "reported", "[a|the|this]",
     "[There is something to note about the {t}{d}.|For the record, the {t}{d}.|You should know "
     "about the {t}{d}.|Something happened with the {t}{d}.]"},
    {"renew", "renew|extend|prolong", "renew|extend|prolong|keep going with", "renewed",
     "[my|the|our]",
     "[My {t} runs out soon{d}.|I want to keep the {t} for longer{d}.|The {t} is about to end{d}, "
     "please carry on with it.|More time for the {t}{d}.]"},
    {"approve", "approve|confirm|accept", "approve|confirm|accept|sign off|give the go-ahead for",
     "approved", "[the|this|that]",
     "[Yes to the {t}{d}.|The {t} is fine with me{d}.|I agree to the {t}{d}.|You have my yes for "
     "the {t}{d}.]"},
    {"assign", "assign|allocate|delegate", "assign|allocate|hand over|delegate", "assigned",
     "[the|this|that]",
     "[Who takes the {t}{d}? Settle that.|The {t} needs an owner{d}.|Someone else should handle "
     "the {t}{d}.|Pass the {t} to somebody{d}.]"},
    {"compare", "compare|rank|match", "compare|weigh up|put side by side|rank", "compared",
     "[the|these offers for the|every]",
     "[Which {t} is better{d}?|What sets one {t} apart from another{d}?|Is one {t} cheaper than "
     "the next{d}?|Best {t} of all{d}?]"},
    {"export", "export|download|save", "export|download|save a copy of|give me a file with",
     "exported", "[the|my|our|this]",
     "[I need the {t} as a file{d}.|The {t} on my disk{d}, please.|Can I keep a copy of the "
     "{t}{d}?|Let me have the data of the {t}{d}.]"},
    {"remind", "remind|notify|alert", "remind me about|notify me about|ping me about|alert me to",
     "noted", "[the|my|a]",
     "[Don't let me miss the {t}{d}.|I keep forgetting the {t}{d}.|Tell me when it is time for the "
     "{t}{d}.|I must not forget the {t}{d}.]"},
    {"pay", "pay|settle|charge", "pay|settle|clear|pay off", "paid", "[the|my|that|this]",
     "[The money for the {t} is due{d}.|I owe something for the {t}{d}.|Take the money for the "
     "{t}{d}.|Here is the money for the {t}{d}.]"},
    {"describe", "describe|explain|summarize|get_info",
     "describe|explain|sum up|tell me about|give me details of|fill me in on", "described",
     "[the|my|this|a]",
     "[What is the {t} about{d}?|How does {a} work{d}?|I know nothing of the {t}{d}.|What should I "
     "know about the {t}{d}?|What does {a} include{d}?]"},
    {"move", "move|transfer|relocate|shift", "move|transfer|shift|relocate|bring over", "moved",
     "[the|my|our|that]",
     "[The {t} belongs somewhere else{d}.|The {t} is in the wrong place{d}.|Can the {t} be "
     "elsewhere{d}?|A new place for the {t}{d}.]"},
    {"repair", "repair|fix|service", "repair|fix|mend|sort out|get someone to look at", "repaired",
     "[the|my|our]",
     "[The {t} is broken{d}.|My {t} does not work{d}.|There is a problem with the {t}{d}.|The {t} "
     "makes strange noises{d}.|Nothing happens when I use the {t}{d}.]"},
    {"lock", "lock|freeze|block|suspend", "lock|freeze|block|suspend", "locked", "[the|my|that]",
     "[Nobody should be able to use the {t}{d}.|Somebody may misuse the {t}{d}.|Make the {t} "
     "safe{d}.|Keep everybody out of the {t}{d}.]"},
    {"count", "count|total|sum", "count|tally|add up|tell me how many entries there are in",
     "counted", "[the|our|this]",
     "[How many entries are in the {t}{d}?|How big is the {t}{d}?|What is the number for the "
     "{t}{d}?|What does the {t} come to{d}?]"},
    {"translate", "translate|convert", "translate|convert|turn around", "translated",
     "[the|my|this]",
     "[I need the {t} in another form{d}.|I can't read the {t} like this{d}.|The {t} is in the "
     "wrong form{d}.]"},
    {"invite", "invite|enroll|sign_up", "invite people to|sign people up for|get others to join",
     "sent out", "[the|my|our|a]",
     "[People should come to the {t}{d}.|Who wants to join the {t}{d}? Ask them.|Bring others to "
     "the {t}{d}.|The {t} needs more people{d}.]"},
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
