// The examples that a candidate is measured on: what it is asked, and what the reference answered.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "chat/request.h"
#include "dataset/report.h"
#include "dataset/score.h"

namespace understudy {

struct EvalExample {
  std::string part;       // "valid"
  int64_t row = 0;        // its line in the file, from 1
  std::string id;         // the exchange's
  ChatRequest ask;        // the recorded request, made greedy (see below)
  json::value hints;      // of the request, what KindOf and ExactMatch look at
  json::value reference;  // the assistant's message, canonical (dataset/example.h)
  TargetKind kind = TargetKind::kText;
  bool refusal = false;      // the reference declined: so shall the candidate, in any words
  bool of_reference = true;  // false: the only recorded answer is a small model's
};

// One file, and the part of the data that it is.
struct EvalInput {
  std::filesystem::path file;
  std::string part;
};

// Folders stand for the files PART.jsonl in them; a file is the part that its name says
// ("valid.jsonl", "test.jsonl.gz"), else "test". `parts` empty: those of valid, calib and test that
// are there and not empty; else exactly these, and kNotFound names one that is missing. Files are
// taken as they are, whatever `parts` says.
Result<std::vector<EvalInput>> FindEvalInputs(const std::vector<std::filesystem::path>& paths,
                                              const std::vector<std::string>& parts);

struct EvalSet {
  std::vector<EvalExample> examples;  // in the order of the files
  DataReport report;                  // of all rows read, also those that `limit` left out
};

// Rows that are no examples (dataset/example.h) are counted, but for refusals of the reference,
// which are its answers. The request goes to the candidate as recorded, except: temperature 0, one
// choice, not streamed, no logprobs of its own, and at most `most_tokens` tokens of answer.
// `limit` > 0: so many of each part at most, the ones with the least hash of their ids, so that the
// choice stays when the file grows. kInvalidInput names a file in which nothing can be used.
Result<EvalSet> ReadEvalSet(const std::vector<EvalInput>& inputs, int64_t limit,
                            int64_t most_tokens);

// The request as the candidate is asked; `recorded` is a JSON object.
Result<ChatRequest> GreedyRequest(const json::value& recorded, int64_t most_tokens);

}  // namespace understudy
