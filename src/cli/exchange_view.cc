#include "cli/exchange_view.h"

#include "base/clock.h"
#include "chat/answer.h"
#include "chat/request.h"
#include "cli/text.h"

namespace understudy {
namespace {

std::string When(int64_t at_ms) {
  return at_ms > 0 ? FormatWallMs(at_ms) : "-";
}

std::string OrDash(std::string_view text) {
  return text.empty() ? "-" : std::string(text);
}

std::string Milliseconds(int64_t us) {
  return us > 0 ? fmt::format("{:.1f}", static_cast<double>(us) / 1000) : "-";
}

std::string Tokens(const Usage& usage) {
  return usage.known ? fmt::format("{}+{}", usage.prompt_tokens, usage.completion_tokens) : "-";
}

std::string Field(std::string_view name, const std::string& value) {
  return value.empty() ? "" : fmt::format("{:<12}{}\n", name, Printable(value));
}

std::string DescribeDecision(const Decision& decision) {
  return Field("decision", fmt::format("{} ({}), because of {}", decision.chosen,
                                       Name(decision.route), decision.reason)) +
         Field("task", decision.task) + Field("policy", decision.policy);
}

std::string DescribeAnswers(const std::vector<AnswerRecord>& answers) {
  if (answers.empty()) return {};
  using enum Table::Align;
  Table table({{"ANSWER"},
               {"MODEL"},
               {"SERVED"},
               {"TOKENS", kRight},
               {"FIRST MS", kRight},
               {"MS", kRight},
               {"COST", kRight},
               {"VERDICT"}});
  for (const AnswerRecord& answer : answers) {
    std::string verdict(Name(answer.verdict.kind));
    if (!answer.verdict.detail.empty()) verdict += ": " + answer.verdict.detail;
    if (!answer.error.empty()) verdict += " (" + answer.error + ")";
    table.Add({std::string(Name(answer.kind)), OrDash(answer.model), answer.served ? "yes" : "no",
               Tokens(answer.usage), Milliseconds(answer.timings.first_token_us),
               Milliseconds(answer.timings.total_us), HumanUsd(answer.cost_usd), verdict});
  }
  return '\n' + table.Render();
}

std::string DescribeToolCalls(const std::vector<ToolCall>& calls) {
  std::string out;
  for (const ToolCall& call : calls) {
    out += fmt::format("-> {}({})\n", Printable(call.name), Printable(call.arguments));
  }
  return out;
}

std::string Titled(std::string_view title, std::string_view text) {
  std::string body = Printable(text, true);
  if (!body.empty() && !body.ends_with('\n')) body += '\n';
  return fmt::format("\n[{}]\n{}", title, body);
}

std::string DescribeRequest(const std::string& request) {
  const auto parsed = ParseChatRequest(request);
  if (!parsed) return Titled("request", request);
  std::string out;
  for (const Message& message : parsed->messages) {
    out += Titled(Name(message.role), message.text) + DescribeToolCalls(message.tool_calls);
  }
  if (!parsed->tools.empty()) {
    std::vector<std::string> names;
    for (const Tool& tool : parsed->tools) names.push_back(tool.name);
    out += Titled("tools offered", fmt::format("{}", fmt::join(names, ", ")));
  }
  return out;
}

std::string DescribeResponse(const std::string& response) {
  if (response.empty()) return Titled("no answer", "");
  const auto parsed = ParseChatAnswer(response);
  if (!parsed) return Titled("answer", response);
  std::string out;
  for (const Choice& choice : parsed->choices) {
    const std::string title =
        parsed->choices.size() > 1 ? fmt::format("answer {}", choice.index) : "answer";
    out += Titled(title, choice.refusal.empty() ? choice.content : choice.refusal);
    out += DescribeToolCalls(choice.tool_calls);
  }
  return out;
}

}  // namespace

const AnswerRecord* ServedAnswer(const Exchange& exchange) {
  for (const AnswerRecord& answer : exchange.answers) {
    if (answer.served) return &answer;
  }
  return exchange.answers.empty() ? nullptr : &exchange.answers.back();
}

double CostOf(const Exchange& exchange) {
  double total = 0;
  for (const AnswerRecord& answer : exchange.answers) total += answer.cost_usd;
  return total;
}

Table ExchangeTable() {
  using enum Table::Align;
  return Table({{"AT"},
                {"ID"},
                {"AGENT"},
                {"MODEL"},
                {"OUTCOME"},
                {"TOKENS", kRight},
                {"MS", kRight},
                {"COST", kRight},
                {"REASON"}});
}

void AddRow(Table& table, const Exchange& exchange) {
  const AnswerRecord* answer = ServedAnswer(exchange);
  table.Add({When(exchange.at_ms), exchange.id, OrDash(exchange.agent),
             OrDash(answer ? answer->model : ""), std::string(Name(exchange.outcome)),
             answer ? Tokens(answer->usage) : "-", Milliseconds(exchange.total_us),
             HumanUsd(CostOf(exchange)), exchange.decision ? exchange.decision->reason : "-"});
}

json::object Summary(const Exchange& exchange) {
  json::object summary{
      {"id", exchange.id},
      {"at", exchange.at_ms > 0 ? json::value(FormatWallMs(exchange.at_ms)) : json::value(nullptr)},
      {"session", exchange.session},
      {"agent", exchange.agent},
      {"outcome", Name(exchange.outcome)},
      {"total_us", exchange.total_us},
      {"cost_usd", CostOf(exchange)}};
  if (const AnswerRecord* answer = ServedAnswer(exchange)) {
    summary["model"] = answer->model;
    summary["kind"] = Name(answer->kind);
    summary["prompt_tokens"] = answer->usage.prompt_tokens;
    summary["completion_tokens"] = answer->usage.completion_tokens;
  }
  if (exchange.decision) {
    summary["route"] = Name(exchange.decision->route);
    summary["reason"] = exchange.decision->reason;
    summary["task"] = exchange.decision->task;
  }
  return summary;
}

std::string DescribeExchange(const Exchange& exchange) {
  std::string out = Field("id", exchange.id) + Field("at", When(exchange.at_ms)) +
                    Field("session", exchange.session) + Field("agent", exchange.agent) +
                    Field("origin", exchange.origin) + Field("endpoint", exchange.endpoint) +
                    Field("outcome", std::string(Name(exchange.outcome)));
  if (exchange.total_us > 0) {
    out += Field("took", HumanDuration(static_cast<double>(exchange.total_us) / 1e6));
  }
  out += Field("streamed", exchange.streamed ? "yes" : "no");
  if (exchange.decision) out += DescribeDecision(*exchange.decision);
  return out + DescribeAnswers(exchange.answers) + DescribeRequest(exchange.request) +
         DescribeResponse(exchange.response);
}

}  // namespace understudy
