#include "synth/vocabulary.h"

namespace understudy {
namespace {

constexpr std::string_view kCommonNouns =

    "account acorn advice anchor animal answer apple area arrow article atlas aunt autumn badge "
    "bag "
    "balance ball band bank barn basket battery beach bean bear bed bell bench berry bicycle "
    "bird blanket "
    "boat body bone book border bottle bowl box branch bread breeze brick bridge brother brush "
    "bucket "
    "budget building bus bush butter button cabin cake camera camp candle canyon card carpet "
    "castle cat "
    "cattle cellar chain chair chalk chapter cheese chest child circle class clock cloth cloud "
    "coach coal "
    "coast coat code coffee coin collar colour column comb contract copper copy corner cotton "
    "counter "
    "country couple cousin cover cow crane cream crew crop crowd crown cup current curtain curve "
    "cushion "
    "damage dance daughter deal debt degree desert desk detail device diary dinner dish distance "
    "doctor "
    "dog donkey door dozen drawer dream dress drill driver drum dust eagle ear edge effect egg "
    "elbow "
    "engine entry error event example expert eye fabric face factory farm father feather fence "
    "field "
    "figure film finger fire fish flag flame floor flour flower folder food foot forest fork "
    "frame friend "
    "frog fruit fuel garden gate gift glass glove goal goat grain grape grass ground group guest "
    "guide "
    "habit hall hammer hand harbour hat head heart hill history hole honey hook horse hospital "
    "hour house "
    "idea index ink insect iron island jacket jar jewel job joke journey juice jury kettle key "
    "kitchen "
    "kite knee knife knot ladder lake lamp lane language leaf leather lemon letter level library "
    "lid line "
    "lion list lock log machine magnet map margin market mask match meal meeting member message "
    "metal "
    "method mill mirror model money moon morning mother motor mountain mouse mouth muscle museum "
    "nail name "
    "neck needle nerve nest net night nose note number nurse oak oar ocean office oil onion "
    "option orange "
    "order oven owner package page paint pan paper parcel parent partner path pattern pencil "
    "people pepper "
    "person phone picture pig pillow pilot pin pipe place plane plant plate pocket point policy "
    "pond "
    "potato powder price prize problem profile project pump purpose queen question quiz rabbit "
    "radio rail "
    "rain range rate reason receipt record region report result rice ring river road roof room "
    "root rope "
    "rule sail salt sand scale school science screw sea season seat second seed sentence shade "
    "shape sheep "
    "shelf ship shirt shoe shop shoulder side signal silk silver sister size skin sky sleep "
    "slope smoke "
    "snail snake snow soap sock soil song sound soup space spade spoon spring square stage stamp "
    "star "
    "station steam steel stem step stick stitch stock stone store storm story stove stranger "
    "straw stream "
    "street string student sugar suit summer sun surface swan switch table tail tailor task "
    "taste tax "
    "teacher team temple tent test thread throat ticket tiger timber title toe token tongue tool "
    "tooth "
    "topic town toy track trade train travel tray tree trick trip truck tube turn twin umbrella "
    "uncle unit "
    "update valley value van vase verse vessel village violin visit voice volume wall watch "
    "water wave wax "
    "weather week weight wheel whistle window wine wing winter wire witness wolf wood wool word "
    "work worker "
    "wrist writer yard year zebra zone";

}  // namespace

const WordList& FirstNames() {
  static const WordList list(
      "Ada Aisha Alan Alice Amir Ana Anders Anika Antonio Asha Beatrice Ben Bianca Boris Brenda "
      "Bruno "
      "Camille Carlos Carmen Cecilia Chen Chloe Chris Clara Daniel Daria David Deepa Diego Dina "
      "Dmitri "
      "Edith Elena Eli Emeka Emma Erik Esther Eva Fabio Farah Fatima Felix Fiona Frank Gabriel "
      "George "
      "Gita Grace Greta Hamid Hana Harold Hassan Heidi Henry Hugo Ibrahim Ida Imani Ines Ingrid "
      "Irene "
      "Isaac Ivan Ivy Jack Jamal Jana Jasper Javier Jenna Jin Joan Jonas Jorge Josie Julia Kai "
      "Karim "
      "Katya Keiko Kenji Kofi Kwame Lara Lars Laura Leila Leo Lian Lily Linus Lucia Luis Lydia "
      "Maeve "
      "Magnus Malik Marco Margot Maria Marta Matteo Maya Mei Mila Miriam Mohammed Monique Nadia "
      "Naomi "
      "Nikolai Nina Noah Nora Olga Oliver Omar Oscar Otto Pablo Paula Pedro Petra Philip Priya "
      "Quentin "
      "Rachel Rafael Rahul Ravi Rebecca Renata Rita Robert Rosa Ruth Sam Samira Sandra Santiago "
      "Sara "
      "Sergei Simon Sofia Stefan Stella Sunil Sven Tara Tariq Teresa Theo Thomas Tomas Uma Valeria "
      "Vera "
      "Victor Vikram Walter Wei Wendy Willem Xavier Yara Yasmin Yuki Yusuf Zara Zoe René Zoë "
      "Jürgen "
      "Søren Łukasz Begoña");
  return list;
}

const WordList& LastNames() {
  static const WordList list(
      "Abbott Acosta Adeyemi Ahmed Albrecht Alvarez Andersson Aoki Baker Banerjee Barnes Becker "
      "Bennett "
      "Berg Bianchi Blake Bondarenko Brandt Brooks Bryant Callahan Campos Carter Castillo Chandra "
      "Chang "
      "Clarke Costa Cruz Dahl Dalton Davies Delgado Diaz Dixon Donovan Dubois Duncan Eklund Ellis "
      "Engel "
      "Eriksen Estrada Evans Farrell Fernandes Ferrari Fischer Fletcher Flores Fontaine Fraser "
      "Fujita "
      "Galloway Garcia Gibson Gomez Grant Greene Gruber Gupta Haddad Hale Hansen Harper Hartmann "
      "Hayashi "
      "Henriksen Hoang Holloway Horvat Hughes Ibarra Ishikawa Ivanov Jacobs Jansen Jensen Joshi "
      "Kaplan "
      "Kaur Keller Khan Kim Klein Kovacs Kowalski Kumar Lambert Larsen Lehmann Leone Lindqvist "
      "Lopez "
      "Lowe Lund Mackenzie Madsen Mahmoud Maldonado Marino Marsh Mbeki Mehta Mendoza Meyer Moreau "
      "Moretti "
      "Murphy Nakamura Navarro Ndiaye Nguyen Nielsen Novak Nowak Obi Ochoa Okafor Olsen Ortega "
      "Osei Owens "
      "Palmer Pappas Park Patel Peralta Pereira Petrov Popescu Quinn Rahman Ramirez Rao Reyes "
      "Richter "
      "Rivera Rossi Roth Russo Salazar Sanders Santos Sato Schmidt Schneider Sharma Shaw Silva "
      "Singh "
      "Sokolov Sorensen Steele Sutton Suzuki Takahashi Tanaka Tran Vargas Vega Vogel Volkov Wagner "
      "Walsh "
      "Watanabe Weber Whitfield Wolff Wong Yamada Yilmaz Zhang Zimmer Müller García Nuñez O'Neill");
  return list;
}

const WordList& Cities() {
  static const WordList list(
      "Aarhus|Accra|Adelaide|Amsterdam|Ankara|Antwerp|Athens|Auckland|Austin|Baltimore|Bangkok|"
      "Basel|"
      "Belfast|Bergen|Berlin|Bilbao|Bogota|Bologna|Boise|Bordeaux|Brisbane|Bristol|Brno|Brussels|"
      "Bucharest|"
      "Budapest|Buenos Aires|Cairo|Calgary|Cape "
      "Town|Cardiff|Chennai|Cleveland|Cologne|Copenhagen|Cork|"
      "Cusco|Dakar|Dallas|Denver|Dhaka|Doha|Dresden|Dublin|Durban|Edinburgh|Fez|Florence|Fresno|"
      "Galway|"
      "Gdansk|Geneva|Genoa|Ghent|Glasgow|Graz|Hamburg|Hanoi|Havana|Helsinki|Hobart|Houston|"
      "Innsbruck|"
      "Istanbul|Jaipur|Jakarta|Kampala|Kansas City|Karachi|Kigali|Krakow|Kyoto|La "
      "Paz|Lagos|Lahore|Leeds|"
      "Leipzig|Lima|Lisbon|Liverpool|Ljubljana|Lusaka|Lyon|Madrid|Malaga|Manchester|Manila|"
      "Marseille|"
      "Medellin|Melbourne|Memphis|Milan|Minneapolis|Montreal|Mumbai|Munich|Nagoya|Nairobi|Nantes|"
      "Naples|"
      "New Haven|Nice|Odense|Omaha|Osaka|Oslo|Ottawa|Palermo|Perth|Phnom "
      "Penh|Pittsburgh|Porto|Portland|"
      "Prague|Quebec City|Quito|Raleigh|Reykjavik|Riga|Rio de Janeiro|Rotterdam|Salt Lake "
      "City|Salvador|"
      "Salzburg|San Antonio|Santa "
      "Fe|Santiago|Sapporo|Sarajevo|Savannah|Seattle|Seoul|Seville|Singapore|"
      "Sofia|Split|Stockholm|Stuttgart|Sydney|Tallinn|Tampa|Tbilisi|Tel Aviv|Tirana|Toledo|Toronto|"
      "Trieste|Trondheim|Tucson|Tunis|Turin|Uppsala|Utrecht|Valencia|Vancouver|Venice|Vienna|"
      "Vilnius|"
      "Warsaw|Wellington|Winnipeg|Wuhan|Yerevan|York|Zagreb|Zurich|Málaga|São Paulo|Zürich",
      '|');
  return list;
}

const WordList& Countries() {
  static const WordList list(
      "Argentina|Australia|Austria|Belgium|Bolivia|Brazil|Bulgaria|Canada|Chile|Colombia|Costa "
      "Rica|"
      "Croatia|Cyprus|Denmark|Ecuador|Egypt|Estonia|Ethiopia|Finland|France|Georgia|Germany|Ghana|"
      "Greece|"
      "Hungary|Iceland|India|Indonesia|Ireland|Israel|Italy|Jamaica|Japan|Jordan|Kenya|Latvia|"
      "Lebanon|"
      "Lithuania|Malaysia|Malta|Mexico|Mongolia|Morocco|Nepal|New "
      "Zealand|Nigeria|Norway|Oman|Panama|"
      "Peru|Poland|Portugal|Romania|Rwanda|Senegal|Serbia|Slovakia|Slovenia|South Korea|Spain|Sri "
      "Lanka|"
      "Sweden|Switzerland|Tanzania|Thailand|Tunisia|Turkey|Uganda|Ukraine|Uruguay|Vietnam|Zambia",
      '|');
  return list;
}

const WordList& StreetNames() {
  static const WordList list(
      "Maple|Oak|Cedar|Elm|Birch|Willow|Chestnut|Harbour|Station|Church|Mill|Bridge|Castle|Market|"
      "Park|"
      "River|Lake|Hill|Orchard|Garden|Meadow|Forest|Garnet|Juniper|Linden|Magnolia|Poplar|Quarry|"
      "Railway|"
      "Sycamore|Tanner|Union|Victoria|Walnut|Windmill|Foundry|Canal|Abbey|Beacon|Cobbler|Dyer|"
      "Ferry|"
      "Granite|Heron|Ivy|Kestrel|Lantern|Mercer|Northgate|Pilgrim|Raven|Saddler|Thistle|Weaver",
      '|');
  return list;
}

const WordList& Colours() {
  static const WordList list(
      "red blue green yellow orange purple pink brown black white grey silver gold beige navy teal "
      "turquoise maroon olive lime coral ivory indigo violet crimson charcoal mint rust amber "
      "lilac");
  return list;
}

const WordList& Languages() {
  static const WordList list(
      "English Spanish French German Italian Portuguese Dutch Swedish Danish Norwegian Finnish "
      "Polish "
      "Czech Hungarian Greek Turkish Arabic Hebrew Hindi Bengali Tamil Urdu Thai Korean Japanese "
      "Swahili "
      "Romanian Bulgarian Ukrainian Vietnamese Catalan Welsh Icelandic Estonian");
  return list;
}

const WordList& Adjectives() {
  static const WordList list(
      "active basic bright broad busy calm careful central cheap clean clear close cold common "
      "complete "
      "cool correct current daily damp dark deep default different direct dry early easy empty "
      "even exact "
      "external extra fair fast final firm first fixed flat flexible foreign free frequent fresh "
      "full "
      "general gentle global good gradual great green happy hard heavy high hot huge idle "
      "important inner "
      "internal joint junior kind known large last late lean legal light little local long loose "
      "loud low "
      "main major manual maximum mean medium mild minimum minor missing mobile modern monthly "
      "narrow "
      "native near neat new next noisy normal old open optional original outer overall overnight "
      "partial "
      "past plain pleasant polite poor preferred present previous primary private proper public "
      "pure quick "
      "quiet rapid rare raw ready real recent regular related remote rich rough round rural safe "
      "secondary "
      "secret senior separate serious shared sharp short shy silent simple single slim slow small "
      "smart "
      "smooth soft solid special spare stable standard steady steep still strange strict strong "
      "sudden "
      "suitable sweet swift tall target temporary thick thin tidy tight tiny total tough typical "
      "unique "
      "upper urban urgent usual valid vast visible warm weak weekly wet whole wide wild wise "
      "yearly young");
  return list;
}

const WordList& CommonNouns() {
  static const WordList list(kCommonNouns);
  return list;
}

const WordList& CommonVerbs() {
  static const WordList list(
      "accept add admire advise allow answer appear arrange arrive ask bake balance borrow bring "
      "build call "
      "carry catch change check choose clean climb collect compare cook copy count cover cross cut "
      "dance "
      "decide deliver describe draw drive drop eat enjoy enter explain fill find finish fix fold "
      "follow "
      "gather give grow guess guide hang help hide hold invite join jump keep kick learn leave "
      "lend lift "
      "listen load look lower make mark measure meet mend mix move need notice offer open order "
      "pack paint "
      "park pass pay pick place plan plant play point pour prepare press print protect pull push "
      "read record "
      "remember remove repair repeat reply rest return ring roll save search sell send serve share "
      "show sing "
      "sit smell sort speak spend stand start stay stop store study supply swim take talk taste "
      "teach test "
      "think throw tie touch trade train travel try turn type use visit wait walk warn wash watch "
      "wear win "
      "wipe wish work wrap write");
  return list;
}

const WordList& Months() {
  static const WordList list(
      "January February March April May June July August September October November December");
  return list;
}

const WordList& Weekdays() {
  static const WordList list("Monday Tuesday Wednesday Thursday Friday Saturday Sunday");
  return list;
}

std::string PseudoWord(Rng& rng) {
  static const WordList onsets(
      "b c d f g h j k l m n p qu r s t v w x y z bl br ch cl cr dr fl fr gl gr kl kn kr ph pl pr "
      "sc sh sk "
      "sl sm sn sp st str sw th tr tw vr wh zh");
  static const WordList vowels("a e i o u a e i o u ai au ea ee ei ia io oa oo ou ui y");
  static const WordList codas(
      "b ck d ff g k l ll m n n n nd ng nk nt p r r rd rk rm rn rt s s sh sk ss st t th v x z mp "
      "lt");
  constexpr int kSyllables[] = {1, 2, 2, 2, 3, 3, 4};
  std::string word;
  const int syllables = rng.Pick(kSyllables);
  for (int i = 0; i < syllables; ++i) {
    if (i > 0 || rng.Chance(0.85)) word += onsets.Pick(rng);
    word += vowels.Pick(rng);
    if (rng.Chance(i + 1 == syllables ? 0.7 : 0.25)) word += codas.Pick(rng);
  }
  if (word.size() < 3) word += "ra";
  return word;
}

std::string AnyWord(Rng& rng) {
  switch (rng.Below(4)) {
    case 0: return PseudoWord(rng);
    case 1: return std::string(Adjectives().Pick(rng));
    case 2: return std::string(CommonVerbs().Pick(rng));
    default: return std::string(CommonNouns().Pick(rng));
  }
}

}  // namespace understudy
