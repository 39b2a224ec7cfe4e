#include "flywheel/curate/rows.h"

#include <algorithm>
#include <map>
#include <unordered_map>

#include "flywheel/curate/groups.h"

namespace understudy {
namespace {

struct HashOfHash {
  size_t operator()(const Hash128& hash) const { return hash.low; }
};

// JSON by its value, other text by its words.
std::string Normal(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t\r\n");
  if (first == std::string_view::npos) return {};
  if (text[first] == '{' || text[first] == '[') {
    if (const auto value = ParseJson(text)) return CanonicalJson(*value);
  }
  std::string out;
  for (const char c : text.substr(first)) {
    const bool blank = c == ' ' || c == '\t' || c == '\r' || c == '\n';
    if (!blank) {
      out += c;
    } else if (out.back() != ' ') {
      out += ' ';
    }
  }
  if (out.ends_with(' ')) out.pop_back();
  return out;
}

// Text and calls of an assistant's message.
std::string AnswerText(const json::value& message) {
  std::string out = Normal(StringOr(message, "content"));
  const json::value* calls = Find(message, "tool_calls");
  if (!calls || !calls->is_array()) return out;
  for (const json::value& call : calls->get_array()) {
    const json::value* function = Find(call, "function");
    if (!function) continue;
    out += '\n';
    out += StringOr(*function, "name");
    out += ' ';
    out += Normal(StringOr(*function, "arguments"));
  }
  return out;
}

struct Answer {
  Hash128 hash;
  uint32_t first;  // row
  int64_t rows;
};

// The answer that more rows gave than any other, or null.
const Answer* Majority(const std::vector<Answer>& answers) {
  const Answer* best = nullptr;
  bool tied = false;
  for (const Answer& answer : answers) {
    if (!best || answer.rows > best->rows) {
      best = &answer;
      tied = false;
    } else {
      tied |= answer.rows == best->rows;
    }
  }
  return tied ? nullptr : best;
}

// Joins every row with the first one of the same key; nullopt joins nothing.
template <class Key>
void JoinEqual(const std::vector<Row>& rows, Union& joined, Key key) {
  std::unordered_map<uint64_t, uint32_t> first;
  for (uint32_t i = 0; i < rows.size(); ++i) {
    const std::optional<uint64_t> own = key(rows[i]);
    if (!own) continue;
    const auto [known, added] = first.try_emplace(*own, i);
    if (!added) joined.Join(known->second, i);
  }
}

// Near duplicates among the rows that stay; equal texts are compared but once.
void JoinNear(const std::vector<Row>& rows, double near, Union& joined, CurateReport& report) {
  std::map<Sketch, uint32_t> numbers;
  std::vector<Sketch> sketches;
  std::vector<uint32_t> first_row, number(rows.size());
  for (uint32_t i = 0; i < rows.size(); ++i) {
    if (!rows[i].kept) continue;
    const auto [known, added] =
        numbers.try_emplace(rows[i].sketch, static_cast<uint32_t>(sketches.size()));
    number[i] = known->second;
    if (!added) continue;
    sketches.push_back(rows[i].sketch);
    first_row.push_back(i);
  }
  Union alike(sketches.size());
  for (const auto& [a, b] : NearPairs(sketches, near)) alike.Join(a, b);
  std::vector<int64_t> members(sketches.size(), 0);
  for (uint32_t i = 0; i < rows.size(); ++i) {
    if (!rows[i].kept) continue;
    const uint32_t leader = alike.Find(number[i]);
    ++members[leader];
    joined.Join(first_row[leader], i);
  }
  for (const int64_t count : members) {
    if (count < 2) continue;
    ++report.near_groups;
    report.near_rows += count;
  }
}

}  // namespace

Hash128 RequestHash(const Example& example, const TextPool& pool) {
  std::string all(pool[example.tools]);
  for (const uint32_t message : example.messages) {
    all += '\n';  // canonical JSON has no line breaks
    all += pool[message];
  }
  return FastHash128(all);
}

Hash128 AnswerHash(const Example& example, const TextPool& pool) {
  return FastHash128(AnswerText(ParsePooled(pool, example.answer)));
}

std::string NearText(const Example& example, const TextPool& pool) {
  std::string out;
  for (size_t i = example.messages.size(); i-- > 0;) {
    const json::value message = ParsePooled(pool, example.messages[i]);
    if (StringOr(message, "role") != "user") continue;
    out = StringOr(message, "content");
    break;
  }
  return out + '\n' + AnswerText(ParsePooled(pool, example.answer));
}

std::string PlainAnswer(const Example& example, const TextPool& pool) {
  const json::value message = ParsePooled(pool, example.answer);
  if (Find(message, "tool_calls")) return {};
  return std::string(StringOr(message, "content"));
}

void ResolveAnswers(std::vector<Row>& rows, CurateReport& report) {
  std::unordered_map<Hash128, std::vector<Answer>, HashOfHash> requests;
  for (uint32_t i = 0; i < rows.size(); ++i) {
    std::vector<Answer>& answers = requests[rows[i].request];
    const auto known = std::ranges::find(answers, rows[i].answer, &Answer::hash);
    if (known == answers.end()) {
      answers.push_back({rows[i].answer, i, rows[i].copies});
    } else {
      known->rows += rows[i].copies;
    }
  }
  for (const auto& [request, answers] : requests)
    report.contradictory_requests += answers.size() > 1;
  for (uint32_t i = 0; i < rows.size(); ++i) {
    Row& row = rows[i];
    const Answer* stays = Majority(requests[row.request]);
    row.kept = stays && stays->first == i;
    if (row.kept) {
      row.copies = stays->rows;
    } else {
      const bool same = stays && stays->hash == row.answer;
      report.Drop(same ? SkipReason::kDuplicate : SkipReason::kContradiction, row.place);
    }
  }
}

std::vector<uint32_t> GroupRows(std::vector<Row>& rows, double near, CurateReport& report) {
  Union joined(rows.size());
  JoinEqual(rows, joined, [](const Row& row) { return std::optional(row.session); });
  JoinEqual(rows, joined, [](const Row& row) { return std::optional(row.request.low); });
  JoinEqual(rows, joined, [](const Row& row) { return row.group; });
  report.near = near;
  if (near > 0) JoinNear(rows, near, joined, report);
  std::vector<uint32_t> groups(rows.size());
  for (uint32_t i = 0; i < rows.size(); ++i) {
    groups[i] = joined.Find(i);
    rows[groups[i]].split = std::min(rows[groups[i]].split, rows[i].split);
  }
  for (uint32_t i = 0; i < rows.size(); ++i) rows[i].split = rows[groups[i]].split;
  return groups;
}

}  // namespace understudy
