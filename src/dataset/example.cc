#include "dataset/example.h"

#include <algorithm>

#include "dataset/canonical.h"

namespace understudy {
namespace {

template <class T>
using Made = std::expected<T, Unusable>;

std::unexpected<Unusable> Refuse(SkipReason reason, std::string_view detail = {}) {
  return std::unexpected(Unusable{reason, std::string(detail)});
}

struct Target {
  std::string_view body;
  Verdict verdict;
  bool of_reference = false;  // although another one was served
};

Target TargetOf(const Exchange& exchange) {
  const AnswerRecord* served = nullptr;
  const AnswerRecord* reference = nullptr;
  for (const AnswerRecord& answer : exchange.answers) {
    if (answer.served) served = &answer;
    if (answer.kind == AnswerKind::kReference && !answer.body.empty()) reference = &answer;
  }
  if (reference && served && served->kind != AnswerKind::kReference) {
    return {reference->body, reference->verdict, true};
  }
  return {exchange.response, served ? served->verdict : Verdict{}, false};
}

bool EndedWell(Outcome outcome) {
  return outcome == Outcome::kServed || outcome == Outcome::kEscalated ||
         outcome == Outcome::kFellBack;
}

Made<json::value> Parsed(std::string_view text, SkipReason otherwise, std::string_view what) {
  auto value = ParseJson(text);
  if (!value || !value->is_object()) return Refuse(otherwise, what);
  return *std::move(value);
}

// The first choice of the answer that is learnt from.
Made<json::value> ReadChoice(const Exchange& exchange) {
  const Target target = TargetOf(exchange);
  if (target.body.empty()) return Refuse(SkipReason::kNoAnswer);
  if (!target.of_reference && !EndedWell(exchange.outcome)) {
    return Refuse(SkipReason::kFailedAnswer, Name(exchange.outcome));
  }
  if (!target.verdict.ok()) return Refuse(SkipReason::kFailedAnswer, Name(target.verdict.kind));
  auto body = Parsed(target.body, SkipReason::kNoAnswer, "the response is no JSON object");
  if (!body) return body;
  const json::value* choices = Find(*body, "choices");
  const auto* list = choices ? choices->if_array() : nullptr;
  if (!list || list->empty()) return Refuse(SkipReason::kNoAnswer, "the response has no choices");
  const std::string_view finish = StringOr(list->front(), "finish_reason");
  if (finish == "length" || finish == "content_filter") {
    return Refuse(SkipReason::kTruncatedAnswer, finish);
  }
  return list->front();
}

Made<std::vector<std::string>> ReadTools(const json::value& request, Example& example,
                                         TextPool& pool) {
  const json::value* tools = Find(request, "tools");
  const auto* list = tools ? tools->if_array() : nullptr;
  if (!tools || tools->is_null() || (list && list->empty())) return std::vector<std::string>();
  auto names = ToolNames(*tools);
  if (!names) return names;
  const json::value* choice = Find(request, "tool_choice");
  const json::value* forced = choice ? Find(*choice, "function") : nullptr;
  const auto place = forced ? std::ranges::find(*names, StringOr(*forced, "name")) : names->end();
  if (place == names->end()) {
    example.tools = pool.Add(json::serialize(*tools));
    return names;
  }
  // Serving shows the model a forced tool alone; so does training.
  const json::value& only = tools->get_array()[static_cast<size_t>(place - names->begin())];
  example.tools = pool.Add(json::serialize(json::array{only}));
  return std::vector{*place};
}

Made<void> ReadMessages(const json::value& request, Example& example, Canonicalizer& canonical,
                        TextPool& pool) {
  const json::value* messages = Find(request, "messages");
  const auto* list = messages ? messages->if_array() : nullptr;
  if (!list || list->empty()) return Refuse(SkipReason::kWrongRoles, "no messages");
  for (const json::value& message : *list) {
    const auto text = canonical.Message(message);
    if (!text) return std::unexpected(text.error());
    example.messages.push_back(pool.Add(*text));
  }
  if (canonical.last_role() == "assistant") {
    return Refuse(SkipReason::kWrongRoles, "the last message is the assistant's own");
  }
  return {};
}

void KeepLogprobs(const json::value& choice, Example& example, TextPool& pool) {
  const json::value* logprobs = Find(choice, "logprobs");
  const json::value* content = logprobs ? Find(*logprobs, "content") : nullptr;
  const auto* list = content ? content->if_array() : nullptr;
  const bool has_alternatives = list && std::ranges::any_of(*list, [](const json::value& item) {
                                  const json::value* top = Find(item, "top_logprobs");
                                  return top && top->is_array() && !top->get_array().empty();
                                });
  if (has_alternatives) example.logprobs = pool.Add(json::serialize(*list));
}

}  // namespace

uint32_t TextPool::Add(std::string_view text) {
  if (const auto known = numbers_.find(text); known != numbers_.end()) return known->second;
  const auto number = static_cast<uint32_t>(texts_.size());
  texts_.emplace_back(text);
  numbers_.emplace(texts_.back(), number);
  return number;
}

std::expected<Example, Unusable> ReadExample(const Exchange& exchange, int64_t line,
                                             TextPool& pool) {
  Example example;
  example.line = line;
  example.session = exchange.session;
  const auto choice = ReadChoice(exchange);
  if (!choice) return std::unexpected(choice.error());
  const auto request =
      Parsed(exchange.request, SkipReason::kMalformed, "the request is no JSON object");
  if (!request) return std::unexpected(request.error());
  const auto offered = ReadTools(*request, example, pool);
  if (!offered) return std::unexpected(offered.error());
  Canonicalizer canonical;
  if (const auto read = ReadMessages(*request, example, canonical, pool); !read) {
    return std::unexpected(read.error());
  }
  const json::value* message = Find(*choice, "message");
  if (!message || !message->is_object()) return Refuse(SkipReason::kNoAnswer, "no message");
  const auto answer = canonical.Answer(*message, *offered);
  if (!answer) return std::unexpected(answer.error());
  example.answer = pool.Add(*answer);
  KeepLogprobs(*choice, example, pool);
  return example;
}

json::value ParsePooled(const TextPool& pool, uint32_t number) {
  if (number == 0) return nullptr;
  auto value = ParseJson(pool[number]);
  return value ? *std::move(value) : json::value(nullptr);
}

json::array MessagesOf(const Example& example, const TextPool& pool) {
  json::array messages;
  for (const uint32_t number : example.messages) messages.push_back(ParsePooled(pool, number));
  return messages;
}

}  // namespace understudy
