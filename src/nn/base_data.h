// What a base model is trained on: an endless stream of synthetic examples with public texts among
// them, tokenised and packed window by window. Window i is a pure function of the recipe, so a
// training goes on by its number alone.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"
#include "dataset/pack.h"
#include "nn/recipe.h"
#include "synth/generator.h"
#include "tokens/chat_tokens.h"

namespace understudy::nn {

class BaseData {
 public:
  // Public texts are read beneath `folder`, those that are there; it may be empty.
  static Result<BaseData> Open(const Recipe& recipe, const std::filesystem::path& folder);

  // The vocabulary of the recipe's size, learned from the first examples.
  Result<Vocabulary> Learn() const;
  void set_tokenizer(ChatTokenizer tokenizer) { tokenizer_ = std::move(tokenizer); }

  // Batches of one window of examples, shuffled. Needs a tokenizer.
  struct Window {
    std::vector<std::vector<PackedRow>> batches;
    int64_t left_out = 0;  // examples longer than a row
  };
  Window MakeWindow(uint64_t index) const;

  // Examples that no window ever holds, by family: for evaluation, of their first assistant turn.
  // Longer ones are left out.
  std::map<std::string, std::vector<Sequence>> HeldOut(int64_t examples) const;

  const std::vector<std::string>& notes() const { return notes_; }  // what was read, for the card

 private:
  struct Lesson {
    uint64_t end = 0;  // index of the example after its last one
    Generator generator;
  };

  BaseData(const Recipe& recipe, Generator generator, Generator held_out)
      : recipe_(recipe), generator_(std::move(generator)), held_out_(std::move(held_out)) {}
  SyntheticExample Mixed(uint64_t index) const;  // of the mixture that follows the lessons
  SyntheticExample Draw(uint64_t index) const;
  Sequence ToSequence(const SyntheticExample& example, uint64_t index) const;

  Recipe recipe_;
  Generator generator_, held_out_;
  std::vector<Lesson> lessons_;
  std::vector<SyntheticExample> real_;
  std::vector<std::string> notes_;
  std::optional<ChatTokenizer> tokenizer_;
};

}  // namespace understudy::nn
