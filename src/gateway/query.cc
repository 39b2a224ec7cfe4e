#include "gateway/query.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "base/clock.h"

namespace understudy {
namespace {

std::optional<int> HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

Result<std::string> Decode(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const auto high = i + 1 < text.size() ? HexDigit(text[i + 1]) : std::nullopt;
    const auto low = i + 2 < text.size() ? HexDigit(text[i + 2]) : std::nullopt;
    if (!high || !low) return Fail(InvalidInput("the query has a % without two hex digits"));
    out += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return out;
}

std::optional<int64_t> WholeNumber(std::string_view text) {
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number < 0) return std::nullopt;
  return number;
}

Result<int64_t> MomentOf(const std::string& name, const std::string& text) {
  if (const auto ms = WholeNumber(text)) return *ms;
  if (const auto ms = ParseWallMs(text)) return *ms;
  if (const auto ms = ParseWallMs(text + "T00:00:00Z")) return *ms;
  return Fail(InvalidInput(fmt::format("{} must be a time: 2026-01-31T12:00:00Z, 2026-01-31, or "
                                       "milliseconds since 1970",
                                       name))
                  .Param(name));
}

Status Apply(const std::string& name, const std::string& value, ExchangeFilter& filter) {
  if (name == "since") {
    TRY(filter.since_ms, MomentOf(name, value));
  } else if (name == "until") {
    TRY(filter.until_ms, MomentOf(name, value));
  } else if (name == "agent") {
    filter.agent = value;
  } else if (name == "model") {
    filter.model = value;
  } else if (name == "task") {
    filter.task = value;
  } else if (name == "session") {
    filter.session = value;
  } else if (name == "outcome") {
    auto outcome = ParseOutcome(value);
    if (!outcome) return Fail(std::move(outcome).error().Param(name));
    filter.outcome = *outcome;
  } else if (name == "limit") {
    const auto limit = WholeNumber(value);
    if (!limit || *limit < 1 || *limit > kMaxListLimit) {
      return Fail(
          InvalidInput(fmt::format("limit must be from 1 to {}", kMaxListLimit)).Param(name));
    }
    filter.limit = *limit;
  } else {
    return Fail(InvalidInput("the query has a parameter that is not known here")
                    .Mend("Known: since, until, agent, model, task, session, outcome, limit."));
  }
  return {};
}

}  // namespace

Result<std::vector<std::pair<std::string, std::string>>> ParseQuery(std::string_view query) {
  std::vector<std::pair<std::string, std::string>> parameters;
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view one = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (one.empty()) continue;
    const size_t equals = std::min(one.find('='), one.size());
    TRY(std::string name, Decode(one.substr(0, equals)));
    TRY(std::string value, Decode(equals < one.size() ? one.substr(equals + 1) : ""));
    const bool twice =
        std::ranges::any_of(parameters, [&name](const auto& other) { return other.first == name; });
    if (twice) return Fail(InvalidInput("the query gives a parameter twice"));
    parameters.emplace_back(std::move(name), std::move(value));
  }
  return parameters;
}

Result<ExchangeFilter> FilterFromQuery(std::string_view query) {
  TRY(const auto parameters, ParseQuery(query));
  ExchangeFilter filter;
  filter.with_bodies = false;
  for (const auto& [name, value] : parameters) TRY_VOID(Apply(name, value, filter));
  return filter;
}

}  // namespace understudy
