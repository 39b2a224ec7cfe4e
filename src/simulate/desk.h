// The desks of the simulated office: what its agent does all day. A desk is one recurring kind of
// call, with a fixed system prompt and tools, as an agent's code has it, and the phrasings in which
// people come to it; one desk hears open-ended requests that are nothing for a small model.
//
// Answers follow from what was said by plain code, the same for the agent, which knows what it
// said, and for the simulated reference, which reads it back from the request. Values are taken
// word for word, so that a small model can learn a desk by copying.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/json.h"
#include "simulate/grammar.h"

namespace understudy {

// What a model shall say: a tool call, or text.
struct DeskReply {
  std::string text;
  std::string tool;       // function name; empty: the answer is `text`
  std::string arguments;  // JSON, of a call
  bool is_call() const { return !tool.empty(); }
  bool operator==(const DeskReply&) const = default;
};

// One call of a session: the reply to what is known, and what the tool then finds. The members of
// that result (strings, or arrays, of which the first counts) are known from then on.
struct DeskTurn {
  DeskReply (*reply)(const Details& known);
  json::object (*result)(Rng& rng, Half half, const Details& known) = nullptr;
};

// One way to use a desk. The first turn answers a user, each later one a tool's result.
struct DeskForm {
  std::string_view name;
  std::span<const std::string_view> phrases;
  std::span<const DeskTurn> turns;
  double share = 1;    // of the desk's sessions, relative
  double closing = 1;  // how often the last turn is asked for; agents often stop at a call
};

struct Desk {
  std::string_view name;
  std::string_view system;
  std::string_view tools;   // JSON array; empty: none
  bool json = false;        // asks for a JSON object (response_format)
  bool open_ended = false;  // no small model should take it
  std::span<const DeskForm> forms;
  double share = 1;  // of sessions, relative
};

std::span<const Desk> Desks();
const Desk* FindDesk(std::string_view name);

// The phrasings of a form; made at the first use, then constant.
const PhraseBook& PhrasesOf(const DeskForm& form);

// Of one desk each; the table is in desk.cc.
extern const Desk kMeetingsDesk, kRemindersDesk;     // desks_calendar.cc
extern const Desk kLookupDesk, kFilesDesk;           // desks_search.cc
extern const Desk kMailDesk, kRowsDesk, kNotesDesk;  // desks_text.cc
extern const Desk kSortDesk;                         // desk_sort.cc
extern const Desk kAdviserDesk;                      // desk_adviser.cc

// A call of the tool with the details of these names as arguments, in order: {argument, detail}.
// What was not said is left out.
struct DeskArgument {
  std::string_view name, detail;
};
DeskReply CallOf(std::string_view tool, const Details& known,
                 std::initializer_list<DeskArgument> arguments);
// {"name": "words", ...} as one line of text.
DeskReply JsonOf(const Details& known, std::initializer_list<DeskArgument> members);
// `reading` filled in.
DeskReply TextOf(std::string_view reading, const Details& known);

}  // namespace understudy
