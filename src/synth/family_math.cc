// math: small sums as steps, as an expression, or as a number.
#include <fmt/format.h>

#include "synth/draft.h"
#include "synth/families.h"
#include "synth/phrase.h"
#include "synth/vocabulary.h"

namespace understudy {
namespace {

enum class Form : uint8_t { kNumber, kExpression, kSteps };

struct Sum {
  int64_t a = 0;
  char op = '+';
  int64_t b = 0;
  int64_t result = 0;
};

Sum MakeSum(Rng& rng, int64_t a, bool small) {
  constexpr char kOps[] = {'+', '-', '*', '/'};
  const char op = rng.Pick(kOps);
  const int64_t top = small ? 20 : 200;
  if (op == '+') {
    const int64_t b = rng.Between(1, top);
    return {a, '+', b, a + b};
  }
  if (op == '-' && a > 1) {
    const int64_t b = rng.Between(1, a - 1);
    return {a, '-', b, a - b};
  }
  if (op == '/') {
    for (const int64_t b : {2, 5, 3, 4, 10, 7, 6}) {
      if (a % b == 0 && rng.Chance(0.6)) return {a, '/', b, a / b};
    }
  }
  const int64_t b = rng.Between(2, small ? 9 : 12);
  return {a, '*', b, a * b};
}

std::string Shown(const Sum& sum) {
  return fmt::format("{} {} {}", sum.a, sum.op, sum.b);
}

std::string Step(const Sum& sum) {
  return fmt::format("{} = {}", Shown(sum), sum.result);
}

// Each is asked for in words of its own, so that the prompt decides.
std::string FormRule(Rng& rng, Form form) {
  switch (form) {
    case Form::kNumber:
      return Say(rng,
                 "[Answer with the number only.|Just the result.|Number only.|Give the result, "
                 "nothing else.]");
    case Form::kExpression:
      return Say(rng,
                 "[Write the expression only.|Give the formula, do not compute it.|Expression "
                 "only, no result.|Calculator input, please.]");
    default:
      return Say(rng,
                 "[Show the steps.|Step by step, one line each.|Write each step as a + b = c.|Work "
                 "it out line by line.]");
  }
}

std::string Answer(const std::vector<Sum>& sums, Form form) {
  if (form == Form::kNumber) return std::to_string(sums.back().result);
  std::vector<std::string> steps;
  std::string expression = Shown(sums[0]);
  for (const Sum& sum : sums) steps.push_back(Step(sum));
  if (form == Form::kSteps) return Joined(steps, "\n");
  for (size_t i = 1; i < sums.size(); ++i)
    expression = fmt::format("({}) {} {}", expression, sums[i].op, sums[i].b);
  return expression;
}

void Put(Rng& rng, Draft& draft, Form form, std::string_view question, std::string_view answer) {
  const std::string rule = FormRule(rng, form);
  if (rng.Chance(0.4)) {
    draft.System(rule);
    draft.User(question);
  } else {
    draft.User(rng.Chance(0.5) ? fmt::format("{} {}", question, rule)
                               : fmt::format("{}\n{}", rule, question));
  }
  draft.Assistant(answer);
}

void Direct(Rng& rng, Draft& draft) {
  const int64_t first = rng.Between(2, 99);
  std::vector<Sum> sums{MakeSum(rng, first, rng.Chance(0.5))};
  if (rng.Chance(0.4)) sums.push_back(MakeSum(rng, sums[0].result, true));
  const std::string expression = Answer(sums, Form::kExpression);
  const Form form = rng.Chance(0.5) ? Form::kNumber : Form::kSteps;
  Put(rng, draft, form,
      Say(rng, "[What is {e}?|Compute {e}.|{e} = ?|{e}|How much is {e}?|Work out {e}.]",
          {{"e", expression}}),
      Answer(sums, form));
}

std::string_view StoryOf(char op) {
  switch (op) {
    case '+':
      return "[{n} gets {b} more|{b} more {t} arrive|{n} finds another {b} {t}|{n} buys {b} {t} on "
             "top]";
    case '-':
      return "[{n} gives away {b} of them|{b} of them get lost|{n} sells {b} of the {t}|{b} {t} "
             "break]";
    case '*':
      return "[{n} ends up with {b} times as many|the number of {t} grows {b}-fold|there are {b} "
             "such "
             "sets in all]";
    default:
      return "[they are shared equally among {b} people|{n} packs them evenly into {b} boxes and "
             "keeps one box|only one part out of {b} equal parts is left]";
  }
}

void Story(Rng& rng, Draft& draft) {
  const std::string name(FirstNames().Pick(rng));
  const std::string noun(CommonNouns().Pick(rng));
  const std::string things = noun.ends_with('s') || noun.ends_with('x') || noun.ends_with('h')
                                 ? noun + " cards"
                                 : noun + "s";
  std::vector<Sum> sums;
  int64_t at = rng.Between(2, 60);
  std::string text = Say(rng,
                         "[{n} has {a} {t}.|There are {a} {t} [on the shelf|in the box|in the "
                         "shop|at home].|{n} starts with {a} {t}.|{n} collected {a} {t}.]",
                         {{"n", name}, {"a", std::to_string(at)}, {"t", things}});
  for (int64_t step = rng.Between(1, 3); step > 0; --step) {
    const Sum sum = MakeSum(rng, at, true);
    const std::string b = std::to_string(sum.b);
    text += Say(rng, "[ Then| Later| After that| Next day,| Now] ") +
            Say(rng, StoryOf(sum.op), {{"n", name}, {"b", b}, {"t", things}}) + ".";
    at = sum.result;
    sums.push_back(sum);
  }
  text += Say(rng,
              "[ How many {t} are there now?| How many are there in the end?| What is the number "
              "of {t} now?| How many {t} is that?]",
              {{"t", things}});
  constexpr Form kForms[] = {Form::kNumber, Form::kExpression, Form::kSteps, Form::kSteps};
  const Form form = rng.Pick(kForms);
  Put(rng, draft, form, text, Answer(sums, form));
}

void Price(Rng& rng, Draft& draft) {
  const int64_t count = rng.Between(2, 12);
  const int64_t each = rng.Between(2, 40);
  const int64_t extra = rng.Between(1, 20);
  const Sum first{count, '*', each, count * each};
  const Sum second{first.result, '+', extra, first.result + extra};
  const std::string text =
      Say(rng,
          "[One {t} costs {e} {c}.|A {t} is {e} {c}.|The {t} sells for {e} {c} each.] [{n} buys "
          "{k}|{n} orders {k} of them|{n} takes {k}] [and pays {x} {c} for delivery.|plus {x} {c} "
          "of fees.] [What is the total?|How much is it in all?|What does {n} pay?]",
          {{"t", CommonNouns().Pick(rng)},
           {"e", std::to_string(each)},
           {"k", std::to_string(count)},
           {"x", std::to_string(extra)},
           {"n", FirstNames().Pick(rng)},
           {"c", Say(rng, "[dollars|euros|pounds|coins]")}});
  constexpr Form kForms[] = {Form::kNumber, Form::kExpression, Form::kSteps};
  const Form form = rng.Pick(kForms);
  std::vector<Sum> sums{first, second};
  std::string answer = Answer(sums, form);
  if (form == Form::kExpression) answer = fmt::format("{} + {}", Shown(first), extra);
  Put(rng, draft, form, text, answer);
}

void Units(Rng& rng, Draft& draft) {
  struct Unit {
    std::string_view from;
    std::string_view to;
    int64_t factor;
  };
  constexpr Unit kUnits[] = {{"hours", "minutes", 60},       {"minutes", "seconds", 60},
                             {"days", "hours", 24},          {"weeks", "days", 7},
                             {"kilometres", "metres", 1000}, {"metres", "centimetres", 100},
                             {"kilograms", "grams", 1000},   {"litres", "millilitres", 1000},
                             {"years", "months", 12},        {"feet", "inches", 12},
                             {"dozens", "pieces", 12},       {"centimetres", "millimetres", 10}};
  const Unit& unit = rng.Pick(kUnits);
  const int64_t count = rng.Between(2, 30);
  const bool back = rng.Chance(0.35);
  const Sum sum = back ? Sum{count * unit.factor, '/', unit.factor, count}
                       : Sum{count, '*', unit.factor, count * unit.factor};
  const std::string text = Say(
      rng,
      "[How many {t} are {a} {f}?|Convert {a} {f} to {t}.|{a} {f} in {t}?|Express {a} {f} in {t}.]",
      {{"a", std::to_string(sum.a)},
       {"f", back ? unit.to : unit.from},
       {"t", back ? unit.from : unit.to}});
  const Form form = rng.Chance(0.5) ? Form::kNumber : Form::kSteps;
  Put(rng, draft, form, text, Answer({sum}, form));
}

}  // namespace

void MakeMath(Rng& rng, SyntheticExample& example) {
  Draft draft(example);
  switch (rng.Below(5)) {
    case 0: return Direct(rng, draft);
    case 1: return Units(rng, draft);
    case 2: return Price(rng, draft);
    default: return Story(rng, draft);
  }
}

}  // namespace understudy
