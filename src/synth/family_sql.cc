// sql: tables, a question, and the query that answers it.
#include <fmt/format.h>

#include "synth/draft.h"
#include "synth/families.h"
#include "synth/phrase.h"
#include "synth/values.h"
#include "synth/vocabulary.h"

namespace understudy {
namespace {

struct Column {
  std::string name;
  std::string words;
  std::string_view type;
  ValueKind kind;
};

struct Table {
  std::string name;
  std::vector<Column> columns;  // the first one is the id
};

constexpr struct {
  std::string_view words;
  std::string_view type;
  ValueKind kind;
} kColumns[] = {
    {"name", "TEXT", ValueKind::kPerson},         {"city", "TEXT", ValueKind::kCity},
    {"country", "TEXT", ValueKind::kCountry},     {"colour", "TEXT", ValueKind::kColour},
    {"price", "REAL", ValueKind::kNumber},        {"quantity", "INTEGER", ValueKind::kInteger},
    {"age", "INTEGER", ValueKind::kInteger},      {"weight", "REAL", ValueKind::kNumber},
    {"code", "TEXT", ValueKind::kCode},           {"email", "TEXT", ValueKind::kEmail},
    {"phone", "TEXT", ValueKind::kPhone},         {"score", "INTEGER", ValueKind::kInteger},
    {"status", "TEXT", ValueKind::kWord},         {"owner", "TEXT", ValueKind::kPerson},
    {"language", "TEXT", ValueKind::kLanguage},   {"month", "TEXT", ValueKind::kMonth},
    {"year", "INTEGER", ValueKind::kInteger},     {"height", "REAL", ValueKind::kNumber},
    {"rating", "REAL", ValueKind::kNumber},       {"title", "TEXT", ValueKind::kText},
    {"stock", "INTEGER", ValueKind::kInteger},    {"salary", "REAL", ValueKind::kNumber},
    {"weekday", "TEXT", ValueKind::kWeekday},     {"label", "TEXT", ValueKind::kWord},
    {"duration", "INTEGER", ValueKind::kInteger}, {"size", "INTEGER", ValueKind::kInteger},
};

constexpr std::string_view kReserved[] = {"order",  "value", "group", "table", "index",
                                          "column", "check", "key",   "case",  "join",
                                          "row",    "drop",  "plan"};

std::string TableName(Rng& rng) {
  std::string noun = rng.Chance(0.2) ? PseudoWord(rng) : std::string(CommonNouns().Pick(rng));
  if (std::ranges::find(kReserved, noun) != std::end(kReserved)) noun = "parcel";
  if (rng.Chance(0.2)) return fmt::format("{}_{}", Adjectives().Pick(rng), noun);
  return noun.ends_with('s') || noun.ends_with('x') || noun.ends_with('h') ? noun + "_list"
                                                                           : noun + "s";
}

Table MakeTable(Rng& rng, size_t columns) {
  Table table{TableName(rng), {{"id", "id", "INTEGER", ValueKind::kInteger}}};
  while (table.columns.size() < columns + 1) {
    const auto& row = rng.Pick(kColumns);
    std::string words(row.words);
    if (rng.Chance(0.25)) words = fmt::format("{} {}", Adjectives().Pick(rng), row.words);
    const std::string name = Named(Naming::kSnake, words);
    const auto same = [&](const Column& other) { return other.name == name; };
    if (std::ranges::none_of(table.columns, same))
      table.columns.push_back({name, words, row.type, row.kind});
  }
  return table;
}

std::string Ddl(const Table& table) {
  std::vector<std::string> columns;
  for (const Column& column : table.columns)
    columns.push_back(fmt::format("{} {}", column.name, column.type));
  return fmt::format("CREATE TABLE {} ({});", table.name, Joined(columns, ", "));
}

bool IsNumber(const Column& column) {
  return column.type != "TEXT";
}

// A random column behind the id; of numbers only, if there are any.
const Column& AnyColumn(Rng& rng, const Table& table) {
  return table.columns[1 + rng.Below(table.columns.size() - 1)];
}

const Column* NumberColumn(Rng& rng, const Table& table) {
  for (int i = 0; i < 8; ++i) {
    const Column& column = AnyColumn(rng, table);
    if (IsNumber(column)) return &column;
  }
  return nullptr;
}

struct Condition {
  std::string words;
  std::string sql;
};

std::string Quoted(const Value& value) {
  if (!value.data.is_string()) return value.said;
  std::string text = "'";
  for (const char c : value.said) text.append(c == '\'' ? "''" : std::string(1, c));
  return text + "'";
}

Condition MakeCondition(Rng& rng, const Column& column, const std::string& prefix = "") {
  const Value value = MakeValue(rng, column.kind, 2, 2000);
  const std::string name = prefix + column.name;
  const std::string quoted = Quoted(value);
  const auto words = [&](std::string_view phrase) {
    return Say(rng, phrase, {{"c", column.words}, {"v", value.said}});
  };
  if (!IsNumber(column)) {
    if (rng.Chance(0.15))
      return {words("[whose {c} is not {v}|with a {c} other than {v}]"), name + " <> " + quoted};
    return {words("[whose {c} is {v}|with {c} {v}|where the {c} is {v}|with {v} as {c}|that have "
                  "{c} {v}]"),
            name + " = " + quoted};
  }
  switch (rng.Below(4)) {
    case 0:
      return {words("[with {c} above {v}|whose {c} is over {v}|with more than {v} as {c}|where {c} "
                    "exceeds {v}]"),
              name + " > " + quoted};
    case 1:
      return {words("[with {c} below {v}|whose {c} is under {v}|with a {c} of less than {v}]"),
              name + " < " + quoted};
    case 2:
      return {words("[with {c} of at least {v}|whose {c} is {v} or more]"), name + " >= " + quoted};
    default:
      return {words("[whose {c} is {v}|with a {c} of {v}|with {c} equal to {v}]"),
              name + " = " + quoted};
  }
}

struct Query {
  std::string question;
  std::string sql;
};

// One or two conditions, or none: words with a leading space, SQL with its WHERE.
Condition Where(Rng& rng, const Table& table, double chance) {
  if (!rng.Chance(chance)) return {};
  const Condition first = MakeCondition(rng, AnyColumn(rng, table));
  if (!rng.Chance(0.25)) return {" " + first.words, " WHERE " + first.sql};
  const Condition second = MakeCondition(rng, AnyColumn(rng, table));
  const bool both = rng.Chance(0.7);
  return {fmt::format(" {} {} {}", first.words, both ? "and" : "or", second.words),
          fmt::format(" WHERE {} {} {}", first.sql, both ? "AND" : "OR", second.sql)};
}

Query ListRows(Rng& rng, const Table& table) {
  const Column& wanted = AnyColumn(rng, table);
  const Condition where = Where(rng, table, 0.85);
  Query query{Say(rng,
                  "[Show|List|Give me|Find|What is|Return|I need] the {c} of [all |the |every row "
                  "of |]{t}{w}",
                  {{"c", wanted.words}, {"t", table.name}, {"w", where.words}}),
              fmt::format("SELECT {} FROM {}{}", wanted.name, table.name, where.sql)};
  if (rng.Chance(0.2)) {
    query.question = Say(rng, "[Show|List|Give me|Find|Return] [all|the|all columns of the] {t}{w}",
                         {{"t", table.name}, {"w", where.words}});
    query.sql = fmt::format("SELECT * FROM {}{}", table.name, where.sql);
  }
  if (rng.Chance(0.35)) {
    const Column& by = AnyColumn(rng, table);
    const bool down = rng.Chance(0.5);
    query.question += Say(
        rng,
        down ? "[, ordered by {c} descending|, highest {c} first|, sorted by {c} from high to low]"
             : "[, ordered by {c}|, sorted by {c}|, lowest {c} first]",
        {{"c", by.words}});
    query.sql += fmt::format(" ORDER BY {}{}", by.name, down ? " DESC" : "");
  }
  if (rng.Chance(0.25)) {
    const std::string limit = std::to_string(rng.Between(1, 20));
    query.question += Say(rng, "[, at most {n} rows|, only {n}|, limited to {n}|, the first {n}]",
                          {{"n", limit}});
    query.sql += " LIMIT " + limit;
  }
  return query;
}

Query CountRows(Rng& rng, const Table& table) {
  const Condition where = Where(rng, table, 0.8);
  return {Say(rng,
              "[How many {t} are there{w}|Count the {t}{w}|What is the number of {t}{w}|Number of "
              "{t}{w}]",
              {{"t", table.name}, {"w", where.words}}),
          fmt::format("SELECT COUNT(*) FROM {}{}", table.name, where.sql)};
}

constexpr struct {
  std::string_view sql;
  std::string_view words;
} kAggregates[] = {{"AVG", "[average|mean]"},
                   {"SUM", "[total|sum of the]"},
                   {"MAX", "[highest|largest|maximum|top]"},
                   {"MIN", "[lowest|smallest|minimum]"}};

Query Aggregate(Rng& rng, const Table& table) {
  const Column* column = NumberColumn(rng, table);
  if (column == nullptr) return CountRows(rng, table);
  const auto& aggregate = rng.Pick(kAggregates);
  const std::string word = Say(rng, aggregate.words);
  if (rng.Chance(0.4)) {
    const Column& by = AnyColumn(rng, table);
    return {Say(rng,
                "[What is the|Show the|Give the] {a} {c} [for each|per|by] {b} [in|of the|over "
                "all] {t}",
                {{"a", word}, {"c", column->words}, {"b", by.words}, {"t", table.name}}),
            fmt::format("SELECT {}, {}({}) FROM {} GROUP BY {}", by.name, aggregate.sql,
                        column->name, table.name, by.name)};
  }
  const Condition where = Where(rng, table, 0.6);
  return {
      Say(rng,
          "[What is the|Find the|Compute the|Give me the|Show the] {a} {c} of [the |all |]{t}{w}",
          {{"a", word}, {"c", column->words}, {"t", table.name}, {"w", where.words}}),
      fmt::format("SELECT {}({}) FROM {}{}", aggregate.sql, column->name, table.name, where.sql)};
}

Query JoinTables(Rng& rng, const Table& a, const Table& b) {
  const Column& wanted = AnyColumn(rng, a);
  const Column& tested = b.columns[1 + rng.Below(b.columns.size() - 2)];  // the last one links
  const Condition condition = MakeCondition(rng, tested, b.name + ".");
  return {Say(rng,
              "[Show|List|Give|Find] the {c} of {a} that [belong to|are linked to|have|go with] "
              "{b} {w}",
              {{"c", wanted.words}, {"a", a.name}, {"b", b.name}, {"w", condition.words}}),
          fmt::format("SELECT {0}.{1} FROM {0} JOIN {2} ON {2}.{3} = {0}.id WHERE {4}", a.name,
                      wanted.name, b.name, b.columns.back().name, condition.sql)};
}

}  // namespace

void MakeSql(Rng& rng, SyntheticExample& example) {
  Draft draft(example);
  std::vector<Table> tables{MakeTable(rng, static_cast<size_t>(rng.Between(2, 6)))};
  if (rng.Chance(0.4)) {
    Table other = MakeTable(rng, static_cast<size_t>(rng.Between(2, 4)));
    if (Lower(other.name) == Lower(tables[0].name)) other.name += "_2";
    other.columns.push_back({tables[0].name + "_id", "link", "INTEGER", ValueKind::kInteger});
    tables.push_back(std::move(other));
  }
  const size_t kind = rng.Below(10);
  Query query;
  if (tables.size() == 2 && kind < 4)
    query = JoinTables(rng, tables[0], tables[1]);
  else if (kind < 6)
    query = ListRows(rng, tables[0]);
  else if (kind < 8)
    query = CountRows(rng, tables[0]);
  else
    query = Aggregate(rng, tables[0]);
  query.question += query.question.starts_with("What") || query.question.starts_with("How") ? "?"
                    : rng.Chance(0.7)                                                       ? "."
                                                                                            : "";
  const bool semicolon = rng.Chance(0.3);
  std::vector<std::string> ddl;
  for (const Table& table : tables) ddl.push_back(Ddl(table));
  rng.Shuffle(ddl);
  const std::string schema = Joined(ddl, "\n");
  const std::string rule =
      Say(rng, semicolon ? "[Write one SQL query, closed by a semicolon.|SQL only, end it with "
                           ";|SQLite. Finish with a semicolon.]"
                         : "[Write one SQL query.|Answer in SQL.|SQL only, no semicolon.|Give the "
                           "SQLite query.|Query for this, please.]");
  if (rng.Chance(0.6)) {
    draft.System(rng.Chance(0.5) ? rule + "\n" + schema : schema + "\n" + rule);
    draft.User(query.question);
  } else {
    draft.User(fmt::format("{}\n{}\n{}", schema, rule, query.question));
  }
  draft.Assistant(query.sql + (semicolon ? ";" : ""));
}

}  // namespace understudy
