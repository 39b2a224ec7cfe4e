// What recorded calls answer: by this clusters are told apart, beside where they lie.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/json.h"
#include "dataset/score.h"

namespace understudy {

// Numbers for texts, in order of first appearance.
class Names {
 public:
  uint32_t operator[](std::string_view text);
  const std::string& text(uint32_t number) const { return texts_[number]; }
  size_t size() const { return texts_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  std::unordered_map<std::string, uint32_t, Hash, std::equal_to<>> numbers_;
  std::vector<std::string> texts_;
};

struct Answered {
  TargetKind kind = TargetKind::kText;
  std::vector<std::string> tools;  // names that are called, in order
  // Coarse: the kind, of calls with the first tool's name. Fine: the label too; of JSON objects one
  // part for each member's name.
  std::string coarse;
  std::vector<std::string> fine;
};

// `answer` is an assistant's message; `wants_json`: the request asked for it.
Answered AnsweredBy(const json::value& answer, bool wants_json);

}  // namespace understudy
