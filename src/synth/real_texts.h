// Public texts as examples for the base model's training, beside the synthetic ones: word problems,
// answers that call a named tool inline, and the answers of a software company's agents.
#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "synth/generator.h"

namespace understudy {

struct RealTexts {
  std::string name;  // "gsm8k", "toolformer", "metagpt"; also the examples' family
  std::vector<SyntheticExample> examples;
  size_t rows = 0;         // read
  size_t too_long = 0;     // skipped: over `max_chars`
  size_t not_english = 0;  // skipped: holds letters of other scripts
  size_t empty = 0;        // skipped: without a question or without an answer
  bool found = false;      // the file is there
};

// The three files beneath a data folder: maths/gsm8k_train.jsonl, tools/gpteacher_toolformer.jsonl,
// agentlog/metagpt.jsonl. A file that is not there is no error, its `found` is false. A row that is
// no JSON object of the file's shape fails with kInvalidInput that names file and line.
Result<std::vector<RealTexts>> ReadRealTexts(const std::filesystem::path& folder, size_t max_chars);

// One file's text, of rows {"question", "answer"}: the working without its "<<48/2=24>>" notes, a
// step a line, and the result as the line "Answer: 72".
Result<RealTexts> ParseGsm8k(std::string_view text, std::string_view file, size_t max_chars);
// Rows {"instruction", "input", "response"}.
Result<RealTexts> ParseToolformer(std::string_view text, std::string_view file, size_t max_chars);
// Rows {"request": {"messages"}, "response": {"choices"}}, as in docs/format-exchange.md.
Result<RealTexts> ParseMetagpt(std::string_view text, std::string_view file, size_t max_chars);

}  // namespace understudy
