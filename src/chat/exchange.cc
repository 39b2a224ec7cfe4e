#include "chat/exchange.h"

#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace understudy {
namespace {

// Names by value; their order is frozen with the values in exchange.h.
constexpr std::array<std::string_view, 5> kAnswerKinds{"reference", "slm", "repair", "sample",
                                                       "shadow"};
constexpr std::array<std::string_view, 13> kVerdicts{"unchecked",
                                                     "pass",
                                                     "empty",
                                                     "truncated",
                                                     "invalid_json",
                                                     "schema_violation",
                                                     "unknown_tool",
                                                     "invalid_arguments",
                                                     "missing_tool_call",
                                                     "refusal",
                                                     "error",
                                                     "low_confidence",
                                                     "differs"};
constexpr std::array<std::string_view, 3> kRoutes{"reference", "local", "named"};
constexpr std::array<std::string_view, 15> kOutcomes{
    "served",         "escalated",   "fell_back",     "unverified",  "invalid_request",
    "unauthorized",   "too_large",   "overloaded",    "client_gone", "timed_out",
    "upstream_error", "unavailable", "broken_stream", "shutdown",    "internal_error"};

template <class Enum, size_t N>
std::string_view NameIn(const std::array<std::string_view, N>& names, Enum value) {
  const auto i = static_cast<size_t>(value);
  return i < N ? names[i] : "unknown";
}

template <class Enum, size_t N>
Result<Enum> ParseIn(const std::array<std::string_view, N>& names, std::string_view name) {
  for (size_t i = 0; i < N; ++i) {
    if (names[i] == name) return static_cast<Enum>(i);
  }
  return Fail(InvalidInput(fmt::format("must be one of {}", fmt::join(names, ", "))));
}

}  // namespace

std::string_view Name(AnswerKind kind) {
  return NameIn(kAnswerKinds, kind);
}
std::string_view Name(VerdictKind kind) {
  return NameIn(kVerdicts, kind);
}
std::string_view Name(Route route) {
  return NameIn(kRoutes, route);
}
std::string_view Name(Outcome outcome) {
  return NameIn(kOutcomes, outcome);
}

Result<AnswerKind> ParseAnswerKind(std::string_view name) {
  return ParseIn<AnswerKind>(kAnswerKinds, name);
}
Result<VerdictKind> ParseVerdictKind(std::string_view name) {
  return ParseIn<VerdictKind>(kVerdicts, name);
}
Result<Route> ParseRoute(std::string_view name) {
  return ParseIn<Route>(kRoutes, name);
}
Result<Outcome> ParseOutcome(std::string_view name) {
  return ParseIn<Outcome>(kOutcomes, name);
}

}  // namespace understudy
