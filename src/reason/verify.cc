#include "reason/verify.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/clock.h"
#include "reason/schema_cache.h"

namespace understudy {
namespace {

constexpr size_t kMaxDetail = 200;
constexpr size_t kMaxName = 40;

// At most `limit` bytes, never ending inside a UTF-8 sequence.
std::string Shortened(std::string text, size_t limit) {
  if (text.size() <= limit) return text;
  size_t end = limit;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  text.resize(end);
  return text;
}

// The first thing wrong with an answer, as it is found; kPass while nothing is.
class Verifier {
 public:
  Verifier(const ChatRequest& request, const VerifyOptions& options)
      : request_(request), options_(options) {}

  Verdict Verify(const ChatAnswer& answer) {
    if (answer.choices.empty()) Fails(VerdictKind::kEmpty, "no choices");
    for (size_t i = 0; i < answer.choices.size() && verdict_.kind == VerdictKind::kPass; ++i) {
      choice_ = i;
      CheckChoice(answer.choices[i]);
    }
    return std::move(verdict_);
  }

 private:
  // The order is the header's; each returns whether to go on.
  void CheckChoice(const Choice& choice) {
    (void)(CheckPresent(choice) && CheckFinish(choice) && CheckRefusal(choice) &&
           CheckToolChoice(choice) && CheckToolCalls(choice) && CheckContent(choice));
  }
  bool CheckPresent(const Choice& choice);
  bool CheckFinish(const Choice& choice);
  bool CheckRefusal(const Choice& choice);
  bool CheckToolChoice(const Choice& choice);
  bool CheckToolCalls(const Choice& choice);
  bool CheckArguments(size_t call_index, const ToolCall& call, const Tool& tool);
  bool CheckContent(const Choice& choice);
  bool CheckSchema(VerdictKind kind, std::string_view place, std::string_view schema_text,
                   const json::value& value);

  const Tool* FindTool(std::string_view name) const {
    for (const Tool& tool : request_.tools) {
      if (tool.name == name) return &tool;
    }
    return nullptr;
  }

  // False, so that it can be returned.
  bool Fails(VerdictKind kind, std::string_view what, std::string_view place = {}) {
    verdict_.kind = kind;
    verdict_.detail = Shortened(
        fmt::format("choices[{}]{}{}: {}", choice_, place.empty() ? "" : ".", place, what),
        kMaxDetail);
    return false;
  }

  const ChatRequest& request_;
  const VerifyOptions& options_;
  Verdict verdict_{.kind = VerdictKind::kPass};
  size_t choice_ = 0;
};

bool Verifier::CheckPresent(const Choice& choice) {
  const bool blank = choice.content.find_first_not_of(" \t\r\n") == std::string::npos;
  if (!blank || !choice.tool_calls.empty() || !choice.refusal.empty()) return true;
  return Fails(VerdictKind::kEmpty, "neither content nor a tool call");
}

bool Verifier::CheckFinish(const Choice& choice) {
  if (!options_.truncation || choice.finish != FinishReason::kLength) return true;
  return Fails(VerdictKind::kTruncated, "stopped by its length limit", "finish_reason");
}

bool Verifier::CheckRefusal(const Choice& choice) {
  if (!options_.refusals || choice.refusal.empty()) return true;
  return Fails(VerdictKind::kRefusal, "the model refused", "refusal");
}

bool Verifier::CheckToolChoice(const Choice& choice) {
  if (request_.tool_choice == ToolChoice::kRequired && choice.tool_calls.empty()) {
    return Fails(VerdictKind::kMissingToolCall, "tool_choice asks for a tool call", "tool_calls");
  }
  if (request_.tool_choice != ToolChoice::kFunction) return true;
  const bool called =
      std::any_of(choice.tool_calls.begin(), choice.tool_calls.end(),
                  [&](const auto& call) { return call.name == request_.forced_tool; });
  return called || Fails(VerdictKind::kMissingToolCall,
                         fmt::format("tool_choice asks for a call of \"{}\"",
                                     Shortened(request_.forced_tool, kMaxName)),
                         "tool_calls");
}

bool Verifier::CheckToolCalls(const Choice& choice) {
  for (size_t i = 0; i < choice.tool_calls.size(); ++i) {
    const ToolCall& call = choice.tool_calls[i];
    const Tool* tool = FindTool(call.name);
    if (!tool || request_.tool_choice == ToolChoice::kNone) {
      return Fails(VerdictKind::kUnknownTool,
                   fmt::format("\"{}\" was not offered", Shortened(call.name, kMaxName)),
                   fmt::format("tool_calls[{}].name", i));
    }
    if (options_.schemas && !CheckArguments(i, call, *tool)) return false;
  }
  return true;
}

bool Verifier::CheckArguments(size_t call_index, const ToolCall& call, const Tool& tool) {
  const std::string place = fmt::format("tool_calls[{}].arguments", call_index);
  // Some models write nothing where a tool takes no arguments.
  const auto arguments = ParseJson(call.arguments.empty() ? "{}" : call.arguments);
  if (!arguments) return Fails(VerdictKind::kInvalidArguments, "not JSON", place);
  if (!arguments->is_object()) {
    return Fails(VerdictKind::kInvalidArguments, "not a JSON object", place);
  }
  return CheckSchema(VerdictKind::kInvalidArguments, place, tool.parameters, *arguments);
}

bool Verifier::CheckContent(const Choice& choice) {
  if (!options_.schemas || request_.response_format == ResponseFormat::kText) return true;
  // A tool call, or a refusal let through, stands in the answer's place.
  if (!choice.tool_calls.empty() || !choice.refusal.empty()) return true;
  const auto content = ParseJson(choice.content);
  if (!content) return Fails(VerdictKind::kInvalidJson, "not JSON", "content");
  if (request_.response_format == ResponseFormat::kJsonObject) {
    return content->is_object() || Fails(VerdictKind::kInvalidJson, "not a JSON object", "content");
  }
  return CheckSchema(VerdictKind::kSchemaViolation, "content", request_.response_schema, *content);
}

bool Verifier::CheckSchema(VerdictKind kind, std::string_view place, std::string_view schema_text,
                           const json::value& value) {
  if (schema_text.empty()) return true;
  const auto schema = CachedSchema(schema_text);
  if (!schema) return true;  // the request's fault, not the answer's
  const auto problem = schema->Check(value);
  if (!problem) return true;
  // "$.date: expected ..." becomes "choices[0].content.date: expected ...".
  const size_t colon = problem->find(": ");
  std::string path(place);
  path += problem->substr(1, colon - 1);
  return Fails(kind, problem->substr(colon + 2), path);
}

// Beyond whether there is an answer: then the clock costs more than the check.
bool NothingToCheck(const ChatRequest& request) {
  return request.tools.empty() && request.tool_choice == ToolChoice::kAuto &&
         request.response_format == ResponseFormat::kText;
}

}  // namespace

Verdict VerifyAnswer(const ChatRequest& request, const ChatAnswer& answer,
                     const VerifyOptions& options) try {
  if (NothingToCheck(request)) return Verifier(request, options).Verify(answer);
  const Monotonic start = Clock::System().Now();
  Verdict verdict = Verifier(request, options).Verify(answer);
  verdict.took_us = MicrosBetween(start, Clock::System().Now());
  return verdict;
} catch (const std::exception&) {  // out of memory: an answer that cannot be judged
  return {.kind = VerdictKind::kError, .detail = "could not be verified"};
}

}  // namespace understudy
