// How a base model is made: a TOML file beside its weights, with everything that decides them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"
#include "nn/model_config.h"
#include "nn/optimizer.h"

namespace understudy::nn {

struct DataRecipe {
  uint64_t seed = 1;
  std::string families;  // weights of the generators' families ("label=2,copy=1"); empty: theirs
  int64_t max_chars = 3000;    // of an example
  double real_share = 0.05;    // of examples drawn from the public texts, where they are at hand
  double prompt_share = 0.1;   // of a prompt's tokens that count in the loss,
  double prompt_weight = 0.2;  // and how much
};

// What comes before the mixture, in this order: examples of one simple skill, or short ones of
// several, that the mixture alone teaches late. Copying is such a skill: an attention that looks
// back for what it read before ("induction") appears within 0.8 M tokens of "repeat", not within 6
// M of everything.
struct LessonRecipe {
  int64_t examples = 0;
  std::string families;
  int64_t max_chars = 0;  // of an example; 0: as in the mixture
};

struct ScheduleRecipe {
  int64_t rows = 8;         // of a batch
  int64_t time = 1024;      // tokens a row; longer examples are left out
  int64_t tokens = 0;       // to train on in all; 0: as long as --minutes says
  int64_t warm_up = 200;    // steps
  double cool_down = 0.25;  // last share of the run, over which the rate falls to zero
  double checkpoint_minutes = 5;
  int64_t evaluate_steps = 400;
  int64_t evaluate_examples = 256;
};

struct Recipe {
  std::string name;
  std::string licence = "Apache-2.0";
  uint64_t seed = 1;
  int64_t vocabulary_examples = 40'000;  // from which the vocabulary is learned
  ModelConfig model;
  DataRecipe data;
  std::vector<LessonRecipe> lessons;  // "[[lesson]]"
  ScheduleRecipe schedule;
  OptimizerOptions optimizer;
};

// kInvalidInput names the key that is unknown, of the wrong type or out of range.
Result<Recipe> ReadRecipe(const std::filesystem::path& path);

}  // namespace understudy::nn
