// Exchange -> line (chat/exchange_json.h; docs/format-exchange.md).
#include <cmath>

#include <fmt/format.h>
#include <simdjson.h>

#include "base/clock.h"
#include "base/json.h"
#include "chat/exchange_json.h"
#include "chat/exchange_shape.h"

namespace understudy {
namespace {

constexpr int64_t kLastFormattedMs = 253'402'300'799'999;  // 9999-12-31T23:59:59.999Z

// JSON is UTF-8: each byte that is no part of a character becomes U+FFFD.
std::string MendUtf8(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    size_t length = 1;
    while (length <= 4 && at + length <= text.size() &&
           !simdjson::validate_utf8(text.data() + at, length)) {
      ++length;
    }
    const bool valid = length <= 4 && at + length <= text.size();
    out += valid ? text.substr(at, length) : "\xEF\xBF\xBD";
    at += valid ? length : 1;
  }
  return out;
}

std::string Quoted(std::string_view text) {
  if (simdjson::validate_utf8(text.data(), text.size())) return JsonString(text);
  return JsonString(MendUtf8(text));
}

// Writes one object, leaving out what has its default.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::string& out) : out_(out) { out_ += '{'; }
  ~ObjectWriter() { out_ += '}'; }
  ObjectWriter(const ObjectWriter&) = delete;
  ObjectWriter& operator=(const ObjectWriter&) = delete;

  std::string& Key(std::string_view key) {
    if (!first_) out_ += ',';
    first_ = false;
    AppendJsonString(out_, key);
    out_ += ':';
    return out_;
  }
  void Text(std::string_view key, std::string_view text) {
    if (!text.empty()) Key(key) += Quoted(text);
  }
  void Int(std::string_view key, int64_t value, int64_t otherwise = 0) {
    if (value != otherwise) Key(key) += fmt::format("{}", value);
  }
  void Number(std::string_view key, double value, double otherwise) {
    if (value != otherwise && std::isfinite(value)) Key(key) += fmt::format("{}", value);
  }
  void Flag(std::string_view key, bool value) {
    if (value) Key(key) += "true";
  }
  // A body: itself where it is a JSON object, else its text as a string.
  void Body(std::string_view key, std::string_view body) {
    std::string& out = Key(key);
    if (!IsJsonObject(body)) {
      out += Quoted(body);
      return;
    }
    for (const char c : body) out += c == '\n' || c == '\r' ? ' ' : c;
  }
  // The members of another object, as they are.
  void Splice(std::string_view object) {
    if (!IsJsonObject(object)) return;
    const size_t begin = object.find_first_not_of(" \t\n\r", object.find('{') + 1);
    if (object[begin] == '}') return;
    if (!first_) out_ += ',';
    first_ = false;
    const size_t end = object.rfind('}');
    for (const char c : object.substr(begin, end - begin)) out_ += c == '\n' || c == '\r' ? ' ' : c;
  }

 private:
  std::string& out_;
  bool first_ = true;
};

void WriteUsage(std::string& out, const Usage& usage) {
  ObjectWriter object(out);
  object.Int("prompt_tokens", usage.prompt_tokens);
  object.Int("completion_tokens", usage.completion_tokens);
  object.Int("cached_tokens", usage.cached_tokens);
  object.Flag("known", usage.known);
}

void WriteTimings(std::string& out, const Timings& timings) {
  ObjectWriter object(out);
  object.Int("queue_us", timings.queue_us);
  object.Int("first_token_us", timings.first_token_us);
  object.Int("total_us", timings.total_us);
}

void WriteVerdict(std::string& out, const Verdict& verdict) {
  ObjectWriter object(out);
  object.Text("kind", Name(verdict.kind));
  object.Text("detail", verdict.detail);
  object.Int("took_us", verdict.took_us);
}

void WriteAnswer(std::string& out, const AnswerRecord& answer, std::string_view response) {
  ObjectWriter object(out);
  object.Text("kind", Name(answer.kind));
  object.Text("model", answer.model);
  object.Text("deployment", answer.deployment);
  object.Flag("served", answer.served);
  // A served answer without a response has the exchange's: the usual case is written once.
  const bool implied = answer.served && answer.body == response;
  if (!answer.body.empty() && !implied) object.Body("response", answer.body);
  if (answer.body.empty() && answer.served && !implied) object.Key("response") += "null";
  object.Text("error", answer.error);
  WriteUsage(object.Key("usage"), answer.usage);
  object.Number("cost_usd", answer.cost_usd, 0);
  object.Int("retries", answer.retries);
  WriteTimings(object.Key("timings"), answer.timings);
  WriteVerdict(object.Key("verdict"), answer.verdict);
}

void WriteCandidate(std::string& out, const Candidate& candidate) {
  ObjectWriter object(out);
  object.Text("model", candidate.model);
  object.Text("deployment", candidate.deployment);
  object.Number("probability", candidate.probability, 1);
  object.Number("threshold", candidate.threshold, 0);
}

template <class Items, class Write>
void WriteList(std::string& out, const Items& items, Write write) {
  out += '[';
  for (const auto& item : items) {
    if (&item != &items.front()) out += ',';
    write(out, item);
  }
  out += ']';
}

void WriteDecision(std::string& out, const Decision& decision) {
  ObjectWriter object(out);
  object.Text("policy", decision.policy);
  object.Text("task", decision.task);
  if (!decision.candidates.empty()) {
    WriteList(object.Key("candidates"), decision.candidates, WriteCandidate);
  }
  object.Text("chosen", decision.chosen);
  object.Text("route", Name(decision.route));
  object.Number("propensity", decision.propensity, 1);
  object.Flag("explored", decision.explored);
  object.Text("reason", decision.reason);
  object.Int("took_ns", decision.took_ns);
}

void WriteTime(ObjectWriter& object, int64_t at_ms) {
  if (at_ms > 0 && at_ms <= kLastFormattedMs) {
    object.Text("at", FormatWallMs(at_ms));
  } else {
    object.Int("at", at_ms);
  }
}

void WriteExchange(ObjectWriter& object, const Exchange& exchange) {
  object.Int("v", exchange.v);
  object.Text("id", exchange.id);
  object.Text("session", exchange.session);
  WriteTime(object, exchange.at_ms);
  object.Text("agent", exchange.agent);
  object.Text("origin", exchange.origin);
  if (exchange.endpoint != kDefaultEndpoint) object.Key("endpoint") += Quoted(exchange.endpoint);
  object.Flag("streamed", exchange.streamed);
  object.Text("outcome", Name(exchange.outcome));
  object.Int("total_us", exchange.total_us);
  object.Body("request", exchange.request);
  if (!exchange.response.empty()) object.Body("response", exchange.response);
  if (exchange.decision) WriteDecision(object.Key("decision"), *exchange.decision);
  if (!exchange.answers.empty()) {
    WriteList(object.Key("answers"), exchange.answers,
              [&](std::string& out, const AnswerRecord& answer) {
                WriteAnswer(out, answer, exchange.response);
              });
  }
  if (!exchange.extra.empty()) object.Splice(exchange.extra);
}

}  // namespace

std::string FormatExchangeLine(const Exchange& exchange) {
  std::string line;
  line.reserve(exchange.request.size() + exchange.response.size() + 512);
  {
    ObjectWriter object(line);
    WriteExchange(object, exchange);
  }
  return line;
}

}  // namespace understudy
