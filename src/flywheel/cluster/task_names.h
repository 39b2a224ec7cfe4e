// What a task is called: by the tool that its answers call, else by the words that are used more in
// its calls than in others.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "chat/request.h"
#include "dataset/score.h"

namespace understudy {

// In how many calls each word stands. Words have three letters or more, no digits, and are not
// among the most common English ones; of each text the first 2 kB are read.
class WordCounts {
 public:
  // The words of the system text and of the last user message.
  void Add(const ChatRequest& request);
  void Add(const WordCounts& other);
  // The words that tell these calls from all, the most telling first: those in a tenth of the calls
  // and in ten at least, by p ln(p / q), where p and q are the shares of these and of all calls.
  std::vector<std::string> Distinctive(const WordCounts& all, size_t most) const;

 private:
  std::unordered_map<std::string, int64_t> calls_with_;
  int64_t calls_ = 0;
};

// "FindRestaurants" and "find_restaurants" -> "find-restaurants"; letters and digits of ASCII.
std::string Hyphenated(std::string_view name);

// The tool's name where four fifths of `rows` call one tool, else up to three terms and the kind:
// "restaurant-reserve-label". `tools`: how often each is called.
std::string TaskName(const std::map<std::string, int64_t>& tools, int64_t rows,
                     const std::vector<std::string>& terms, TargetKind kind);

}  // namespace understudy
