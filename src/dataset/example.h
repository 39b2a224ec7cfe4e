// One recorded call as something to learn from: what the model was given, and the answer it shall
// learn to give. Everything is in one canonical form, so that equal things are equal numbers.
//
// Canonical form of a message: members in the order role, content, tool_calls, tool_call_id, name,
// and no others (reasoning and refusals are not trained on). Text parts are joined by newlines;
// content that is absent or empty is null beside tool calls and "" otherwise. Arguments of tool
// calls keep members and spelling and lose blanks between tokens. Ids of tool calls are numbered in
// order of appearance ("call00000", nine letters and digits as Mistral's templates demand):
// recorded ids are random, and no model can learn them.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "chat/exchange.h"
#include "dataset/report.h"

namespace understudy {

// Texts by number, each kept once: conversations repeat their beginnings in every call.
class TextPool {
 public:
  TextPool() { Add(""); }
  TextPool(const TextPool&) = delete;
  TextPool& operator=(const TextPool&) = delete;
  uint32_t Add(std::string_view text);
  // Valid as long as the pool.
  std::string_view operator[](uint32_t number) const { return texts_[number]; }

 private:
  std::deque<std::string> texts_;
  std::unordered_map<std::string_view, uint32_t> numbers_;
};

struct Example {
  int64_t line = 0;  // in its file, from 1
  std::string session;
  std::vector<uint32_t> messages;  // of the request, canonical JSON in the pool
  uint32_t tools = 0;              // JSON array in the pool; 0: none
  uint32_t answer = 0;             // the assistant's message, canonical JSON in the pool
  uint32_t logprobs = 0;           // its choice's logprobs.content, JSON array; 0: none
};

// Why an exchange is no example.
struct Unusable {
  SkipReason reason;
  std::string detail;  // names and places, never what was said
};

// The target is the message of the response's first choice. Where an SLM's answer was served and
// the reference's is recorded as well, it is the reference's. `line` is kept, not read.
std::expected<Example, Unusable> ReadExample(const Exchange& exchange, int64_t line,
                                             TextPool& pool);

// The pieces as JSON again; pooled texts were written here, so they parse.
json::array MessagesOf(const Example& example, const TextPool& pool);  // the request's
json::value ParsePooled(const TextPool& pool, uint32_t number);        // null for 0

}  // namespace understudy
