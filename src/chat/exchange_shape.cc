#include "chat/exchange_shape.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/ids.h"
#include "chat/json_reader.h"

namespace understudy {
namespace {

using Value = JsonReader::Value;

// Takes a member out of the list; empty if absent.
std::string Take(std::vector<RawMember>& members, std::string_view key) {
  const auto at = std::find_if(members.begin(), members.end(),
                               [&](const RawMember& member) { return member.key == key; });
  if (at == members.end()) return {};
  std::string value = std::move(at->value);
  members.erase(at);
  return value;
}

Error Wrong(const JsonReader& in) {
  return InvalidInput(in.problem().message).Param(in.problem().path);
}

// Role of a message, and whether it calls tools.
struct MessageKind {
  std::string raw, role;
  bool calls_tools = false;
};

bool ReadKind(JsonReader& in, Value value, MessageKind* kind) {
  Span span;
  const bool read = in.Spanned(value, &span, [&] {
    return in.Members(value, [&](std::string_view key, Value member) {
      if (key == "role") return in.String(member, &kind->role);
      if (key == "tool_calls") kind->calls_tools = in.Kind(member) == JsonKind::kArray;
      return in.Skip(member);
    });
  });
  kind->raw = in.Text(span);
  return read;
}

Result<std::vector<MessageKind>> ReadKinds(std::string_view raw_messages) {
  std::string text = fmt::format(R"({{"messages":{}}})", raw_messages);
  JsonReader in(text);
  std::vector<MessageKind> kinds;
  const bool read = in.Document([&](std::string_view, Value messages) {
    return in.Items(messages,
                    [&](Value item) { return ReadKind(in, item, &kinds.emplace_back()); });
  });
  if (!read) return Fail(Wrong(in));
  return kinds;
}

// A raw JSON string's text; `raw` has been checked.
std::string TextOf(std::string_view raw) {
  std::string text;
  if (raw.size() >= 2 && raw.front() == '"') DecodeJsonString(raw.substr(1, raw.size() - 2), &text);
  return text;
}

// A batch output's {"status_code", "body"}, or the answer itself.
Status TakeBatchResponse(std::string_view raw, Exchange* exchange) {
  if (raw.empty() || raw == "null") return {};
  std::string text(raw);
  JsonReader in(text);
  std::string body;
  int64_t status = 200;
  const bool read = in.Document([&](std::string_view key, Value value) {
    if (key == "status_code") return in.Int(value, &status);
    if (key == "body") return in.Raw(value, &body);
    return in.Skip(value);
  });
  if (!read) return Fail(Wrong(in).At("response"));
  exchange->response = body.empty() ? std::string(raw) : std::move(body);
  if (status >= 400) exchange->outcome = Outcome::kUpstreamError;
  return {};
}

}  // namespace

bool IsJsonObject(std::string_view text) {
  std::string copy(text);
  JsonReader in(copy);
  return in.Document([&](std::string_view, Value value) { return in.Skip(value); });
}

std::string ObjectOf(const std::vector<RawMember>& members) {
  std::string out;
  for (const RawMember& member : members) {
    out += out.empty() ? "{\"" : ",\"";
    out += member.key;
    out += "\":";
    out += member.value;
  }
  if (!out.empty()) out += '}';
  return out;
}

Result<Exchange> ExchangeFromTuning(std::vector<RawMember> members, std::string_view line) {
  TRY(const auto messages, ReadKinds(Take(members, "messages")));
  if (messages.size() < 2 || messages.back().role != "assistant") {
    return Fail(InvalidInput("'messages' must end with an assistant's message after at least one "
                             "other: it is taken as the response")
                    .Param("messages"));
  }
  std::string list;
  for (size_t i = 0; i + 1 < messages.size(); ++i) list += (i ? "," : "") + messages[i].raw;
  members.insert(members.begin(), {"messages", '[' + list + ']'});
  Exchange exchange;
  const Hash128 hash = FastHash128(line);
  exchange.id = fmt::format("ft_{:016x}{:016x}", hash.high, hash.low);
  exchange.request = ObjectOf(members);
  exchange.response =
      fmt::format(R"({{"choices":[{{"index":0,"message":{},"finish_reason":"{}"}}]}})",
                  messages.back().raw, messages.back().calls_tools ? "tool_calls" : "stop");
  return exchange;
}

Result<Exchange> ExchangeFromBatch(std::vector<RawMember> members, std::string_view response) {
  Exchange exchange;
  exchange.id = TextOf(Take(members, "custom_id"));
  if (exchange.id.empty()) {
    return Fail(
        InvalidInput("'custom_id' must be a string that names the line").Param("custom_id"));
  }
  exchange.request = Take(members, "body");
  if (!IsJsonObject(exchange.request)) {
    return Fail(InvalidInput("a batch line needs its request as an object in 'body'")
                    .Param("body")
                    .Mend("Join the batch's output with its input by custom_id."));
  }
  if (const std::string url = TextOf(Take(members, "url")); !url.empty()) exchange.endpoint = url;
  TRY_VOID(TakeBatchResponse(response, &exchange));
  Take(members, "method");
  exchange.extra = ObjectOf(members);
  return exchange;
}

}  // namespace understudy
