// What a request's prompt looks like apart from what is asked: the words of its system text and the
// tools it offers. An agent has a handful of prompts, written once by its author; with the answer's
// format they tell most tasks apart before any meaning is looked at.
//
// The skeleton of a system text is its sequence of words, lower case, with what varies between
// calls masked: numbers, ids (words with digits, but "Room_12" is "room_#"), quoted values (not
// quoted keys, which a colon follows), names of months and weekdays. Punctuation does not count.
//
// Pure functions; a few microseconds a kilobyte. No text is kept, only hashes.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "chat/request.h"

namespace understudy {

inline constexpr uint32_t kMaskedWord = 0;
inline constexpr size_t kFrameShingle = 3;  // words
// Of a longer system text the first three quarters and the last quarter of this are read.
inline constexpr size_t kMaxSystemBytes = 16384;

// What must be equal in all requests of one frame: bits of the response format (0..2), whether
// tools are offered (4), and whether the last message is a tool's result (8).
uint8_t ShapeOf(const ChatRequest& request);
inline constexpr uint8_t kShapes = 16;  // that there can be

struct Prompt {
  uint8_t shape = 0;
  std::vector<uint32_t> words;     // hashes of the skeleton's words, in order; kMaskedWord: masked
  std::vector<uint32_t> shingles;  // hashes of every three words that follow each other; sorted set
  std::vector<uint32_t> tools;     // hashes of tool names and of "tool.parameter"; sorted set

  // Equal for equal skeletons, tools (in any order) and shape.
  uint64_t Fingerprint() const;
};

// The request's prompt: all system and developer messages. `prompt` is overwritten; its memory is
// used again.
void ReadPrompt(const ChatRequest& request, Prompt& prompt);

// The hash of all bytes that ReadPrompt looks at: equal bytes, equal prompts. Under a microsecond.
uint64_t PromptBytesHash(const ChatRequest& request);

// The hash of one word of a skeleton, as in Prompt::words.
uint32_t SkeletonWordHash(std::string_view word);

// A sorted set's members that are in both.
size_t CountCommon(std::span<const uint32_t> a, std::span<const uint32_t> b);

// What several prompts have in common: the template that an author filled in. Long ones (from
// kFrameShingles on) are known by the shingles that all of their prompts share; short ones by all
// their words, together with tools of which half are shared.
struct Frame {
  static constexpr size_t kShingles = 8;

  uint8_t shape = 0;
  uint64_t words_hash = 0;         // of the skeleton, for short ones
  std::vector<uint32_t> shingles;  // in all prompts of the frame; sorted
  std::vector<uint32_t> tools;     // in all prompts of the frame; sorted

  static Frame Of(const Prompt& prompt);
  bool is_long() const { return shingles.size() >= kShingles; }
  // How much of the frame the prompt has: 0 where it is not of the frame, else the number of shared
  // shingles and tools, plus 1. At least four fifths of a long frame must be there.
  size_t Match(const Prompt& prompt) const;
};

// Hashes of the prompt's words that are not the frame's, without masked ones, in order; behind them
// the tools' hashes that are not the frame's. Empty for a prompt that is all frame.
void VariableWords(const Prompt& prompt, const Frame& frame, std::vector<uint32_t>& words);

}  // namespace understudy
