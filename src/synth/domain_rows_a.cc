#include "synth/domains.h"

namespace understudy {
namespace {

constexpr DomainRow kRows[] = {
    {"travel", "book|cancel|find|change|check|quote|compare|rate",
     "flight|train ticket|hotel room|ferry crossing|rental car|city tour|bus pass|cabin|guided "
     "walk|airport transfer|sleeper berth|cruise|holiday flat|youth hostel bed|visa "
     "appointment|travel insurance|lounge visit|seat upgrade|luggage allowance|boarding pass|tour "
     "package|campsite|museum pass|shuttle",
     "departure city/origin/start:city:from {}/leaving {}/starting in {}/out of {};"
     "destination/arrival city/goal:city:to {}/going to {}/with {} as the destination/heading for "
     "{};"
     "travel date/departure date/outbound date:date:on {}/departing {}/for {};"
     "return date/end date:date:returning {}/coming back {}/back on {};"
     "traveller/guest name/passenger name:person:for {}/under the name {}/in the name of {};"
     "passengers/party size/number of people:int2-12:for {} people/for a group of {}/{} of us are "
     "going;"
     "travel class/cabin class:enum=economy,premium,business,first:in {} class/travelling {};"
     "max price/budget:amount:under {}/for at most {}/with a budget of {};"
     "provider/carrier:place:with {}/run by {};"
     "flexible/flexible dates:bool:my dates are flexible/the dates are fixed;"
     "stopovers/via cities:*city:with stops in {}/by way of {};"
     "booking code/reference:code:reference {}/booking {}/my code is {}",
     "suitcase passport luggage gate terminal runway itinerary voyage tourist guide beach souvenir "
     "hostel "
     "concierge reception departure arrival delay platform carriage conductor harbour compass "
     "backpack tent "
     "landmark cathedral border customs currency postcard sunscreen island coast trail summit "
     "cruise deck "
     "anchor pilot crew turbulence layover stopover fare voucher lobby balcony seaside excursion "
     "sightseeing"},
    {"banking", "check|move|pay|find|lock|report|create|cancel|approve|describe",
     "savings account|credit card|debit card|standing order|bank "
     "transfer|loan|mortgage|overdraft|invoice|cheque|direct debit|card payment|statement|exchange "
     "order|joint account|deposit|refund|pin code|interest rate|spending limit|account fee|cash "
     "withdrawal|wire payment|tax form",
     "amount/sum/value:amount:of {}/for {}/worth {};"
     "recipient/payee/beneficiary:person:to {}/for the benefit of {}/made out to {};"
     "from account/source account:code:from account {}/out of {}/taken from {};"
     "to account/target account:code:into account {}/onto {}/credited to {};"
     "currency:enum=USD,EUR,GBP,CHF,JPY,SEK:in {}/converted to {};"
     "due date/payment date/execution date:date:due {}/on {}/dated {};"
     "memo/note/payment reference:text:with the note \"{}\"/marked \"{}\"/saying \"{}\";"
     "period/statement month:month:for the month of {}/covering {};"
     "recurring/repeat:bool:every month from now on/just this once;"
     "branch:city:at the {} branch/at your branch in {};"
     "security code/case number:code:case {}/my case number is {}",
     "balance deposit withdrawal interest teller vault branch ledger credit debit mortgage loan "
     "savings "
     "currency dividend statement overdraft cheque cash coin banknote audit fraud collateral "
     "invoice payee "
     "transaction transfer fee surcharge rate inflation bond share pension fund broker portfolio "
     "receipt wallet"},
    {"calendar", "create|change|delete|find|move|remind|check|invite",
     "meeting|appointment|reminder|deadline|video call|team "
     "lunch|workshop|birthday|interview|stand-up|day off|planning session|phone "
     "call|review|shift|class|time slot|focus block|school "
     "run|rehearsal|follow-up|conference|demo|retreat",
     "title/subject/event name:text:called {}/titled \"{}\"/named \"{}\";"
     "date/day/event date:date:on {}/for {}/set for {};"
     "start time/time/begin:time:at {}/starting at {}/from {} onwards;"
     "end time/until:time:until {}/ending at {}/finishing by {};"
     "duration/length:duration:for {}/lasting {}/that takes {};"
     "attendee/participant/guest:person:with {}/together with {}/where {} takes part;"
     "attendees/participants/guests:*person:with {}/inviting {};"
     "location/venue/room:place:in {}/at {}/held at {};"
     "repeat/frequency:enum=daily,weekly,monthly,yearly:repeating {}/as a {} event;"
     "notes/agenda:sentence:with the note \"{}\"/note: {}/add the remark \"{}\";"
     "private/is private:bool:mark it as private/visible to everyone;"
     "calendar name/calendar:word:in my {} calendar/on the calendar {}",
     "agenda schedule invite attendee slot timezone reminder deadline afternoon morning evening "
     "weekday "
     "weekend month quarter milestone recurring minutes clash overlap availability busy free "
     "notice lunch "
     "noon midnight holiday vacation absence anniversary alarm countdown timetable planner diary "
     "session"},
    {"home", "start|stop|change|check|create|delete|find|lock",
     "living room lamp|thermostat|vacuum robot|garage door|front door|window blind|ceiling fan|air "
     "purifier|sprinkler|security camera|coffee machine|night light|washing "
     "machine|dishwasher|heating|smoke alarm|oven|humidifier|doorbell|garden pump|evening "
     "scene|bedroom heater|pool cover|night mode",
     "room/area/zone:enum=kitchen,bedroom,hallway,bathroom,office,attic,cellar,garage:in the "
     "{}/for the {};"
     "temperature/target temperature:int12-30:to {} degrees/at {} degrees;"
     "brightness/level/intensity:int5-100:at {} percent/to {} percent;"
     "colour/light colour:colour:in {}/glowing {};"
     "start time/on time:time:at {}/from {};"
     "duration/timer:duration:for {}/during the next {};"
     "mode/program:enum=eco,quiet,turbo,auto,away:in {} mode/on the {} programme;"
     "device name/device:word:the one called {}/on the device {};"
     "weekday/day of week:weekday:every {}/on {}s;"
     "all rooms/everywhere:bool:everywhere in the house/only in this one room;"
     "scene name/scene:text:as scene \"{}\"/under the name \"{}\"",
     "lamp switch socket fuse curtain carpet sofa kettle toaster fridge freezer oven hob sink tap "
     "shower "
     "towel pillow mattress wardrobe drawer attic cellar garage driveway lawn hedge fence gate "
     "doorbell "
     "thermostat radiator boiler chimney roof gutter insulation bulb dimmer blind sensor camera "
     "alarm key"},
    {"health", "book|cancel|change|find|check|renew|remind|report",
     "dentist visit|eye test|blood test|vaccination|check-up|physiotherapy "
     "session|prescription|sick note|x-ray|therapy hour|skin screening|hearing test|repeat "
     "medication|lab result|allergy test|massage|nutrition consultation|travel jab|scan|home "
     "visit|wound dressing|doctor's letter|referral|insurance claim",
     "patient/patient name:person:for {}/the patient is {}/on behalf of {};"
     "doctor/physician/practitioner:person:with {} as the doctor/seen by {}/to be done by {};"
     "clinic/practice/site:place:at {}/at the practice {};"
     "date/appointment date:date:on {}/for {};"
     "time/appointment time:time:at {}/around {};"
     "symptom/complaint/reason:sentence:because of \"{}\"/reason: {}/noted as \"{}\";"
     "medicine/drug name:word:for the medicine {}/containing {};"
     "dose/dosage mg:int5-800:{} mg of it/at {} milligrams;"
     "insurance number/member id:code:insured under {}/insurance number {};"
     "urgency/priority:enum=routine,soon,urgent:it is {}/marked {};"
     "first visit/new patient:bool:this is a first visit/the patient has been here before;"
     "phone/contact number:phone:call back on {}/reachable at {}",
     "doctor nurse patient ward clinic pharmacy tablet syrup bandage fever cough allergy vaccine "
     "pulse "
     "symptom diagnosis therapy surgeon recovery appetite headache migraine injury fracture "
     "plaster crutch "
     "dentist cavity brace hearing eyesight lens glucose cholesterol diet vitamin protein rehab "
     "checkup dose"},
    {"shopping", "buy|cancel|find|compare|rate|check|change|quote",
     "winter coat|pair of boots|rucksack|desk lamp|coffee grinder|bicycle helmet|office "
     "chair|phone case|raincoat|cookbook|board game|tea set|mattress|picture frame|headset|water "
     "bottle|garden hose|toolbox|scarf|yoga mat|gift card|bookshelf|tent|keyboard",
     "product/item/article:text:called {}/the {} model/named \"{}\";"
     "size:enum=XS,S,M,L,XL:in size {}/size {};"
     "colour:colour:in {}/coloured {};"
     "quantity/count/units:int2-30:{} of them/a total of {} pieces/times {};"
     "max price/price limit:amount:for less than {}/not above {}/up to {};"
     "brand/maker:word:by {}/made by {}/from the brand {};"
     "shipping address/deliver to:street:delivered to {}/sent to {}/shipping to {};"
     "voucher/discount code/coupon:code:using voucher {}/with the coupon {};"
     "delivery/shipping method:enum=standard,express,pickup:by {} delivery/shipped {};"
     "gift wrap/wrapped:bool:gift-wrapped, please/no gift wrap;"
     "order number/order id:code:order {}/my order number is {};"
     "shop/store:place:from the shop {}/sold by {}",
     "basket checkout discount bargain receipt refund exchange aisle shelf cashier brand warranty "
     "label "
     "price voucher coupon parcel wishlist size fabric leather cotton wool jacket sneaker dress "
     "perfume "
     "jewellery bracelet handbag sale clearance stock retailer outlet mall boutique catalogue "
     "review rating"},
    {"music", "start|stop|find|create|rate|delete|buy|describe",
     "song|album|playlist|radio station|podcast episode|live recording|concert|cover "
     "version|soundtrack|lullaby|remix|piano piece|symphony|karaoke track|audiobook chapter|choir "
     "recording|drum loop|guitar lesson|mixtape|vinyl|festival pass|opera|string quartet|jingle",
     "artist/performer/singer:person:by {}/performed by {}/sung by {};"
     "title/track name/song title:text:called {}/with the title \"{}\"/named {};"
     "genre/style:enum=jazz,rock,folk,techno,classical,reggae,blues,soul:in the {} genre/some {};"
     "year/release year:int1955-2026:from {}/released in {};"
     "playlist name/collection:text:in the collection {}/for my list \"{}\";"
     "volume/loudness:int5-100:at volume {}/with the volume at {};"
     "mood:enum=calm,happy,sad,energetic,dreamy:something {}/with a {} mood;"
     "speaker/output device:word:on the speaker {}/through {};"
     "shuffle/random order:bool:in random order/in the given order;"
     "length/max duration:duration:no longer than {}/about {} long;"
     "city/venue city:city:playing in {}/near {}",
     "melody chord rhythm tempo chorus verse drummer bassist violin cello flute trumpet trombone "
     "clarinet "
     "harp organ piano keyboard amplifier stage encore rehearsal conductor orchestra choir soprano "
     "tenor "
     "ballad anthem lyric vinyl turntable headphones festival gig setlist producer studio mixer "
     "record band"},
    {"weather", "check|find|compare|remind|describe|report|export",
     "forecast|rain radar|storm warning|pollen count|uv index|wind report|snow depth|sunrise "
     "time|tide table|air quality reading|frost alert|humidity reading|ski report|heat "
     "warning|surf report|fog notice|long-range outlook|temperature record|flood level|lightning "
     "map",
     "city/location/place:city:in {}/for {}/around {};"
     "country:country:in the country {}/somewhere in {};"
     "date/day/forecast date:date:on {}/for {}/as of {};"
     "time/hour:time:at {}/around {};"
     "days/number of days/horizon:int2-14:over the next {} days/for {} days ahead;"
     "unit/temperature unit:enum=celsius,fahrenheit,kelvin:in {}/using {};"
     "station/station id:code:at station {}/measured by station {};"
     "threshold/alert level:int20-120:once it passes {}/with a threshold of {};"
     "hourly/by hour:bool:hour by hour/as a daily summary;"
     "language/report language:language:written in {}/told in {}",
     "cloud drizzle thunder lightning blizzard hail frost fog mist breeze gale hurricane tornado "
     "drought "
     "flood sunshine sunset sunrise humidity pressure temperature degrees celsius forecast radar "
     "barometer "
     "umbrella puddle snowfall icicle heatwave monsoon rainbow horizon overcast shower sleet gust "
     "climate"},
};

}  // namespace

std::span<const DomainRow> DomainRowsA() {
  return kRows;
}

}  // namespace understudy
