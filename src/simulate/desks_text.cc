// Mails as JSON, rows out of expense notes, and hand-over notes by a form.
#include <fmt/format.h>

#include "simulate/desk.h"
#include "synth/phrase.h"

namespace understudy {
namespace {

constexpr std::string_view kMailSystem =
    "You lay out e-mails. Reply with one JSON object with the keys to (the address), subject, news "
    "(what to tell) and request (what is asked of the recipient). All four are copied word for "
    "word "
    "from the instruction; a key that it says nothing about is left out.";

constexpr std::string_view kWriteMail[] = {
    "[Mail|Write to|E-mail] {address} about the {matter}: {news}. [Also|And] ask them to {ask}.",
    "To {address}. Subject: {matter}. [Say|Tell them] that {news}[.| and that they should {ask}.]",
    "[Let {address} know|Inform {address}] that {news}[.|; please {ask}.] Subject {matter}.",
    "[I need a mail|Draft a mail|One mail] to {address}, subject {matter}, [saying|with the news] "
    "that {news}.",
    "{news}. [Send that to|That goes to] {address} [under the subject|with the title] {matter}[.|, "
    "and have them {ask}.]",
    "[Ask|Request] {address} to {ask}. [The subject is|Put as subject] {matter}.",
    "{address} should {ask}. [Write that|Put it in a mail] with the subject {matter}[.| and "
    "mention "
    "that {news}.]",
    "[Regarding|Concerning] the {matter}: [write|mail] {address}, [tell them|explain] {news}[.|. "
    "They are to {ask}.]",
    "[Answer|Reply to] {address} on the {matter}, {news}, [and would they|could they] {ask}?",
    "[Mail for|Message for] {address} / {matter} / {news}[| / {ask}]",
    "[Hello|Hi], {address} [has not heard|does not know] that {news}. [Tell them|Write], subject "
    "{matter}[.|, and ask to {ask}.]",
    "[Under|With] the heading {matter}, {address} gets [this|the following] news: {news}[.|. Then: "
    "{ask}.]",
};

constexpr DeskTurn kMailTurns[] = {{[](const Details& known) {
  return JsonOf(known,
                {{"to", "address"}, {"subject", "matter"}, {"news", "news"}, {"request", "ask"}});
}}};
constexpr DeskForm kMailForms[] = {{"mail", kWriteMail, kMailTurns}};

constexpr std::string_view kRowsSystem =
    "You turn expense notes into rows for the books. Reply with one JSON object {\"rows\": [...]}, "
    "one row for each expense in the order of the note, with the keys day, item and amount, each "
    "as "
    "the note spells it.";

constexpr std::string_view kNote[] = {
    "[My expenses|Expenses|This week's costs]:\n{day1}: {item1}, {amount1}\n{day2}: {item2}, "
    "{amount2}[|\nThat is all.]",
    "[Please book|Book these|For the books|To be booked]:\n- {item1}, {day1}, {amount1}\n- "
    "{item2}, {day2}, {amount2}\n- "
    "{item3}, {day3}, {amount3}",
    "[|To refund:\n|Spent:\n]{item1} / {day1} / {amount1}\n{item2} / {day2} / "
    "{amount2}[|\n(receipts are in the folder)]",
    "[I paid|Paid by me]:\n{amount1} for {item1} on {day1}\n{amount2} for {item2} on {day2}[|\n"
    "{amount3} for {item3} on {day3}]",
    "[|Expenses of the trip:\n]{day1} - {item1} - {amount1}\n{day2} - {item2} - {amount2}\n{day3} "
    "- {item3} - "
    "{amount3}[|\nThanks!]",
    "[On {day1} I spent|I spent on {day1}] {amount1} on {item1}.[| On {day2} it was {amount2} for "
    "{item2}.]",
    "[From the cash box|Petty cash|Out of the till]:\n{amount1}; {item1}; {day1}\n{amount2}; "
    "{item2}; {day2}[|\n{amount3}; {item3}; {day3}]",
    "[Costs of the trip|Trip|Business trip|On the road]: {item1} ({amount1}, {day1}) and {item2} "
    "({amount2}, {day2})[.|, "
    "nothing else.]",
    "[|Two things.\n\n|Please enter.\n\n]Day: {day1}\nWhat: {item1}\nHow much: {amount1}[|\n\nDay: "
    "{day2}\nWhat: {item2}\nHow much: "
    "{amount2}]",
    "[There are|I have|Here are|Enclosed are] two receipts: {item1} on {day1} [for|over] "
    "{amount1}, {item2} on {day2} "
    "[for|over] {amount2}.",
    "[Refund me|I want back] {amount1}, that was {item1} on {day1}[.|, and {amount2}, that was "
    "{item2} on {day2}.]",
    "1. {item1} [=|cost|at] {amount1} [on|,] {day1}\n2. {item2} [=|cost] {amount2} [on|,] {day2}",
};

DeskReply Rows(const Details& known) {
  json::array rows;
  for (int i = 1; i <= 3; ++i) {
    const auto of = [&known, i](std::string_view name) {
      return known.find(fmt::format("{}{}", name, i));
    };
    if (of("item") == known.end()) break;
    rows.push_back(json::object{{"day", of("day")->second},
                                {"item", of("item")->second},
                                {"amount", of("amount")->second}});
  }
  return {DumpJson(json::object{{"rows", std::move(rows)}}), {}, {}};
}

constexpr DeskTurn kRowsTurns[] = {{Rows}};
constexpr DeskForm kRowsForms[] = {{"rows", kNote, kRowsTurns}};

constexpr std::string_view kNotesSystem =
    "You write hand-over notes. The note has exactly this form, with the words of the message in "
    "place of the capitals:\n"
    "WHO takes over MATTER from OTHER on DAY.\n"
    "Next step: CHORE.\n"
    "Files: FOLDER";

constexpr std::string_view kHandOver[] = {
    "{other} [hands|gives] the {matter} to {who} on {day}. [Next|First thing]: {chore}. [It is all "
    "in|Files in] {folder}",
    "From {day} on {who} [does|looks after] the {matter} [instead of|in place of] {other}. [To do "
    "next|Then comes]: {chore}. Folder {folder}",
    "[Note for|Tell] {who}: {matter}, so far with {other}, [yours from|starts on] {day}, [begin "
    "with|begin by] this: {chore}. Drive: {folder}",
    "[Hand-over|Change of hands] of the {matter}: {other} -> {who}, {day}. Step: {chore}. Path: "
    "{folder}",
    "{other} [is leaving|goes on holiday], so {who} gets the {matter}, day: {day}. [Somebody must|"
    "They have to] {chore}. Look into {folder}",
    "[Who|New]: {who}\n[Before|Old]: {other}\nMatter: {matter}\nDay: {day}\nStep: {chore}\n[Files|"
    "Folder]: {folder}",
    "The {matter} [passes|moves] from {other} to {who} with effect of {day}; [next on the list|the "
    "first task]: {chore}; [documents|papers] below {folder}",
    "{who} [replaces|relieves] {other} for the {matter}, [date|as of]: {day}, [task|job]: {chore}, "
    "[place|where]: {folder}",
    "[As of|Starting] {day}, the {matter} [belongs to|is run by] {who}, no longer {other}. Open "
    "[point|item]: {chore}. Folder: {folder}",
    "[Write it up|Make a note]: {who} after {other}, {matter}, {day}, {folder}, [and next|next "
    "step] {chore}",
};

constexpr DeskTurn kNoteTurns[] = {{[](const Details& known) {
  return TextOf(
      "{who} takes over {matter} from {other} on {day}.\nNext step: {chore}.\nFiles: "
      "{folder}",
      known);
}}};
constexpr DeskForm kNotesForms[] = {{"hand-over", kHandOver, kNoteTurns}};

}  // namespace

constexpr Desk kMailDesk{
    .name = "mail", .system = kMailSystem, .json = true, .forms = kMailForms, .share = 14};
constexpr Desk kRowsDesk{
    .name = "rows", .system = kRowsSystem, .json = true, .forms = kRowsForms, .share = 12};
constexpr Desk kNotesDesk{
    .name = "notes", .system = kNotesSystem, .forms = kNotesForms, .share = 10};

}  // namespace understudy
