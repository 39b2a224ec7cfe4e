// Line -> exchange (chat/exchange_json.h; docs/format-exchange.md).
#include <limits>
#include <optional>

#include <fmt/format.h>

#include "base/clock.h"
#include "chat/exchange_json.h"
#include "chat/exchange_shape.h"
#include "chat/json_reader.h"

namespace understudy {
namespace {

using Value = JsonReader::Value;

// A JSON object, or a string that holds a body's text; null leaves it empty.
bool ReadBody(JsonReader& in, Value value, std::string* body) {
  switch (in.Kind(value)) {
    case JsonKind::kObject: return in.Raw(value, body);
    case JsonKind::kString:
    case JsonKind::kNull: return in.String(value, body);
    default: return in.FailType("an object, or a string with a body's text", value);
  }
}

template <class Enum>
bool ReadWord(JsonReader& in, Value value, Result<Enum> (*parse)(std::string_view), Enum* out) {
  std::string word;
  if (!in.String(value, &word)) return false;
  if (in.Kind(value) == JsonKind::kNull) return true;
  const Result<Enum> parsed = parse(word);
  if (!parsed) return in.Fail(parsed.error().message);
  *out = *parsed;
  return true;
}

bool ReadSmallInt(JsonReader& in, Value value, int* out) {
  int64_t wide = *out;
  if (!in.Int(value, &wide)) return false;
  constexpr std::numeric_limits<int> limits;
  if (wide < limits.min() || wide > limits.max()) return in.Fail("is out of range");
  *out = static_cast<int>(wide);
  return true;
}

bool ReadTime(JsonReader& in, Value value, int64_t* at_ms) {
  if (in.Kind(value) != JsonKind::kString) return in.Int(value, at_ms);
  std::string text;
  if (!in.String(value, &text)) return false;
  const auto parsed = ParseWallMs(text);
  if (!parsed) {
    return in.Fail("must be a time such as 2026-01-31T12:00:00.123Z, or milliseconds since 1970");
  }
  *at_ms = *parsed;
  return true;
}

bool ReadUsage(JsonReader& in, Value value, Usage* usage) {
  return in.Members(value, [&](std::string_view key, Value member) {
    if (key == "prompt_tokens") return in.Int(member, &usage->prompt_tokens);
    if (key == "completion_tokens") return in.Int(member, &usage->completion_tokens);
    if (key == "cached_tokens") return in.Int(member, &usage->cached_tokens);
    if (key == "known") return in.Bool(member, &usage->known);
    return in.Skip(member);
  });
}

bool ReadTimings(JsonReader& in, Value value, Timings* timings) {
  return in.Members(value, [&](std::string_view key, Value member) {
    if (key == "queue_us") return in.Int(member, &timings->queue_us);
    if (key == "first_token_us") return in.Int(member, &timings->first_token_us);
    if (key == "total_us") return in.Int(member, &timings->total_us);
    return in.Skip(member);
  });
}

bool ReadVerdict(JsonReader& in, Value value, Verdict* verdict) {
  return in.Members(value, [&](std::string_view key, Value member) {
    if (key == "kind") return ReadWord(in, member, ParseVerdictKind, &verdict->kind);
    if (key == "detail") return in.String(member, &verdict->detail);
    if (key == "took_us") return in.Int(member, &verdict->took_us);
    return in.Skip(member);
  });
}

// An answer, and whether the line told its response.
struct ReadAnswerState {
  AnswerRecord* answer;
  bool has_response = false;
};

bool ReadAnswerMember(JsonReader& in, std::string_view key, Value value, ReadAnswerState* state) {
  AnswerRecord& answer = *state->answer;
  if (key == "kind") return ReadWord(in, value, ParseAnswerKind, &answer.kind);
  if (key == "model") return in.String(value, &answer.model);
  if (key == "deployment") return in.String(value, &answer.deployment);
  if (key == "served") return in.Bool(value, &answer.served);
  if (key == "response") {
    state->has_response = true;
    return ReadBody(in, value, &answer.body);
  }
  if (key == "error") return in.String(value, &answer.error);
  if (key == "usage") return ReadUsage(in, value, &answer.usage);
  if (key == "cost_usd") return in.Number(value, &answer.cost_usd);
  if (key == "retries") return ReadSmallInt(in, value, &answer.retries);
  if (key == "timings") return ReadTimings(in, value, &answer.timings);
  if (key == "verdict") return ReadVerdict(in, value, &answer.verdict);
  return in.Skip(value);
}

bool ReadCandidate(JsonReader& in, Value value, Candidate* candidate) {
  return in.Members(value, [&](std::string_view key, Value member) {
    if (key == "model") return in.String(member, &candidate->model);
    if (key == "deployment") return in.String(member, &candidate->deployment);
    if (key == "probability") return in.Number(member, &candidate->probability);
    if (key == "threshold") return in.Number(member, &candidate->threshold);
    return in.Skip(member);
  });
}

bool ReadDecision(JsonReader& in, Value value, Decision* decision) {
  return in.Members(value, [&](std::string_view key, Value member) {
    if (key == "policy") return in.String(member, &decision->policy);
    if (key == "task") return in.String(member, &decision->task);
    if (key == "candidates") {
      return in.Items(member, [&](Value item) {
        return ReadCandidate(in, item, &decision->candidates.emplace_back());
      });
    }
    if (key == "chosen") return in.String(member, &decision->chosen);
    if (key == "route") return ReadWord(in, member, ParseRoute, &decision->route);
    if (key == "propensity") return in.Number(member, &decision->propensity);
    if (key == "explored") return in.Bool(member, &decision->explored);
    if (key == "reason") return in.String(member, &decision->reason);
    if (key == "took_ns") return in.Int(member, &decision->took_ns);
    return in.Skip(member);
  });
}

// A line as read, before its shape is known.
struct Line {
  Exchange exchange;
  bool has_request = false;
  std::string raw_response;
  std::vector<bool> answer_has_response;
  std::vector<RawMember> others;  // in order
};

bool ReadAnswers(JsonReader& in, Value value, Line* line) {
  return in.Items(value, [&](Value item) {
    ReadAnswerState state{&line->exchange.answers.emplace_back()};
    const bool read = in.Members(item, [&](std::string_view key, Value member) {
      return ReadAnswerMember(in, key, member, &state);
    });
    line->answer_has_response.push_back(state.has_response);
    return read;
  });
}

// Ids of imported files may be numbers.
bool ReadId(JsonReader& in, Value value, std::string* id) {
  return in.Kind(value) == JsonKind::kNumber ? in.Raw(value, id) : in.String(value, id);
}

bool ReadResponse(JsonReader& in, Value value, Line* line) {
  Span span;
  const bool read =
      in.Spanned(value, &span, [&] { return ReadBody(in, value, &line->exchange.response); });
  line->raw_response = in.Text(span);
  return read;
}

bool ReadOther(JsonReader& in, Value value, Line* line) {
  RawMember member{std::string(in.raw_key()), {}};
  if (!in.Raw(value, &member.value)) return false;
  line->others.push_back(std::move(member));
  return true;
}

bool ReadMember(JsonReader& in, std::string_view key, Value value, Line* line) {
  Exchange& exchange = line->exchange;
  if (key == "v") return ReadSmallInt(in, value, &exchange.v);
  if (key == "id") return ReadId(in, value, &exchange.id);
  if (key == "session") return in.String(value, &exchange.session);
  if (key == "at") return ReadTime(in, value, &exchange.at_ms);
  if (key == "agent") return in.String(value, &exchange.agent);
  if (key == "origin") return in.String(value, &exchange.origin);
  if (key == "endpoint") return in.String(value, &exchange.endpoint);
  if (key == "request") {
    line->has_request = true;
    return ReadBody(in, value, &exchange.request);
  }
  if (key == "response") return ReadResponse(in, value, line);
  if (key == "streamed") return in.Bool(value, &exchange.streamed);
  if (key == "decision") {
    if (in.Kind(value) == JsonKind::kNull) return in.Null(value);
    return ReadDecision(in, value, &exchange.decision.emplace());
  }
  if (key == "answers") return ReadAnswers(in, value, line);
  if (key == "outcome") return ReadWord(in, value, ParseOutcome, &exchange.outcome);
  if (key == "total_us") return in.Int(value, &exchange.total_us);
  return ReadOther(in, value, line);
}

Result<Line> ReadLine(std::string_view text) {
  std::string copy(text);
  JsonReader in(copy);
  Line line;
  const bool read = in.Document(
      [&](std::string_view key, Value value) { return ReadMember(in, key, value, &line); });
  if (!read) return Fail(InvalidInput(in.problem().message).Param(in.problem().path));
  return line;
}

Result<Exchange> Finish(Line line) {
  Exchange& exchange = line.exchange;
  if (exchange.v != kExchangeVersion) {
    return Fail(
        InvalidInput(fmt::format("format version {} is not known here, only {}", exchange.v,
                                 kExchangeVersion))
            .Param("v")
            .Mend("Read it with the version of the program that wrote it, or a newer one."));
  }
  if (exchange.id.empty()) {
    return Fail(InvalidInput("the exchange needs an 'id', any unique text").Param("id"));
  }
  for (size_t i = 0; i < exchange.answers.size(); ++i) {
    AnswerRecord& answer = exchange.answers[i];
    if (answer.served && !line.answer_has_response[i]) answer.body = exchange.response;
  }
  exchange.extra = ObjectOf(line.others);
  return std::move(exchange);
}

bool Has(const std::vector<RawMember>& members, std::string_view key) {
  for (const RawMember& member : members) {
    if (member.key == key) return true;
  }
  return false;
}

}  // namespace

Result<Exchange> ParseExchangeLine(std::string_view text) {
  TRY(Line line, ReadLine(text));
  if (line.has_request) return Finish(std::move(line));
  if (Has(line.others, "messages")) return ExchangeFromTuning(std::move(line.others), text);
  if (Has(line.others, "custom_id") || Has(line.others, "body")) {
    return ExchangeFromBatch(std::move(line.others), line.raw_response);
  }
  return Fail(InvalidInput("the line has no 'request'")
                  .Param("request")
                  .Mend("Give each line an 'id' and a 'request' (docs/format-exchange.md), or use "
                        "the fine-tuning or the batch shape."));
}

}  // namespace understudy
