#include "synth/domains.h"

namespace understudy {
namespace {

constexpr DomainRow kRows[] = {
    {"cars", "book|find|repair|quote|check|buy|report|renew|compare",
     "oil change|tyre swap|test drive|used van|parking space|charging session|brake check|car "
     "wash|windscreen repair|tow truck|licence plate|car insurance|roadside assistance|hybrid "
     "estate car|motorbike|number plate|garage slot|fuel card|battery test|paint job|spare "
     "key|roof rack|lease|engine service",
     "model/vehicle/car model:text:for my {}/a {}/the model {};"
     "plate/registration/licence plate:code:with plate {}/registered as {};"
     "mileage/odometer/km:int500-250000:with {} km on it/at {} kilometres;"
     "garage/workshop/dealer:place:at {}/done by {};"
     "date/drop-off date:date:on {}/bringing it in {};"
     "pick-up time/collection time:time:collecting it at {}/ready by {};"
     "fuel/fuel type:enum=petrol,diesel,electric,hybrid:running on {}/a {} one;"
     "max price/budget:amount:below {}/costing no more than {};"
     "city/area:city:in {}/near {};"
     "driver/owner:person:for {}/owned by {};"
     "courtesy car/loan car:bool:I need a loan car meanwhile/no loan car needed;"
     "year built/build year:int1998-2026:built in {}/from the year {}",
     "engine gearbox clutch brake exhaust bumper bonnet windscreen wiper mirror seatbelt airbag "
     "dashboard "
     "steering tyre wheel axle battery headlight indicator horn mileage petrol diesel hybrid "
     "charger motorway "
     "roundabout junction lane overtaking parking garage mechanic tow lease van truck lorry "
     "convertible sedan"},
    {"hr", "create|approve|cancel|find|assign|change|check|invite|report",
     "leave request|job posting|payslip|training course|expense claim|work contract|performance "
     "review|shift plan|onboarding plan|parental leave|home office day|salary statement|reference "
     "letter|timesheet|bonus payment|job application|team transfer|mentoring pair|exit "
     "interview|badge|business trip|overtime entry|skills profile|probation review",
     "employee/staff member/worker:person:for {}/concerning {}/belonging to {};"
     "manager/supervisor/approver:person:to be approved by {}/reporting to {};"
     "department/team/unit:enum=sales,finance,engineering,legal,marketing,support:in {}/for the {} "
     "team;"
     "start date/from date/first day:date:starting {}/from {}/beginning on {};"
     "end date/last day:date:ending {}/through {}/until {};"
     "hours/weekly hours:int4-45:for {} hours/at {} hours a week;"
     "position/job title/role:text:as {}/for the position \"{}\";"
     "salary/amount:amount:at {}/with pay of {};"
     "office/site:city:at the {} office/based in {};"
     "comment/justification:sentence:because \"{}\"/with the comment \"{}\";"
     "employee id/staff number:code:staff number {}/id {};"
     "remote/fully remote:bool:fully remote/on site only",
     "contract salary bonus pension colleague manager recruiter candidate interview vacancy "
     "applicant resume "
     "onboarding probation appraisal promotion shift overtime timesheet holiday absence maternity "
     "payroll "
     "training workshop mentor team department headcount policy handbook grievance notice "
     "resignation skills"},
    {"logistics", "check|create|find|change|cancel|assign|quote|send|report",
     "parcel|pallet|container|delivery route|customs form|pickup|return label|freight "
     "order|warehouse bin|truck load|cold chain box|courier run|stock transfer|shipping label|dock "
     "slot|bulk order|packing list|cargo manifest|missing crate|forklift|air waybill|inventory "
     "count|damaged box|express letter",
     "tracking number/shipment id/consignment:code:number {}/with tracking code {}/id {};"
     "origin/pickup location/from depot:city:from {}/collected in {}/out of {};"
     "destination/delivery city/to depot:city:to {}/bound for {}/delivered in {};"
     "weight kg/weight:int2-900:weighing {} kg/of {} kilos;"
     "boxes/package count/pieces:int2-60:{} boxes in all/in {} pieces;"
     "delivery date/eta:date:arriving {}/to be there by {}/due {};"
     "driver/courier:person:driven by {}/carried by {};"
     "customer/consignee/receiver:person:for {}/addressed to {};"
     "service/service level:enum=economy,standard,express,overnight:sent {}/as {} freight;"
     "warehouse/depot:word:in warehouse {}/stored at depot {};"
     "fragile/handle with care:bool:it is fragile/nothing fragile inside;"
     "address/street:street:at {}/delivered to the door at {}",
     "warehouse pallet forklift crate container cargo freight courier dock barge depot inventory "
     "barcode "
     "manifest customs tariff parcel packaging tape label route driver lorry trailer dispatch "
     "delivery delay "
     "tracking signature bulk stock supplier vendor shelf bin loading ramp conveyor crane harbour "
     "tonnage"},
    {"support", "create|check|find|assign|change|report|delete|approve|repair",
     "ticket|password reset|login problem|refund request|bug report|outage|licence key|account "
     "upgrade|chat transcript|complaint|feature request|printer fault|network drop|software "
     "update|two-step login|spam filter|mailbox|screen flicker|backup job|data request|warranty "
     "case|server alert|payment error|slow app",
     "ticket id/case id/incident number:code:number {}/case {}/under {};"
     "customer/requester/user name:person:for {}/raised by {}/on behalf of {};"
     "email/contact email:email:mail is {}/reachable at {}/contact {};"
     "priority/severity:enum=low,medium,high,critical:with {} priority/severity {};"
     "product/application/system:word:in {}/about the product {}/on system {};"
     "version/software version:enum=1.0,2.3,3.1,4.7:version {}/running v{};"
     "description/summary/problem:sentence:it says \"{}\"/the problem: {}/described as \"{}\";"
     "assignee/agent/owner:person:assigned to {}/give it to {};"
     "device/hostname:code:on device {}/host {};"
     "due date/deadline:date:by {}/no later than {};"
     "notify customer/send mail:bool:let the customer know/do not tell the customer yet;"
     "error code/code:code:error {}/showing code {}",
     "ticket incident outage bug crash error login password account browser server router firewall "
     "patch "
     "update backup database query timeout latency screenshot keyboard monitor printer driver "
     "licence "
     "subscription invoice refund complaint escalation agent helpdesk chatbot reply queue status "
     "resolved bug"},
    {"cooking", "find|create|buy|rate|delete|change|describe|export",
     "recipe|meal plan|shopping list|pasta dish|soup|birthday cake|salad|curry|bread "
     "dough|sauce|picnic menu|breakfast idea|stew|pancake batter|lunch box|side "
     "dish|dessert|smoothie|cheese board|marinade|jam|pie|casserole|roast",
     "dish/recipe name/meal:text:called {}/named \"{}\"/the {} one;"
     "ingredient/main "
     "ingredient:enum=rice,lentils,salmon,tofu,chicken,potatoes,mushrooms,spinach:with {}/based on "
     "{};"
     "servings/portions/people:int2-16:for {} people/making {} portions;"
     "cooking time/max time/minutes:int5-180:ready in {} minutes/taking at most {} minutes;"
     "cuisine/style:enum=thai,greek,mexican,indian,lebanese,korean,french:in {} style/from the {} "
     "kitchen;"
     "diet/dietary need:enum=vegan,vegetarian,gluten-free,halal,kosher:that is {}/suitable for a "
     "{} diet;"
     "cook/author:person:by {}/from {};"
     "ingredients/items:*word:using {}/made of {};"
     "calories/max calories:int150-1200:under {} calories/with up to {} kcal;"
     "oven temperature/heat:int120-250:baked at {} degrees/oven at {};"
     "spicy/hot:bool:make it spicy/not spicy at all;"
     "occasion/day:weekday:for {}/to be served on {}",
     "flour butter sugar salt pepper garlic onion tomato basil thyme oregano cinnamon ginger "
     "vanilla yeast "
     "dough batter saucepan skillet oven grill whisk ladle spatula colander knife chop simmer boil "
     "roast fry "
     "bake stew broth noodle rice lentil chickpea mushroom spinach carrot potato pumpkin lemon "
     "honey vinegar"},
    {"sports", "find|book|cancel|check|create|compare|report|invite|rate",
     "tennis court|football match|yoga class|swimming lane|running route|gym membership|training "
     "plan|league table|climbing session|cycling race|ticket for the final|golf round|personal "
     "trainer|fitness test|team roster|boxing lesson|ski pass|rowing boat|marathon spot|match "
     "report|badminton partner|referee|score sheet|stretching routine",
     "team/club/home team:place:for {}/of the team {}/with {} playing;"
     "opponent/away team/rival:word:against {}/versus {};"
     "player/athlete/member:person:with {} taking part/by {}/played by {};"
     "date/match date:date:on {}/held {}/for {};"
     "time/kick-off:time:at {}/beginning at {};"
     "venue/court/stadium:place:at {}/at the ground {};"
     "players/group size:int2-22:with {} players/for {} players;"
     "level/skill level:enum=beginner,intermediate,advanced,pro:at {} level/for {} players;"
     "distance km/distance:int3-160:over {} km/of {} kilometres;"
     "season/year:int1990-2026:from the season {}/in {};"
     "indoor/inside:bool:indoors please/out in the open;"
     "city/town:city:in {}/around {}",
     "goalkeeper striker referee whistle penalty offside stadium league trophy medal podium sprint "
     "marathon "
     "relay hurdle javelin racket serve volley backhand wicket pitch scrum tackle dribble dunk "
     "rebound "
     "overtime halftime coach captain roster transfer fan jersey cleats helmet gym dumbbell "
     "treadmill stretch"},
    {"files", "find|delete|move|send|create|export|change|count|translate",
     "document|folder|spreadsheet|photo|backup|presentation|archive|scan|contract draft|log "
     "file|meeting protocol|video clip|report|mail attachment|recording|form|bookmark|note|data "
     "set|diagram|template|signature page|invoice copy|image gallery",
     "file name/filename/name:file:named {}/called {}/the file {};"
     "folder/directory/source folder:word:in the folder {}/inside {}/stored under {};"
     "target folder/destination/new folder:word:to the folder {}/into {}/over to {};"
     "owner/author/created by:person:written by {}/owned by {}/from {};"
     "modified after/since/changed since:date:changed since {}/edited after {};"
     "format/file type:enum=pdf,docx,csv,png,txt:as {}/in {} format;"
     "recipient/share with:email:with {}/addressed to {};"
     "max size mb/size limit:int2-500:smaller than {} MB/of at most {} megabytes;"
     "tag/label:word:tagged {}/with the tag {};"
     "keyword/search text/contains:text:mentioning \"{}\"/containing \"{}\"/about \"{}\";"
     "overwrite/replace existing:bool:overwrite what is there/keep the existing one;"
     "pages/page count:int2-90:with {} pages/{} pages long",
     "folder archive backup spreadsheet column row cell chart slide paragraph heading footnote "
     "margin font "
     "template draft revision version signature scan attachment upload download permission owner "
     "drive disk "
     "memory byte extension shortcut search index tag rename duplicate merge split compress "
     "encrypt preview"},
    {"property", "find|book|quote|rate|create|check|renew|report|cancel",
     "flat|house viewing|rental contract|studio|garage|roommate|office floor|holiday "
     "cottage|moving van|rent payment|deposit return|utility bill|repair request|building "
     "inspection|parking permit|storage unit|garden plot|lift outage|cleaning service|lease|house "
     "swap|noise complaint|meter reading|key handover",
     "address/street/property:street:at {}/located at {}/on {};"
     "city/town/district:city:in {}/somewhere in {};"
     "bedrooms/rooms:int2-7:with {} bedrooms/having {} rooms;"
     "max rent/monthly rent/price limit:amount:for up to {} a month/at {} or less;"
     "move-in date/from date:date:from {}/available on {}/as of {};"
     "tenant/renter/applicant:person:for {}/signed by {}/rented by {};"
     "landlord/agent name:person:owned by {}/through {};"
     "size/square metres:int18-240:of {} square metres/with {} m2;"
     "floor/storey:int2-30:on floor {}/at level {};"
     "furnished/with furniture:bool:furnished/without furniture;"
     "pets/pets allowed:bool:pets must be allowed/no pets;"
     "contract number/lease id:code:contract {}/lease number {}",
     "tenant landlord rent lease deposit balcony terrace bathroom kitchen hallway staircase "
     "basement attic "
     "plumbing wiring radiator mortgage surveyor estate agent viewing neighbour mailbox elevator "
     "concierge "
     "courtyard brick concrete tile parquet window shutter renovation extension permit district "
     "suburb keys"},
    {"education", "find|book|create|check|cancel|rate|invite|describe|export",
     "language course|exam date|library loan|tutoring lesson|school trip|lecture|seminar "
     "place|scholarship|homework plan|study group|diploma copy|student card|thesis topic|workshop "
     "seat|textbook|grade report|quiz|summer school|lab session|parent evening|semester "
     "ticket|reading list|exchange place|flash card set",
     "subject/course/"
     "topic:enum=biology,history,algebra,chemistry,drawing,economics,physics,geography:in {}/about "
     "{}/for the subject {};"
     "student/pupil/learner:person:for {}/taken by {}/attended by {};"
     "teacher/lecturer/tutor:person:with {} teaching/given by {}/taught by {};"
     "date/exam date/lesson date:date:on {}/scheduled for {};"
     "room/lecture hall:code:in room {}/in hall {};"
     "credits/credit points:int2-30:worth {} credits/counting {} points;"
     "language/teaching language:language:held in {}/taught in {};"
     "level/grade:int2-12:for grade {}/at level {};"
     "school/university/campus:place:at {}/offered by {};"
     "title/book title:text:titled \"{}\"/called {};"
     "online/remote:bool:online/in person;"
     "student id/matriculation number:code:student number {}/id {}",
     "teacher pupil lecture exam homework essay grade semester campus library textbook chapter "
     "notebook chalk "
     "blackboard curriculum tuition scholarship diploma thesis seminar tutor laboratory experiment "
     "equation "
     "grammar spelling vocabulary history geography biology chemistry physics algebra geometry "
     "quiz recess dean"},
};

}  // namespace

std::span<const DomainRow> DomainRowsB() {
  return kRows;
}

}  // namespace understudy
