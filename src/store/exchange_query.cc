#include "store/exchange_query.h"

#include <fmt/format.h>

namespace understudy {
namespace {

void Require(ExchangeQuery& query, std::string_view condition, int64_t value) {
  query.conditions += " AND ";
  query.conditions += condition;
  query.values.push_back(value);
}

// True if the name is known, or was not asked for.
Result<bool> RequireName(ExchangeQuery& query, std::string_view condition, const std::string& name,
                         NameTable& table) {
  if (name.empty()) return true;
  TRY(const auto id, table.Find(name));
  if (id) Require(query, condition, *id);
  return id.has_value();
}

}  // namespace

Result<std::optional<ExchangeQuery>> ExchangeQuery::From(const ExchangeFilter& filter,
                                                         NameTable& names, NameTable& sessions) {
  ExchangeQuery query{.conditions = "TRUE", .newest_first = filter.newest_first};
  if (filter.since_ms) Require(query, "at_ms >= ?", *filter.since_ms);
  if (filter.until_ms) Require(query, "at_ms < ?", *filter.until_ms);
  TRY(const bool session, RequireName(query, "session = ?", filter.session, sessions));
  TRY(const bool agent, RequireName(query, "agent = ?", filter.agent, names));
  TRY(const bool model, RequireName(query, "model = ?", filter.model, names));
  TRY(const bool task, RequireName(query, "task = ?", filter.task, names));
  TRY(const bool origin, RequireName(query, "origin = ?", filter.origin, names));
  if (filter.outcome) Require(query, "outcome = ?", static_cast<int64_t>(*filter.outcome));
  if (!session || !agent || !model || !task || !origin) return std::nullopt;
  query.values.push_back(filter.limit > 0 ? filter.limit : -1);  // -1: no limit
  return query;
}

std::string ExchangeQuery::Sql(std::string_view what) const {
  return fmt::format("SELECT {} FROM exchange WHERE {} ORDER BY id{} LIMIT ?", what, conditions,
                     newest_first ? " DESC" : "");
}

}  // namespace understudy
