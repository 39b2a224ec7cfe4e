// Open-ended requests: plans, essays, analyses in several steps. Answers are long prose, the same
// for the same request, put together from general remarks about its subject: nobody should judge
// the simulated reference by their wisdom.
#include "simulate/desk.h"
#include "synth/phrase.h"

namespace understudy {
namespace {

constexpr std::string_view kSystem =
    "You are the adviser of the management. Think a question through from several sides, weigh the "
    "arguments and write a complete, well-founded text.";

constexpr std::string_view kHard[] = {
    "[Develop|Work out] a [three-year|five-year] strategy for {field} that has to cope with "
    "{issue}. [Name costs, risks and a timetable.|Compare three ways and recommend one.]",
    "[Write an essay|Write a position paper] on what {issue} means for {field}[.|, with arguments "
    "for and against.]",
    "[Analyse|Examine] step by step how {issue} would change the [cash flow|staffing|pricing] of "
    "{field}, and [derive|deduce] what the board should decide.",
    "{field} faces {issue}. [What would you do|How should it react], and what could go wrong with "
    "your plan? [Argue in detail.|Consider the next two years.]",
    "[Draft|Prepare] a speech of ten minutes to the staff of {field} about {issue}[.|, honest and "
    "without slogans.]",
    "[Design|Invent] a [pilot project|campaign|training programme] by which {field} could turn "
    "{issue} into an advantage[.|, with milestones and a way to measure success.]",
    "[Compare|Weigh] the long-term consequences of {issue} for {field} with those of doing "
    "nothing[.|, and quantify where you can.]",
    "[Why|For what reasons] do firms like {field} fail at {issue}? [Look for root causes|Discuss "
    "five hypotheses] and propose a test for each.",
    "[Imagine|Suppose] you run {field} and learn of {issue} today. [Plan the first hundred days.|"
    "Write the letter to the owners.]",
    "[Rewrite|Rethink] the business model of {field} in view of {issue}; [then criticise|then "
    "challenge] your own proposal from the bank's point of view.",
};

constexpr std::string_view kOpenings[] = {
    "The question of {issue} looks simple at first and is not, least of all for {field}.",
    "For {field}, {issue} is less a single event than a change in what can be taken for granted.",
    "Three things come together here: the situation of {field}, the time that is left, and "
    "{issue}.",
    "Any answer has to begin with what {field} cannot give up, whatever {issue} brings.",
};
constexpr std::string_view kMiddles[] = {
    "First, the money. Income follows a change with a delay of two or three quarters, while costs "
    "move at once. A plan that is right in the long run can therefore fail in the short one, and "
    "{field} should know to the week how long its reserves would last without a single new order.",
    "Second, the people. Those who know the work best are also those who find other work first. "
    "They should hear about {issue} from the management, early and completely, including what is "
    "still undecided, because rumours are always worse than the facts.",
    "The customers will judge by small things: whether somebody answers, whether dates are kept, "
    "whether a mistake is put right without a discussion. None of that depends on {issue}, and all "
    "of it can be lost while everybody looks at the large plan.",
    "There are three ways. The first is to wait and to keep every option open, at the price of "
    "being late. The second is to try it in one place, with a clear end date and figures agreed in "
    "advance. The third is to change everything at once, which is cheap only if it succeeds.",
    "Against this stands a serious objection: {field} has done well by not following every trend, "
    "and much of what is said about {issue} comes from those who sell the remedy. The objection "
    "does not settle the matter, but it moves the burden of proof to the side of change.",
    "The risks differ in kind. Some are likely and small and belong into the budget. Some are rare "
    "and would end the business, and against those no average helps, only a limit that nobody may "
    "cross. A third group is simply unknown; the answer to it is speed in noticing and correcting.",
    "What would tell us that we are wrong? If after six months fewer than half of the expected "
    "effects can be seen, if two of the five most important customers reduce their orders, or if "
    "sick leave rises by a third, the plan should be stopped and not extended.",
    "A timetable follows from this. The first month is for facts and for talking with those who do "
    "the work. The second and third are for one trial. Then comes a decision by the owners, in "
    "writing and with reasons, and only after it money that cannot be had back.",
};
constexpr std::string_view kEndings[] = {
    "On balance the trial in one place is the better choice: it costs little, it teaches much, and "
    "it leaves {field} free to be wrong about {issue}.",
    "In the end {issue} will not decide about {field}; how quickly it learns from the first months "
    "will. That is why measuring comes before spending.",
    "My recommendation is to decide now on the limits and later on the path, and to tell everybody "
    "both.",
};

DeskReply Essay(const Details& known) {
  const auto of = [&known](std::string_view name) {
    const auto found = known.find(name);
    return found == known.end() ? std::string() : found->second;
  };
  Rng rng(HashOf(of("field") + '\n' + of("issue")));
  std::vector<std::string_view> middles(std::begin(kMiddles), std::end(kMiddles));
  rng.Shuffle(middles);
  middles.resize(static_cast<size_t>(rng.Between(4, 7)));
  std::string text(rng.Pick(kOpenings));
  for (const std::string_view middle : middles) text.append("\n\n").append(middle);
  text.append("\n\n").append(rng.Pick(kEndings));
  return TextOf(text, known);
}

constexpr DeskTurn kTurns[] = {{Essay}};
constexpr DeskForm kForms[] = {{"essay", kHard, kTurns}};

}  // namespace

constexpr Desk kAdviserDesk{
    .name = "adviser", .system = kSystem, .open_ended = true, .forms = kForms, .share = 15};

}  // namespace understudy
