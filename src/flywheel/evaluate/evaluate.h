// Evaluate: a candidate (a base model, and an adapter on it) answers a task's held-out examples as
// it would be served, and its answers are held against the reference's.
//
//   read   the parts' rows (eval_examples.h)
//   ask    llama-server with base and adapter, through models/local_model.h: the same rewriting of
//          requests as in the gateway, greedy, with token probabilities; `slots` at once
//   grade  verification as before serving (reason/verify.h), the scorer of its kind (judge.h), and
//          the signals that the router learns from (reason/signals.h)
//
// Writes answers.jsonl (graded_answer.h; with the texts of the answers: as secret as the data) and
// scorecard.json (candidate_card.h). An interrupted or killed run goes on where it was when the
// same one is started again; its memory peak is then that of its last stretch.
//
// Selection looks at `valid`, the router at `calib` (and `valid`); `test` is for the last word.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/options.h"
#include "flywheel/evaluate/candidate_card.h"
#include "flywheel/stage.h"

namespace understudy {

struct EvaluateOptions {
  std::filesystem::path base;                 // GGUF
  std::filesystem::path adapter;              // GGUF; empty: the plain base
  std::vector<std::filesystem::path> inputs;  // files, or folders of curate or cluster
  std::vector<std::string> parts;             // see FindEvalInputs
  std::string task;                           // stands in the scorecard; may be empty
  int64_t limit = 0;                          // examples of each part; 0: all
  int64_t most_tokens = 1024;                 // of an answer; then it counts as cut off
  int64_t slots = 4;                          // asked at once, each with `context` tokens
  int64_t context = 4096;
  int64_t threads = 0;            // llama-server's; 0: one a core
  std::optional<double> overlap;  // free text is right from this token F1 on, in (0, 1]
  CardPrices prices;
  LocalRuntimeOptions runtime;
  std::filesystem::path home;  // where notes on llama-server are kept (home/cache)
};

struct Evaluated {
  CandidateCard card;
  StageResult stage;
  DataReport rows;  // what became of the rows; empty where nothing was done again
};

// Fails with kNotFound or kInvalidInput for base, adapter and data (an adapter of another base, a
// part without rows) before anything is asked; with kCancelled on a stop; as llama-server fails.
Result<Evaluated> Evaluate(const EvaluateOptions& options, const StagePlace& place,
                           const StageHooks& hooks);

// The grading of one answer.
GradedAnswer Grade(const EvalExample& example, const Result<ChatAnswer>& answer,
                   const JudgeOptions& options);

// The most memory (resident set) that a process has held, in bytes; 0 where it cannot be told.
int64_t PeakMemoryBytes(int pid);

}  // namespace understudy
