// The data of a training: files read, checked, split, rendered for the base and made into
// sequences.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "adapter/training_record.h"
#include "base/result.h"
#include "dataset/batches.h"
#include "dataset/chat_renderer.h"
#include "dataset/example_set.h"
#include "dataset/score.h"
#include "dataset/sequence.h"
#include "gguf/file.h"
#include "train/tune_options.h"

namespace understudy::nn {

// Validation answers, one a sequence, the shortest first, and what kind each is.
struct ValidationSet {
  struct Group {
    size_t begin = 0, count = 0;
  };
  std::vector<Sequence> sequences;
  std::vector<TargetKind> kinds;
  std::vector<Group> groups;  // to be judged together: few tokens of padding, bounded memory
};

struct TuneData {
  std::vector<Sequence> train, replay;
  ValidationSet valid;
  int32_t padding_token = 0;
  size_t max_tokens = 0;
  std::vector<DataSource> sources;  // for manifest and card, reports included
  std::string report;               // for people
};

// Reads what `options` names. Of a validation file at most 500 answers are taken,
// chosen by hash; what it asks is taken out of the training data.
Result<TuneData> ReadTuneData(const TuneOptions& options, const GgufFile& base, int64_t context);

}  // namespace understudy::nn
