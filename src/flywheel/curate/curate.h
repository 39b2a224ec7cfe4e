// S2 curate: recorded exchanges in, examples out that are fit for training, split so that nothing
// leaks. In this order, row by row and then over all rows:
//
//   read      any shape of docs/format-exchange.md, plain or gzipped
//   mask      personal data becomes substitutes (privacy/masker.h)
//   check     what dataset/example.h refuses goes: no answer, a failed, truncated or empty one,
//             arguments that are no JSON object, tools that were not offered, ...; and refusals
//   merge     of the same request (messages and tools) with the same answer the first row stays
//   resolve   of several answers to the same request the one that more rows gave than any other
//             stays; where none is, all of them go. Answers are the same whatever their blanks and
//             the order of JSON members
//   group     rows of one session, of one request, and near duplicates: MinHash over the last user
//             message and the answer (minhash.h)
//   split     train / valid / calib / test by the group's place (groups.h)
//
// Writes train.jsonl, valid.jsonl, calib.jsonl, test.jsonl (exchange lines in the order of the
// input, with ids, sessions and unknown members as they were, and a mark: mark.h) and report.json.
// Curating what was curated, with the same seed, shares and threshold, changes nothing.
//
// Memory: about 700 bytes a row, and one line; the rows wait on the disk, beside the result.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "flywheel/curate/curate_report.h"
#include "flywheel/curate/groups.h"
#include "flywheel/stage.h"
#include "privacy/substitute.h"

namespace understudy {

struct CurateOptions {
  std::vector<std::filesystem::path> inputs;
  std::optional<MaskKey> mask;  // none: personal data stays
  SplitShares shares;
  double near = 0.9;  // Jaccard similarity from which two rows are near duplicates; 0: never
  uint64_t seed = 0;  // another one, another split
};

struct Curated {
  CurateReport report;
  std::optional<StageResult> stage;  // none on a dry run
};

// Fails where a file cannot be read or written, where a stop is asked for (kCancelled), and where
// no row is left: then the error says what was wrong with most. What is wrong with single rows is
// counted. A run that is not done again gives the report that it wrote.
Result<Curated> Curate(const CurateOptions& options, const StagePlace& place,
                       const StageHooks& hooks);
// Everything but writing.
Result<Curated> CurateDry(const CurateOptions& options, const StageHooks& hooks);

}  // namespace understudy
