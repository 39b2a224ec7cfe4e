// The answers of every family are right by construction; here they are checked from the outside, by
// what stands in the messages.
#include "synth/families.h"

#include <charconv>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include "reason/schema.h"
#include "synth/phrase.h"

namespace understudy {
namespace {

constexpr int kExamples = 3000;

void ForEach(std::string_view family, const std::function<void(const SyntheticExample&)>& check) {
  const auto weights = ParseFamilyWeights(fmt::format("{}=1", family));
  ASSERT_TRUE(weights) << weights.error().ToString();
  Generator generator({.seed = 21, .weights = *weights});
  for (int i = 0; i < kExamples && !::testing::Test::HasFailure(); ++i) check(generator.Next());
}

std::string PromptOf(const SyntheticExample& example) {
  std::string text;
  for (size_t i = 0; i + 1 < example.messages.size(); ++i) {
    text += StringOr(example.messages[i], "content");
    text += '\n';
  }
  return text;
}

std::string_view AnswerOf(const SyntheticExample& example) {
  return StringOr(example.messages.back(), "content");
}

// "2025-03-09" and "19:30": the one thing that may be said in another form.
bool IsNormalForm(std::string_view text) {
  return text.find_first_not_of("0123456789-:") == text.npos &&
         (text.size() == 10 || text.size() == 5);
}

// Every string within the value stands in the text.
void ExpectSaid(const json::value& value, const std::string& text) {
  if (value.is_string()) {
    if (IsNormalForm(value.get_string())) return;
    EXPECT_TRUE(text.find(std::string_view(value.get_string())) != text.npos)
        << value << " in " << text;
  } else if (value.is_array()) {
    for (const json::value& item : value.get_array()) ExpectSaid(item, text);
  } else if (value.is_object()) {
    for (const auto& member : value.get_object()) ExpectSaid(member.value(), text);
  } else if (value.is_int64() || value.is_double()) {
    EXPECT_TRUE(text.find(DumpJson(value)) != text.npos) << value << " in " << text;
  }
}

const json::value* ToolNamed(const SyntheticExample& example, std::string_view name) {
  for (const json::value& tool : example.tools.as_array()) {
    if (StringOr(tool.at("function"), "name") == name) return &tool.at("function");
  }
  return nullptr;
}

void CheckCall(const SyntheticExample& example, const json::value& call, const std::string& said) {
  const json::value& function = call.at("function");
  const json::value* tool = ToolNamed(example, StringOr(function, "name"));
  ASSERT_NE(tool, nullptr) << function;
  const auto schema = JsonSchema::Compile(tool->at("parameters"));
  ASSERT_TRUE(schema) << schema.error().ToString();
  const auto arguments = ParseJson(StringOr(function, "arguments"));
  ASSERT_TRUE(arguments) << function;
  EXPECT_EQ(schema->Check(*arguments), std::nullopt) << function;
  const json::value& properties = tool->at("parameters").at("properties");
  for (const auto& member : arguments->as_object()) {
    EXPECT_NE(Find(properties, member.key()), nullptr) << member.key();
    ExpectSaid(member.value(), said);
  }
}

TEST(ToolCall, CallsFitTheirToolAndCopyTheirValues) {
  int calls = 0;
  ForEach("tool_call", [&](const SyntheticExample& example) {
    std::string said = DumpJson(example.tools);
    for (const json::value& message : example.messages) {
      said += StringOr(message, "content");
      if (const json::value* list = Find(message, "tool_calls")) {
        for (const json::value& call : list->as_array()) CheckCall(example, call, said);
        ++calls;
      }
    }
    std::set<std::string> names;
    for (const json::value& tool : example.tools.as_array()) {
      EXPECT_TRUE(names.emplace(StringOr(tool.at("function"), "name")).second);
    }
  });
  EXPECT_GT(calls, kExamples * 9 / 10);
}

TEST(ToolCall, ResultsAnswerTheCallBeforeThem) {
  ForEach("tool_call", [](const SyntheticExample& example) {
    std::set<std::string> open;
    for (const json::value& message : example.messages) {
      if (const json::value* list = Find(message, "tool_calls")) {
        for (const json::value& call : list->as_array()) open.emplace(StringOr(call, "id"));
      }
      if (StringOr(message, "role") == "tool") {
        EXPECT_EQ(open.erase(std::string(StringOr(message, "tool_call_id"))), 1);
      }
    }
  });
}

TEST(Label, TheAnswerIsAmongThePromptsLabels) {
  ForEach("label", [](const SyntheticExample& example) {
    EXPECT_THAT(PromptOf(example), ::testing::HasSubstr(std::string(AnswerOf(example))));
    EXPECT_EQ(AnswerOf(example).find('\n'), std::string_view::npos);
  });
}

TEST(Extract, ValuesStandInTheText) {
  int objects = 0;
  ForEach("extract", [&](const SyntheticExample& example) {
    const auto answer = ParseJson(AnswerOf(example));
    if (!answer || !answer->is_structured()) return;  // one bare value
    ExpectSaid(*answer, PromptOf(example));
    if (!answer->is_object()) return;
    ++objects;
    for (const auto& member : answer->get_object()) {
      EXPECT_THAT(PromptOf(example), ::testing::HasSubstr(std::string(member.key())));
    }
  });
  EXPECT_GT(objects, kExamples / 2);
}

class Database {
 public:
  Database() { sqlite3_open(":memory:", &db_); }
  ~Database() { sqlite3_close(db_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  std::string Run(const std::string& sql) {
    char* problem = nullptr;
    sqlite3_exec(db_, sql.c_str(), nullptr, nullptr, &problem);
    std::string text = problem ? problem : "";
    sqlite3_free(problem);
    return text;
  }

 private:
  sqlite3* db_ = nullptr;
};

TEST(Sql, QueriesRunOnTheTablesGiven) {
  std::set<std::string> kinds;
  ForEach("sql", [&](const SyntheticExample& example) {
    Database database;
    const std::string prompt = PromptOf(example);
    for (const std::string_view line : Split(prompt, '\n')) {
      if (line.starts_with("CREATE TABLE")) {
        EXPECT_EQ(database.Run(std::string(line)), "") << line;
      }
    }
    const std::string query(AnswerOf(example));
    EXPECT_EQ(database.Run(query), "") << prompt << query;
    for (const std::string_view word :
         {"WHERE", "JOIN", "GROUP BY", "ORDER BY", "LIMIT", "COUNT", "AVG"}) {
      if (query.find(word) != query.npos) kinds.emplace(word);
    }
  });
  EXPECT_EQ(kinds.size(), 7);
}

int64_t Number(std::string_view text) {
  int64_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

// "a + b = c", each step of a worked sum.
void CheckStep(std::string_view line) {
  const auto parts = Split(line, ' ');
  ASSERT_EQ(parts.size(), 5) << line;
  const int64_t a = Number(parts[0]);
  const int64_t b = Number(parts[2]);
  const char op = parts[1][0];
  const int64_t result = op == '+' ? a + b : op == '-' ? a - b : op == '*' ? a * b : a / b;
  if (op == '/') {
    EXPECT_EQ(a % b, 0) << line;
  }
  EXPECT_EQ(result, Number(parts[4])) << line;
}

TEST(Math, StepsAreRightAndFollowEachOther) {
  int worked = 0;
  ForEach("math", [&](const SyntheticExample& example) {
    const std::string_view answer = AnswerOf(example);
    if (answer.find('=') == answer.npos) return;
    ++worked;
    std::string_view before;
    for (const std::string_view line : Split(answer, '\n')) {
      CheckStep(line);
      if (!before.empty()) {
        EXPECT_EQ(before, Split(line, ' ')[0]) << answer;
      }
      before = Split(line, ' ').back();
    }
  });
  EXPECT_GT(worked, kExamples / 5);
}

TEST(Write, TheFactsOfThePromptAreUsed) {
  ForEach("write", [](const SyntheticExample& example) {
    const std::string prompt = PromptOf(example);
    std::string answer(AnswerOf(example));
    std::ranges::replace(answer, '\n', ' ');
    for (const std::string_view word : Split(answer, ' ')) {
      if (word.find_first_of("0123456789@") == word.npos) continue;
      const std::string_view bare = word.substr(0, word.find_last_not_of(".,;:?!)") + 1);
      EXPECT_TRUE(prompt.find(bare) != prompt.npos) << bare << " in " << prompt;
    }
  });
}

TEST(Copy, AnswersAreMadeOfThePrompt) {
  int verbatim = 0;
  std::set<unsigned char> bytes;
  ForEach("copy", [&](const SyntheticExample& example) {
    const std::string_view answer = AnswerOf(example);
    for (const char c : answer) bytes.insert(static_cast<unsigned char>(c));
    verbatim += PromptOf(example).find(answer) != std::string::npos ? 1 : 0;
    EXPECT_FALSE(answer.empty());
  });
  EXPECT_GT(verbatim, kExamples / 2);
  EXPECT_GE(bytes.size(), 180);  // of about 215 that UTF-8 without control characters is made of
}

}  // namespace
}  // namespace understudy
