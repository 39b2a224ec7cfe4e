// The shapes of docs/format-exchange.md that reader and writer share, and those of other makers'
// files that become exchanges.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "chat/exchange.h"

namespace understudy {

inline constexpr int kExchangeVersion = 1;
inline constexpr std::string_view kDefaultEndpoint = "/v1/chat/completions";

// One member of a line that the exchange format does not name: raw bytes of key and value.
struct RawMember {
  std::string key;    // without quotes, escapes as written
  std::string value;  // as written
};

// A valid JSON object, in the strict sense of JsonReader.
bool IsJsonObject(std::string_view text);

// {"key":value,...} from members; empty for none.
std::string ObjectOf(const std::vector<RawMember>& members);

// OpenAI's fine-tuning shape: {"messages": [..., assistant], "tools": ...}. The last message is the
// response, the rest is the request; `line` gives the id.
Result<Exchange> ExchangeFromTuning(std::vector<RawMember> members, std::string_view line);

// OpenAI's batch shape: {"custom_id", "url", "body"}, with the output's "response" where the two
// files were joined. `response` is the raw member, empty if absent.
Result<Exchange> ExchangeFromBatch(std::vector<RawMember> members, std::string_view response);

}  // namespace understudy
