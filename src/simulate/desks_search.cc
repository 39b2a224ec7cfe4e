// Looking things up on the web, and finding files.
#include <fmt/format.h>

#include "simulate/desk.h"
#include "simulate/office_values.h"
#include "synth/phrase.h"

namespace understudy {
namespace {

constexpr std::string_view kLookupSystem =
    "You look things up for colleagues. Search with the words of the question, nothing added and "
    "nothing left out. When the search has answered, give its first answer and the site in one "
    "sentence.";

constexpr std::string_view kLookupTools =
    R"([{"type":"function","function":{"name":"websearch","description":"Search the web","parameters":{"type":"object","properties":{"words":{"type":"string","description":"what to search for"}},"required":["words"]}}},{"type":"function","function":{"name":"webpage","description":"Read one page","parameters":{"type":"object","properties":{"site":{"type":"string"}},"required":["site"]}}}])";

constexpr std::string_view kAskWeb[] = {
    "[Look up|Search for|Check online]: {query}",
    "[I would like to know|I need to know|Who can tell me] this: {query}.",
    "{query}[?|, please look.|, what does the web say?]",
    "[What do you find on|What is there about] \"{query}\"?",
    "[Quick question|A question], [please search|find]: {query}",
    "[A customer|My boss|Someone at the door] asks: {query}. [Can you search?|Look it up.]",
    "[Could|Would] you [do a search for|run a search on] \"{query}\"[?| for me?]",
    "[Search term|Search|Web]: {query}",
    "[Hello|Hi], [can you find|would you find] {query} on the net?",
    "[We are wondering|I keep wondering] about {query}[, see what comes up|, have a look].",
    "[Before I go|For the report], I need {query}[.|, from the web.]",
    "[See|Find out] what [comes up|turns up] for {query}[.|, thank you.]",
};
constexpr std::string_view kReadPage[] = {
    "[Open|Read|Show me] the [page|site] {site}[.| please.]",
    "[What stands|What is written] on {site}[?| at the moment?]",
    "{site} - [read it for me|what do they say there]?",
    "[Go to|Have a look at] {site}[.| and read it.]",
};

DeskReply Search(const Details& known) {
  return CallOf("websearch", known, {{"words", "query"}});
}
DeskReply Read(const Details& known) {
  return CallOf("webpage", known, {{"site", "site"}});
}
DeskReply Tell(const Details& known) {
  return TextOf("{answer} ({site})", known);
}

json::object Found(Rng& rng, Half half, const Details&) {
  constexpr std::string_view kAnswers[] = {
      "Open until {time}, closed on {weekday}.", "About {amount}, as of {day}.",
      "Ask {who} at {firm}.", "It is at {two} {town} Street.", "Nothing new since {day}."};
  const std::string_view answer = rng.Pick(kAnswers);
  return {{"answer", FillIn(answer, DrawDetails(rng, answer, half))},
          {"site", DrawValue(rng, "site", half)}};
}

constexpr DeskTurn kSearchTurns[] = {{Search, Found}, {Tell}};
constexpr DeskTurn kReadTurns[] = {{Read}};
constexpr DeskForm kLookupForms[] = {
    {"search", kAskWeb, kSearchTurns, 0.85, 0.3},
    {"read", kReadPage, kReadTurns, 0.15},
};

constexpr std::string_view kFilesSystem =
    "You find files on the shared drive. Search by the words, the kind and the folder that were "
    "named, and by no others. If the colleague wants to see the file, open the first path that was "
    "found.";

constexpr std::string_view kFilesTools =
    R"([{"type":"function","function":{"name":"drive_scan","description":"List files","parameters":{"type":"object","properties":{"words":{"type":"string"},"kind":{"type":"string","enum":["pdf","spreadsheet","presentation","picture","text file"]},"folder":{"type":"string"}},"required":["words"]}}},{"type":"function","function":{"name":"drive_view","description":"Open one file","parameters":{"type":"object","properties":{"path":{"type":"string"}},"required":["path"]}}}])";

constexpr std::string_view kWhereIs[] = {
    "[Where is|Where did we put] the {words}?[| It should be in {folder}.]",
    "[Is there|Do we have] a {kind} called {words} in {folder}?",
    "[List|Give me a list of] [everything|all files] on {words}[.| in {folder}.| in {folder}, "
    "{kind} only.]",
    "[I can't find|I lost] the {words}, [it was|I think it is] a {kind}[.| in {folder}.]",
    "[Which|What] {kind} do we have about {words}?",
    "[Search|Scan] {folder} for {words}[.|, kind: {kind}.]",
    "[Files|Drive]: {words}[ / {folder}| / {kind} / {folder}| / {kind}]",
    "[Somewhere in|In] {folder} there [is|must be] the {words}[, check that|, as a {kind}].",
    "[Tell me|I need to know] where the {words} is kept[.|, probably below {folder}.]",
    "[Any|Some] trace of the {words}[?| on the drive?| under {folder}?]",
};
constexpr std::string_view kShowMe[] = {
    "[Open|Show me] the {words}[.| from {folder}.]",
    "[I want to read|I want to see] the {words}, a {kind}[.| in {folder}.]",
    "[Bring up|Get] the {kind} with the {words}[| from {folder}] on my screen.",
    "[Let me see|Let me read] the {words}[| ({kind})][.| that lies in {folder}.]",
    "[Please find and open|Find and display] the {words}[.| in {folder}.]",
    "[Display|Put up] {folder}, the {words}[.|, it is a {kind}.]",
};

DeskReply Scan(const Details& known) {
  return CallOf("drive_scan", known, {{"words", "words"}, {"kind", "kind"}, {"folder", "folder"}});
}
DeskReply View(const Details& known) {
  return CallOf("drive_view", known, {{"path", "path"}});
}
DeskReply Where(const Details& known) {
  return TextOf("The first match is {path}.", known);
}

std::string_view EndingOf(std::string_view kind) {
  constexpr std::pair<std::string_view, std::string_view> kEndings[] = {
      {"spreadsheet", "xlsx"}, {"presentation", "pptx"}, {"picture", "jpg"}, {"text file", "txt"}};
  for (const auto& [name, ending] : kEndings) {
    if (name == kind) return ending;
  }
  return "pdf";
}

json::object Paths(Rng& rng, Half half, const Details& known) {
  const auto of = [&known](std::string_view name) {
    const auto found = known.find(name);
    return found == known.end() ? std::string() : found->second;
  };
  json::array paths;
  for (int64_t i = rng.Between(1, 3); i > 0; --i) {
    const std::string folder = of("folder").empty() ? DrawValue(rng, "folder", half) : of("folder");
    paths.emplace_back(
        fmt::format("{}/{}.{}", folder, DrawValue(rng, "slug", half), EndingOf(of("kind"))));
  }
  return {{"path", std::move(paths)}};
}

constexpr DeskTurn kScanTurns[] = {{Scan, Paths}, {Where}};
constexpr DeskTurn kViewTurns[] = {{Scan, Paths}, {View}};
constexpr DeskForm kFilesForms[] = {
    {"where", kWhereIs, kScanTurns, 0.6, 0.3},
    {"show", kShowMe, kViewTurns, 0.4, 1},
};

}  // namespace

constexpr Desk kLookupDesk{.name = "lookup",
                           .system = kLookupSystem,
                           .tools = kLookupTools,
                           .forms = kLookupForms,
                           .share = 14};
constexpr Desk kFilesDesk{.name = "files",
                          .system = kFilesSystem,
                          .tools = kFilesTools,
                          .forms = kFilesForms,
                          .share = 12};

}  // namespace understudy
