// Meetings and reminders.
#include "simulate/desk.h"
#include "simulate/office_values.h"

namespace understudy {
namespace {

constexpr std::string_view kMeetingsSystem =
    "You keep the calendar of a small firm. Answer with calendar calls. Copy names, days, times "
    "and "
    "lengths exactly as the colleague wrote them. Where no time is given, look for a free one with "
    "the other person first and take the earliest. Once the calendar has confirmed, say so in one "
    "line.";

constexpr std::string_view kMeetingsTools =
    R"([{"type":"function","function":{"name":"calendar_put","description":"Enter an appointment","parameters":{"type":"object","properties":{"subject":{"type":"string"},"with":{"type":"string"},"day":{"type":"string"},"time":{"type":"string"},"length":{"type":"string"}},"required":["subject","with","day","time"]}}},{"type":"function","function":{"name":"calendar_gaps","description":"Free times that both have","parameters":{"type":"object","properties":{"with":{"type":"string"},"day":{"type":"string"}},"required":["with","day"]}}}])";

constexpr std::string_view kMeetingAt[] = {
    "[Please put|Put] the {subject} with {who} in my calendar[,|:] {day} at {time}[.|, {length}.]",
    "[I am meeting|We are meeting] {who} for the {subject} on {day} at {time}[.|, enter {length}.]",
    "{subject} with {who}, {day}, {time}[.|, {length}.|, enter it please.]",
    "[Can|Could] you block {day} at {time} for the {subject} with {who}[?|? It takes {length}.]",
    "[New appointment|Appointment|For the calendar]: {subject}. Who: {who}. When: {day} at "
    "{time}.[| Length: {length}.]",
    "[Pencil in|Note down|Enter] {who} for {day} at {time}[| ({length})], [topic|it is about] "
    "the {subject}.",
    "{who} [agreed to|said yes to|can make] {day} at {time} for the {subject}[, so fix it.|, "
    "please enter it.|, {length} should do.]",
    "[Hold|Keep|Reserve] {length} on {day} at {time}: {who} is coming for the {subject}[.|, "
    "thanks.]",
    "[The|Our] {subject} will be on {day} at {time}, [together with|and with me comes] "
    "{who}[.|. Put it in.]",
    "[Hello|Hi|Morning], [I need|could I have] the {subject} in the calendar for {day}, {time}, "
    "with {who}[.|. {length}, please.]",
    "On {day} at {time} [I have|there is] the {subject} with {who}, [add that|make an entry]"
    "[.|, {length}.]",
    "[Book me|Get me down] with {who}: {subject}, {day}, {time}[| sharp|, {length}].",
};

constexpr std::string_view kMeetingSoon[] = {
    "[Find|Look for] a [gap|slot] on {day} [to see|to meet] {who} about the {subject}.",
    "When are {who} and I both free on {day}? [It is for|I mean|We need it for] the {subject}.",
    "[Any time|Whenever it suits] on {day} is fine for the {subject} with {who}[.|, you choose.]",
    "I [have to|must|should] talk to {who} on {day}, [subject|topic]: {subject}[.|. Earliest "
    "possible.]",
    "[Squeeze in|Fit in] the {subject} with {who} somewhere on {day}[.|, please.]",
    "{who} and I [still need|want] a time on {day} for the {subject}[.|. Take the first one.]",
    "[Please arrange for|See to it] that the {subject} with {who} [takes place|happens] on {day}[, "
    "time is open|].",
    "[The {subject} needs a free moment on {day}|We need a free moment on {day} for the "
    "{subject}], {who} comes too.",
};

DeskReply Put(const Details& known) {
  return CallOf("calendar_put", known,
                {{"subject", "subject"},
                 {"with", "who"},
                 {"day", "day"},
                 {"time", "time"},
                 {"length", "length"}});
}

DeskReply Gaps(const Details& known) {
  return CallOf("calendar_gaps", known, {{"with", "who"}, {"day", "day"}});
}

DeskReply Entered(const Details& known) {
  return TextOf("Entered: {subject} with {who}, {day} at {time}.", known);
}

json::object Confirmed(Rng& rng, Half, const Details&) {
  return {{"entered", true}, {"number", rng.Between(1000, 9999)}};
}

// The gaps come under the name of what is missing.
json::object FreeTimes(Rng& rng, Half half, const Details&) {
  json::array times;
  for (int64_t i = rng.Between(1, 3); i > 0; --i) {
    times.emplace_back(DrawValue(rng, "time", half));
  }
  return {{"time", std::move(times)}};
}

constexpr DeskTurn kAtTurns[] = {{Put, Confirmed}, {Entered}};
constexpr DeskTurn kSoonTurns[] = {{Gaps, FreeTimes}, {Put, Confirmed}, {Entered}};
constexpr DeskForm kMeetingForms[] = {
    {"at", kMeetingAt, kAtTurns, 0.65, 0.35},
    {"soon", kMeetingSoon, kSoonTurns, 0.35, 0.35},
};

constexpr std::string_view kRemindersSystem =
    "You are the reminder service of an office. Make one call for each wish. The text of the "
    "reminder and its moment are copied word for word from the wish.";

constexpr std::string_view kRemindersTools =
    R"([{"type":"function","function":{"name":"nudge_later","description":"Remind the colleague at a moment","parameters":{"type":"object","properties":{"text":{"type":"string","description":"what to do"},"moment":{"type":"string","description":"when, as written"}},"required":["text","moment"]}}},{"type":"function","function":{"name":"nudge_stop","description":"Take a reminder back","parameters":{"type":"object","properties":{"text":{"type":"string"}},"required":["text"]}}}])";

constexpr std::string_view kNudge[] = {
    "[Remind me|Please remind me|Could you remind me] to {chore} {when}.",
    "{when}[:| -] {chore}[.|, don't let me forget.]",
    "[I must not forget|Don't let me forget] to {chore}[;|.] [tell|nudge] me {when}.",
    "[Give me a nudge|Ping me|Poke me] {when}, I [have|need] to {chore}.",
    "[Reminder|Nudge|To do], {when}: {chore}.",
    "[Someone has|I have] to {chore}[.| soon.] [Say it again|Bring it up] {when}[.|, please.]",
    "[Make sure|See] that I {chore}, [ring|beep|shout] {when}[.|!]",
    "I [want|ought|promised] to {chore} and will forget it. [Write|Knock|Call] {when}.",
    "[Set|Start] an alarm for me, {when}, with the text: {chore}",
    "\"{chore}\" - [that is what I need to hear|read that to me] {when}.",
    "[Hi|Hey], {when} I should {chore}[, keep that in mind for me|, remember that].",
    "[Come back to me|Get back to me] {when} [because|since] I am to {chore}[.|, ok?]",
};
constexpr std::string_view kNudgeOff[] = {
    "[No need to remind me|You need not remind me any more] to {chore}[.|, it is done.]",
    "[I have done it|Done already]: {chore}. [Drop|Delete] the reminder[.|, thanks.]",
    "[Forget|Scrap|Cross out] the reminder to {chore}[.|, please.]",
    "The reminder \"{chore}\" [can go|is no longer needed].",
};

constexpr DeskTurn kNudgeTurns[] = {{[](const Details& known) {
  return CallOf("nudge_later", known, {{"text", "chore"}, {"moment", "when"}});
}}};
constexpr DeskTurn kNudgeOffTurns[] = {
    {[](const Details& known) { return CallOf("nudge_stop", known, {{"text", "chore"}}); }}};
constexpr DeskForm kReminderForms[] = {
    {"later", kNudge, kNudgeTurns, 0.8},
    {"stop", kNudgeOff, kNudgeOffTurns, 0.2},
};

}  // namespace

constexpr Desk kMeetingsDesk{.name = "meetings",
                             .system = kMeetingsSystem,
                             .tools = kMeetingsTools,
                             .forms = kMeetingForms,
                             .share = 14};
constexpr Desk kRemindersDesk{.name = "reminders",
                              .system = kRemindersSystem,
                              .tools = kRemindersTools,
                              .forms = kReminderForms,
                              .share = 16};

}  // namespace understudy
