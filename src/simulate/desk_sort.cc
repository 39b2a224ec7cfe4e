// Sorting the messages that customers send.
#include "simulate/desk.h"

namespace understudy {
namespace {

constexpr std::string_view kSystem =
    "You sort the messages that come in from customers. Answer with one of these words and nothing "
    "else:\n"
    "payment: money, invoices, charges, refunds of money\n"
    "entry: passwords, accounts, being locked out\n"
    "parcel: where a shipment is, late or lost ones\n"
    "defect: something is broken or does not work\n"
    "praise: thanks and compliments\n"
    "leave: ending a contract or taking an order back";

constexpr std::string_view kPayment[] = {
    "[I was charged|You charged me] {amount} [twice|two times] for the {goods}.",
    "The invoice for order {orderno} says {amount}[, that is too much.|, why?]",
    "[When will|When do] I get my money back? It is {amount} for the {goods}.",
    "[Can I pay|May I pay] {orderno} by [bank transfer|card|instalments]?",
    "[Your invoice|The bill] for {orderno} [has the wrong address|is missing the tax number].",
    "[Why did you take|Why was there a charge of] {amount} [from my card|on my account]?",
    "[Please send|I still need] [an invoice|a receipt] for the {goods}, order {orderno}.",
    "My refund of {amount} [has not come|never arrived][.| yet.]",
    "The [discount|voucher] was not [taken off|used] on {orderno}, I paid {amount}.",
};
constexpr std::string_view kEntry[] = {
    "[I forgot|I lost] my password[.|, the account is {address}.]",
    "[I cannot|I can't] [log in|sign in] with {address}[.| since {day}.]",
    "[Please unlock|You locked] my account {address}[.|, I need it today.]",
    "The [code|link] for [signing in|a new password] [never comes|does not arrive] at {address}.",
    "[Change|Please change] the [login|user name] of my account to {address}.",
    "It says [wrong password|user unknown] for {address}[, although it is right.|!]",
    "[How do I|Where can I] [reset|change] the password for {address}?",
    "{who} [left us|is new here], [remove|give] [the login|access] for {address}.",
    "My account [has been blocked|is locked] since {day}[.|, the name is {address}.]",
};
constexpr std::string_view kParcel[] = {
    "[Where is|Any news of] my [parcel|shipment] {orderno}?",
    "The [parcel|delivery] was [due|promised] for {day}[, and nothing came.|. Order {orderno}.]",
    "[Tracking|The tracking page] for {orderno} [has not moved|shows nothing] since {day}.",
    "[You delivered|The driver left] {orderno} [at the wrong door|with a neighbour in {town}].",
    "[Can you send|Please ship] {orderno} to {town} [instead|and not to my old address]?",
    "[When does|When will] the {goods} [arrive|get here]? [I ordered on|Ordered] {day}.",
    "My [parcel|package] with the {goods} [is lost|got lost|never arrived].",
    "[How long|How many days] does [shipping|delivery] to {town} take[?| for {orderno}?]",
    "The courier [could not find|did not come to] us in {town}, parcel {orderno}.",
};
constexpr std::string_view kDefect[] = {
    "The {goods} [is broken|does not work|stopped working][.| since {day}.]",
    "[My|Our] {goods} makes [a strange noise|smoke|a burning smell][.| when I switch it on.]",
    "[A part|One leg|The switch] of the {goods} [broke off|came loose] [after|within] {two} days.",
    "The {goods} from {orderno} [has a crack|is scratched|is bent].",
    "[I can't switch|It is impossible to switch] the {goods} on[.|, is it faulty?]",
    "[The screen|The display|The light] of my {goods} [flickers|stays dark].",
    "[Half of|One of] the screws for the {goods} [do not fit|is missing].",
    "Out of the box, the {goods} [did not start|was damaged][.|, order {orderno}.]",
    "[Is there a repair|Who repairs it]? My {goods} [shows an error|does not work any more].",
};
constexpr std::string_view kPraise[] = {
    "[Thank you|Many thanks], the {goods} is [wonderful|great|perfect].",
    "{who} at your [counter|hotline] was [so kind|very helpful][.|, thank you!]",
    "[Great service|Well done], {orderno} [came a day early|was packed with love].",
    "[I love|We love] our [new |]{goods}[!|, thanks a lot.]",
    "[Just wanted to say|A short note]: the {goods} is [the best|a joy].",
    "[Five stars|Top marks] for {who} [in {town}|and the whole team]!",
    "[Compliments|My compliments] to {who}, [what a friendly call|great advice].",
    "The {goods} [is even better than hoped|works like a charm][.|, thank you.]",
    "[Never had|I never saw] such [good|friendly] help as from {who}.",
};
constexpr std::string_view kLeave[] = {
    "[I want to|I would like to] [cancel|end] my contract {orderno}[.| by {day}.]",
    "[Please cancel|Cancel] order {orderno}[.|, I do not need the {goods} any more.]",
    "[We are|I am] [quitting|giving notice] as of {day}, contract {orderno}.",
    "[Stop|End] my subscription[.| on {day}.] [The number is|Number:] {orderno}.",
    "I [changed my mind|no longer want it]: take back the order for the {goods}.",
    "[How can I|How do I] [get out of|end] contract {orderno}?",
    "[Do not send|You need not send] the {goods}, [I cancel|the order is cancelled].",
    "[Close|Delete] my customer account[.|, I am leaving], {address}.",
    "[Notice|Cancellation] for {orderno}, [effective|last day] {day}.",
};

constexpr DeskTurn kPaymentTurn[] = {{[](const Details&) { return TextOf("payment", {}); }}};
constexpr DeskTurn kEntryTurn[] = {{[](const Details&) { return TextOf("entry", {}); }}};
constexpr DeskTurn kParcelTurn[] = {{[](const Details&) { return TextOf("parcel", {}); }}};
constexpr DeskTurn kDefectTurn[] = {{[](const Details&) { return TextOf("defect", {}); }}};
constexpr DeskTurn kPraiseTurn[] = {{[](const Details&) { return TextOf("praise", {}); }}};
constexpr DeskTurn kLeaveTurn[] = {{[](const Details&) { return TextOf("leave", {}); }}};
constexpr DeskForm kForms[] = {
    {"payment", kPayment, kPaymentTurn}, {"entry", kEntry, kEntryTurn},
    {"parcel", kParcel, kParcelTurn},    {"defect", kDefect, kDefectTurn},
    {"praise", kPraise, kPraiseTurn},    {"leave", kLeave, kLeaveTurn},
};

}  // namespace

constexpr Desk kSortDesk{.name = "sort", .system = kSystem, .forms = kForms, .share = 18};

}  // namespace understudy
