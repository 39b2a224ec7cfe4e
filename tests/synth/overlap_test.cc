// What the base model learns from must not hold what it is evaluated on: no line of over 40
// characters of a generated example stands in the project's examples and tests, in what the
// simulated office says, or in the public files that are kept for evaluation; and of the office's
// phrasings, prompts and tools the generators know none.
#include <filesystem>
#include <set>
#include <unordered_set>

#include <gtest/gtest.h>

#include "base/file.h"
#include "simulate/office_agent.h"
#include "support/data_files.h"
#include "support/paths.h"
#include "synth/generator.h"
#include "synth/phrase.h"

namespace understudy {
namespace {

constexpr size_t kShortest = 41;
constexpr size_t kShortestPiece = 24;
constexpr int kExamples = 20000;

using Lines = std::unordered_set<std::string>;

// The line without the speaker's name before it: "User: I want ..." is "I want ...".
std::string_view WithoutSpeaker(std::string_view line) {
  const size_t colon = line.find(": ");
  return colon == line.npos || colon > 12 ? line : line.substr(colon + 2);
}

void AddText(std::string_view text, Lines& lines) {
  for (const std::string_view line : Split(text, '\n')) {
    if (line.size() >= kShortest) lines.emplace(line);
    const std::string_view said = WithoutSpeaker(line);
    if (said.size() >= kShortest) lines.emplace(said);
  }
}

void AddStrings(const json::value& value, Lines& lines) {
  if (value.is_string()) AddText(value.get_string(), lines);
  if (value.is_array()) {
    for (const json::value& item : value.get_array()) AddStrings(item, lines);
  }
  if (value.is_object()) {
    for (const auto& member : value.get_object()) AddStrings(member.value(), lines);
  }
}

void AddRows(const std::filesystem::path& file, Lines& lines) {
  const auto text = ReadFile(file);
  ASSERT_TRUE(text) << text.error().ToString();
  for (const std::string_view row : Split(*text, '\n')) {
    if (const auto value = ParseJson(row)) AddStrings(*value, lines);
  }
}

// Whatever stands between two quotation marks of a source.
void AddLiterals(const std::filesystem::path& file, Lines& lines) {
  const auto text = ReadFile(file);
  ASSERT_TRUE(text) << text.error().ToString();
  for (const std::string_view piece : Split(*text, '"')) AddText(piece, lines);
}

const Lines& Generated() {
  static const Lines lines = [] {
    Lines made;
    Generator generator({.seed = 31});
    for (int i = 0; i < kExamples; ++i) {
      for (const json::value& message : generator.Next().messages) {
        AddText(StringOr(message, "content"), made);
      }
    }
    return made;
  }();
  return lines;
}

// The longest of the words between the details of a reading.
std::string LongestPiece(std::string_view reading) {
  std::string longest;
  for (size_t at = 0; at < reading.size();) {
    const size_t open = std::min(reading.find('{', at), reading.size());
    if (open - at > longest.size()) longest = reading.substr(at, open - at);
    at = std::min(reading.find('}', open), reading.size() - 1) + 1;
  }
  return longest;
}

void ExpectApart(const Lines& kept) {
  ASSERT_FALSE(kept.empty());
  for (const std::string& line : Generated()) EXPECT_FALSE(kept.contains(line)) << line;
}

TEST(Overlap, NothingOfTheProjectsExamplesAndTests) {
  Lines kept;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(SourceFolder() / "examples")) {
    if (entry.path().extension() == ".jsonl") AddRows(entry.path(), kept);
  }
  const std::filesystem::path tests = SourceFolder() / "tests";
  for (const auto& entry : std::filesystem::recursive_directory_iterator(tests)) {
    const bool own = entry.path().parent_path() == tests / "synth";
    const std::string kind = entry.path().extension();
    if (own || (kind != ".cc" && kind != ".h" && kind != ".py" && kind != ".mjs")) continue;
    AddLiterals(entry.path(), kept);
  }
  ExpectApart(kept);
}

std::set<std::string> GeneratedTools() {
  std::set<std::string> names;
  Generator generator({.seed = 32});
  for (int i = 0; i < kExamples; ++i) {
    const SyntheticExample example = generator.Next();
    if (!example.tools.is_array()) continue;
    for (const json::value& tool : example.tools.get_array()) {
      const json::value* function = Find(tool, "function");
      names.emplace(StringOr(function ? *function : tool, "name"));
    }
  }
  return names;
}

TEST(Overlap, NothingOfTheSimulatedOffice) {
  Lines kept;
  for (const Half half : {Half::kFirst, Half::kSecond}) {
    for (const OfficeCall& call : OfficeAgent({.seed = 1, .half = half}).Calls(3000)) {
      const auto request = ParseJson(call.request);
      ASSERT_TRUE(request);
      AddStrings(*request, kept);
      AddText(call.expected.text, kept);
    }
  }
  ExpectApart(kept);
}

// Prompts, and the longest words between details of each phrasing, but for those that anybody says.
std::set<std::string> OfficePieces() {
  std::set<std::string> pieces;
  for (const Desk& desk : Desks()) {
    pieces.emplace(desk.system);
    for (const DeskForm& form : desk.forms) {
      for (const Half half : {Half::kFirst, Half::kSecond}) {
        for (const std::string& reading : PhrasesOf(form).Readings(half)) {
          pieces.insert(LongestPiece(reading));
        }
      }
    }
  }
  std::erase_if(pieces, [](const std::string& piece) { return piece.size() < kShortestPiece; });
  return pieces;
}

TEST(Overlap, NoPhrasingOrPromptOfTheSimulatedOffice) {
  std::string generated;
  for (const std::string& line : Generated()) generated += line + '\n';
  const auto pieces = OfficePieces();
  EXPECT_GT(pieces.size(), 150U);
  for (const std::string& piece : pieces) {
    EXPECT_EQ(generated.find(piece), generated.npos) << piece;
  }
}

TEST(Overlap, NoToolOfTheSimulatedOffice) {
  const std::set<std::string> generated = GeneratedTools();
  ASSERT_GT(generated.size(), 1000U);
  for (const Desk& desk : Desks()) {
    if (desk.tools.empty()) continue;
    const json::value tools = json::parse(desk.tools);
    for (const json::value& tool : tools.as_array()) {
      const std::string name(tool.at("function").at("name").as_string());
      EXPECT_FALSE(generated.contains(name)) << name;
    }
  }
}

class OverlapWithData : public ::testing::TestWithParam<std::string_view> {};

TEST_P(OverlapWithData, IsNone) {
  const auto file = DataFile(GetParam());
  if (!file) GTEST_SKIP() << MissingData(GetParam());
  Lines kept;
  AddRows(*file, kept);
  ExpectApart(kept);
}

INSTANTIATE_TEST_SUITE_P(Evaluation, OverlapWithData,
                         ::testing::Values("agentlog/sgd_train.jsonl", "agentlog/sgd_dev.jsonl",
                                           "intents/snips.jsonl", "intents/clinc150.jsonl",
                                           "tools/seal_tools_apis.jsonl",
                                           "tools/seal_tools_dev.jsonl",
                                           "tools/seal_tools_test_in_domain.jsonl"));

}  // namespace
}  // namespace understudy
