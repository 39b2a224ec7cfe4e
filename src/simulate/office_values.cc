#include "simulate/office_values.h"

#include <fmt/format.h>

namespace understudy {
namespace {

constexpr int64_t kRecognizeSteps = 20'000;

struct Rule {
  std::string_view name, phrase;  // {name} is another rule
  bool open = true;
};

constexpr Rule kRules[] = {
    // People, firms, towns.
    {"first",
     "[Abel|Agata|Alwin|Amara|Anouk|Arvid|Basma|Benno|Birgit|Bruno|Cato|Celia|Dario|Delia|Dunja|"
     "Edda|Egon|Elif|Emeka|Enzo|Farah|Fenna|Fiona|Gita|Greta|Hakan|Hanne|Hugo|Ilse|Imani|Ines|"
     "Ivo|Jasper|Jolanda|Juno|Kaito|Katya|Kofi|Lars|Leonie|Livia|Magnus|Malin|Mateo|Mei|Milos|"
     "Nadia|Nils|Noor|Odile|Otto|Pavel|Petra|Quentin|Rania|Ravi|Rosa|Sami|Selma|Silvan|Tamsin|"
     "Thea|Tomas|Ulla|Vera|Viktor|Wanda|Yara|Yusuf|Zoran]"},
    {"last",
     "[Ash|Bram|Cald|Dorn|Elling|Fals|Grim|Hart|Ing|Jost|Kerr|Lind|Mar|Nor|Oster|Pell|Quar|Rav|"
     "Sand|Thorn|Uld|Vester|Wael|Yar][worth|ley|sen|mont|wick|ner|ström|by|gaard|field|ova|etti|"
     "idis|ami|uya|oka]"},
    {"who", "{first} {last}"},
    {"other", "{first} {last}"},
    {"firmname",
     "[Vel|Tar|Quin|Mor|Hal|Bren|Sol|Ock|Lum|Fen|Dral|Kest|Arb|Pim|Zel|Ruv][brook|sin|dale|vane|"
     "mere|ford|tex|nova|gate|wood|port|line|mark|well|stone|hall]"},
    {"firm", "{firmname}[| Ltd| & Sons| Partners| Works]"},
    {"town",
     "[Nether|Upper|East|Kings|Stone|Clear|Long|Hollow|Fair|Green|Mill|Salt]"
     "[burg|haven|mouth|ridge|minster|thorpe|combe|lake|marsh|field]"},
    {"address", "[{inbox}|{mailname}]@{mailfirm}.example"},
    {"inbox", "[office|accounts|front.desk|orders|studio|planning|rentals|press][|{two}]"},
    {"mailname",
     "[agata|bruno|celia|dario|edda|enzo|fenna|gita|hugo|ilse|kofi|livia|mateo|nadia|otto|petra|"
     "ravi|selma|thea|vera].[ashley|bramsen|caldwick|dornby|ellingova|falsner|grimley|hartmont|"
     "ingami|jostby|kerrfield|lindoka|marsen|norwick|pellworth|sandgaard]"},
    {"mailfirm",
     "[vel|tar|quin|mor|hal|bren|sol|ock|lum|fen|dral|kest][brook|sin|dale|vane|mere|ford|tex|"
     "nova|gate|port]"},
    {"site", "{mailfirm}.example[|/news|/hours|/contact|/prices|/staff|/{topicword}]"},
    {"topicword", "[lease|fleet|audit|energy|parking|tickets|menu|map][|-{two}]"},
    // Numbers, days, times.
    {"two", "[1|2|3|4|5|6|7|8|9][0|1|2|3|4|5|6|7|8|9]"},
    {"weekday", "[Monday|Tuesday|Wednesday|Thursday|Friday]"},
    {"month",
     "[January|February|March|April|May|June|July|August|September|October|November|December]"},
    {"dayno", "[1|2|3|4|5|6|7|8|9|10|11|12|13|14|15|16|17|18|19|20|21|22|23|24|25|26|27|28]"},
    {"ordinal", "[4|5|6|7|8|9|10|11|12|13|14|15|16|17|18|19|20|24|25|26|27|28]th"},
    {"day",
     "[{weekday}|next {weekday}|{weekday} the {ordinal}|{dayno} {month}|the {ordinal} of {month}|"
     "{weekday}, {dayno} {month}]"},
    {"until",
     "[{weekday}|next {weekday}|{weekday} the {ordinal}|{dayno} {month}|the {ordinal} of {month}]"},
    {"minute", "[05|10|15|20|25|30|35|40|45|50|55]"},
    {"time",
     "[[8|9|10|11] am|[1|2|3|4|5] pm|[8|9|10|11]:{minute} am|[1|2|3|4|5]:{minute} pm|[8|9|10|11|12|"
     "13|14|15|16|17]:{minute}|half past [8|9|10|11|2|3|4]|quarter to [9|10|11|3|4|5]]"},
    {"length",
     "[[20|25|30|35|40|45|50|55|60|70|75|80|90|100|110|120] minutes|half an hour|an hour|two "
     "hours|three quarters of an hour|an hour and a half]"},
    {"when",
     "[{day} at {time}|{day} at {time}|{day} [morning|afternoon|evening]|in {two} "
     "minutes|tomorrow at {time}|tonight at {time}|today at {time}]"},
    {"amount",
     "[{two}.{cents} EUR|[1|2|3|4|5]{two}.{cents} EUR|${two}.{cents}|$[1|2|3]{two}|{two} "
     "pounds|[3|5|6|7|8|9].{cents} EUR]"},
    {"cents", "[00|05|10|20|25|40|49|50|60|75|80|90|95|99]"},
    // Work.
    {"topic",
     "[budget|lease|hiring|warehouse|website|payroll|parking|archive|catalogue|training|canteen|"
     "roof repair|stock count|trade fair|price list|newsletter|printer|insurance|fleet|energy|"
     "security|recycling|onboarding|tender|audit|showroom|intern|holiday rota|open day|logo|"
     "packaging|delivery van|moving|heating|software|supplier|travel|summer party|cleaning|"
     "furniture]"},
    {"paper",
     "[invoice|contract|offer|report|minutes|slides|timesheet|floor plan|order form|checklist|"
     "cost sheet|brochure|permit|receipt|summary|quote|agenda|statement|schedule|photo list]"},
    {"event",
     "[review|kick-off|walk-through|hand-over|briefing|workshop|catch-up|planning round|retro|"
     "interview|debrief|demo|stand-up|signing]"},
    {"subject", "[{topic} {event}|{firmname} {event}|{firmname} {topic} {event}]"},
    {"matter", "[{topic} {paper}|{firmname} {paper}|{topic} {event}|{firmname} {topic}]"},
    {"chore",
     "[call {who}|pay the {topic} {paper}|sign the {firmname} {paper}|send {firm} the {paper}|"
     "print the {topic} {paper}|renew the {topic} {paper}|ask {who} for the {paper}|order {two} "
     "[folders|badges|lamps|chairs]|check the {topic} {paper}|pick up the {paper} from {firm}|"
     "water the plants in room {two}|bring the {topic} keys to {who}|back up the {firmname} "
     "files]"},
    {"query",
     "[[opening hours|address|phone number|head office|annual report] of {firm}|weather in {town} "
     "{day}|train times from {town} to {town}|parking rules in {town}|population of {town}|how to "
     "[descale|reset|clean|unlock|repair] a {firmname} [printer|kettle|projector|lock|shredder]|"
     "price of {two} [office chairs|desk lamps|paper rolls|toner boxes]|who owns {firm}|[hotels|"
     "car rental|courier services] in {town}|[reviews|opening times|ticket prices] of the {town} "
     "[museum|fair|harbour tour|castle]]"},
    // Files.
    {"words", "[{firmname} {paper}|{topic} {paper}|{firmname} {topic} {paper}|{paper} for {firm}]"},
    {"folder",
     "[Clients|Projects|Archive|Finance|Staff|Shared]/[{firmname}|{town}|20[17|18|19|20|21|22|23|"
     "24|25|26]|{firmname}/20[17|18|19|20|21|22|23|24|25|26]]"},
    {"kind", "[pdf|spreadsheet|presentation|picture|text file]", false},
    {"slug",
     "[budget|lease|hiring|warehouse|payroll|archive|training|canteen|audit|tender]_[invoice|"
     "contract|offer|report|minutes|slides|plan|form|receipt|quote]_[v1|v2|v3|final|draft|signed|"
     "{two}]"},
    // Parts of mails and messages.
    {"news",
     "[the {topic} {paper} is [ready|late|signed|with the lawyers|on its way]|we moved the "
     "{subject} to {day}|{who} will join us {day}|the {firmname} {paper} was sent {day}|we need "
     "{two} more [badges|chairs|copies|boxes]|the {topic} work begins {day}|room {two} is free "
     "{day}]"},
    {"ask",
     "[send us the {paper}|confirm {day} at {time}|tell us who signs the {paper}|return {two} "
     "[badges|keys|boxes]|check the {topic} {paper}|forward the {paper} to {who}|call {who} "
     "{day}|choose a day for the {subject}]"},
    {"item",
     "[taxi to {town}|train to {town}|lunch with {firm}|dinner with {who}|{two} [stamps|folders|"
     "batteries|envelopes]|toner for room {two}|hotel in {town}|parking in {town}|flowers for "
     "{who}|cable for the {topic} screen|courier to {firm}]"},
    {"goods",
     "[desk lamp|standing desk|label printer|paper shredder|whiteboard|headset|coffee machine|"
     "document scanner|key cabinet|office chair|filing box|monitor arm] [{firmname}|{firmname} "
     "{two}|{two}]"},
    {"orderno", "[A|B|C|K|M|R]{two}-{two}{two}"},
    {"field",
     "[a regional bakery chain|a family hotel in {town}|a maker of wooden toys|{firm}|a public "
     "library in {town}|a small logistics firm|a language school|a bicycle repair network|a "
     "theatre in {town}|an engineering office of {two} people|a wine importer|a municipal "
     "swimming pool]"},
    {"issue",
     "[the move to a four-day week|rising energy prices|the loss of its largest client|opening a "
     "second site in {town}|replacing paper files|a merger with {firm}|high staff turnover|"
     "working from home|new packaging rules|buying instead of renting|a shrinking market|the "
     "founder's retirement]"},
};

// "item2" is a second one of the rule "item".
const Rule* FindRule(std::string_view name) {
  name = name.substr(0, name.find_last_not_of("0123456789") + 1);
  const auto* found = std::ranges::find(kRules, name, &Rule::name);
  return found == std::end(kRules) ? nullptr : found;
}

// The readings of each rule, made once.
const std::vector<std::string>& ReadingsOfRule(const Rule& rule) {
  static const auto all = [] {
    std::vector<std::vector<std::string>> made;
    for (const Rule& each : kRules) made.push_back(ReadingsOf(each.phrase));
    return made;
  }();
  return all[static_cast<size_t>(&rule - kRules)];
}

std::string Make(Rng& rng, const Rule& rule) {
  const std::string& reading = rng.Pick(ReadingsOfRule(rule));
  std::string out;
  for (size_t at = 0; at < reading.size();) {
    const size_t open = std::min(reading.find('{', at), reading.size());
    out.append(reading, at, open - at);
    if (open == reading.size()) break;
    const size_t close = reading.find('}', open);
    if (const Rule* inner = FindRule(std::string_view(reading).substr(open + 1, close - open - 1)))
      out += Make(rng, *inner);
    at = close + 1;
  }
  return out;
}

}  // namespace

std::string DrawValue(Rng& rng, std::string_view name, Half half) {
  const Rule* rule = FindRule(name);
  if (!rule) return {};
  std::string value = Make(rng, *rule);
  while (rule->open && HalfOf(value) != half) value = Make(rng, *rule);
  return value;
}

bool IsValue(std::string_view name, std::string_view text) {
  const Rule* rule = FindRule(name);
  if (!rule) return false;
  int64_t steps = kRecognizeSteps;
  return std::ranges::any_of(ReadingsOfRule(*rule), [&](const std::string& reading) {
    return MatchReading(reading, text, IsValue, steps).has_value();
  });
}

bool IsValueName(std::string_view name) {
  return FindRule(name) != nullptr;
}

bool IsOpen(std::string_view name) {
  const Rule* rule = FindRule(name);
  return rule && rule->open;
}

std::vector<std::string_view> ValueNames() {
  std::vector<std::string_view> names;
  for (const Rule& rule : kRules) names.push_back(rule.name);
  return names;
}

Details DrawDetails(Rng& rng, std::string_view reading, Half half) {
  Details details;
  for (const std::string_view name : NamesIn(reading)) {
    details.emplace(name, DrawValue(rng, name, half));
  }
  return details;
}

}  // namespace understudy
