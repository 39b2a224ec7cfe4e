#include "synth/real_texts.h"

#include <fmt/format.h>

#include "base/file.h"
#include "synth/draft.h"
#include "synth/phrase.h"

namespace understudy {
namespace {

// Fills the example from a row; an example without messages is one to skip as empty.
using RowReader = Status (*)(const json::value& row, SyntheticExample& example);

Error BadRow(std::string_view what, std::string_view shape) {
  return InvalidInput(std::string(what)).Mend(fmt::format("Each line is {}.", shape));
}

// UTF-8 of scripts beyond Latin, Greek and Cyrillic, and their punctuation: U+2E80 and up, but not
// the pictographs.
bool HasForeignScript(std::string_view text) {
  for (size_t i = 0; i + 2 < text.size(); ++i) {
    const auto a = static_cast<unsigned char>(text[i]);
    const auto b = static_cast<unsigned char>(text[i + 1]);
    if ((a == 0xe2 && b >= 0xba) || (a >= 0xe3 && a <= 0xed)) return true;
  }
  return false;
}

void Keep(SyntheticExample example, size_t max_chars, RealTexts& texts) {
  if (example.messages.empty()) {
    ++texts.empty;
    return;
  }
  for (const json::value& message : example.messages) {
    if (!HasForeignScript(StringOr(message, "content"))) continue;
    ++texts.not_english;
    return;
  }
  if (CharsOf(example) > max_chars) {
    ++texts.too_long;
    return;
  }
  texts.examples.push_back(std::move(example));
}

Result<RealTexts> ParseLines(std::string_view name, std::string_view text, std::string_view file,
                             size_t max_chars, RowReader read) {
  RealTexts texts{.name = std::string(name), .found = true};
  size_t number = 0;
  for (const std::string_view line : Split(text, '\n')) {
    ++number;
    if (line.find_first_not_of(" \t\r") == line.npos) continue;
    ++texts.rows;
    const std::string where = fmt::format("{}:{}", file, number);
    auto row = ParseJson(line);
    if (!row) return Fail(std::move(row).error().At(where));
    SyntheticExample example;
    example.family = name;
    if (auto status = read(*row, example); !status)
      return Fail(std::move(status).error().At(where));
    Keep(std::move(example), max_chars, texts);
  }
  return texts;
}

bool IsText(const json::value& row, std::string_view key) {
  const json::value* member = Find(row, key);
  return member != nullptr && member->is_string();
}

// "48/2 = <<48/2=24>>24" without the note between the angles.
std::string WithoutNotes(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t open = std::min(text.find("<<", at), text.size());
    out += text.substr(at, open - at);
    const size_t close = text.find(">>", open);
    if (open == text.size() || close == text.npos) break;
    at = close + 2;
  }
  return out;
}

Status ReadGsm8kRow(const json::value& row, SyntheticExample& example) {
  constexpr std::string_view kMark = "#### ";
  if (!IsText(row, "question") || !IsText(row, "answer")) {
    return Fail(BadRow("a row without a question and an answer",
                       R"({"question": "...", "answer": "..."})"));
  }
  std::string answer = WithoutNotes(StringOr(row, "answer"));
  const size_t mark = answer.rfind(kMark);
  if (mark == answer.npos) {
    return Fail(BadRow("an answer without its result",
                       "a worked answer that ends with the line #### RESULT"));
  }
  answer.replace(mark, kMark.size(), "Answer: ");
  Draft draft(example);
  draft.System("Work the problem out step by step, then give the result as \"Answer: N\".");
  draft.User(StringOr(row, "question"));
  draft.Assistant(answer);
  return {};
}

Status ReadToolformerRow(const json::value& row, SyntheticExample& example) {
  if (!IsText(row, "instruction") || !IsText(row, "response")) {
    return Fail(BadRow("a row without an instruction and a response",
                       R"({"instruction": "...", "input": "...", "response": "..."})"));
  }
  const std::string_view instruction = StringOr(row, "instruction");
  const std::string_view input = StringOr(row, "input");
  const std::string_view response = StringOr(row, "response");
  if (instruction.empty() || response.empty()) return {};
  Draft draft(example);
  if (!input.empty()) draft.System(instruction);
  draft.User(input.empty() ? instruction : input);
  draft.Assistant(response);
  return {};
}

Status ReadMetagptRow(const json::value& row, SyntheticExample& example) {
  constexpr std::string_view kShape =
      R"({"request": {"messages": [...]}, "response": {"choices": [...]}})";
  const json::value* request = Find(row, "request");
  const json::value* response = Find(row, "response");
  const json::value* messages = request ? Find(*request, "messages") : nullptr;
  const json::value* choices = response ? Find(*response, "choices") : nullptr;
  if (!messages || !messages->is_array() || !choices || !choices->is_array()) {
    return Fail(BadRow("a row without messages and choices", kShape));
  }
  if (choices->get_array().empty()) return {};
  const json::value* message = Find(choices->get_array()[0], "message");
  const std::string_view answer = message ? StringOr(*message, "content") : "";
  if (messages->get_array().empty() || answer.empty()) return {};
  Draft draft(example);
  for (const json::value& each : messages->get_array()) {
    if (!IsText(each, "role") || !IsText(each, "content")) {
      return Fail(BadRow("a message without a role and a content", kShape));
    }
    draft.Say(StringOr(each, "role"), StringOr(each, "content"));
  }
  draft.Assistant(answer);
  return {};
}

}  // namespace

Result<RealTexts> ParseGsm8k(std::string_view text, std::string_view file, size_t max_chars) {
  return ParseLines("gsm8k", text, file, max_chars, ReadGsm8kRow);
}

Result<RealTexts> ParseToolformer(std::string_view text, std::string_view file, size_t max_chars) {
  return ParseLines("toolformer", text, file, max_chars, ReadToolformerRow);
}

Result<RealTexts> ParseMetagpt(std::string_view text, std::string_view file, size_t max_chars) {
  return ParseLines("metagpt", text, file, max_chars, ReadMetagptRow);
}

Result<std::vector<RealTexts>> ReadRealTexts(const std::filesystem::path& folder,
                                             size_t max_chars) {
  struct Source {
    std::string_view name;
    std::string_view file;
    Result<RealTexts> (*parse)(std::string_view, std::string_view, size_t);
  };
  constexpr Source kSources[] = {
      {"gsm8k", "maths/gsm8k_train.jsonl", ParseGsm8k},
      {"toolformer", "tools/gpteacher_toolformer.jsonl", ParseToolformer},
      {"metagpt", "agentlog/metagpt.jsonl", ParseMetagpt},
  };
  std::vector<RealTexts> all;
  for (const Source& source : kSources) {
    const std::filesystem::path path = folder / source.file;
    std::error_code ignored;
    if (!std::filesystem::exists(path, ignored)) {
      all.push_back({.name = std::string(source.name)});
      continue;
    }
    TRY(const std::string text, ReadFile(path));
    TRY(RealTexts texts, source.parse(text, path.string(), max_chars));
    all.push_back(std::move(texts));
  }
  return all;
}

}  // namespace understudy
