#include "flywheel/cluster/task_names.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

namespace understudy {
namespace {

constexpr size_t kReadBytes = 2048, kLeastLetters = 3, kMostLetters = 24;
constexpr int64_t kLeastCalls = 10;

constexpr auto kCommon = std::to_array<std::string_view>({
    "about",  "after", "all",   "also",  "and",   "any",     "are",  "answer", "assistant", "been",
    "but",    "can",   "could", "did",   "does",  "for",     "from", "has",    "have",      "her",
    "him",    "his",   "how",   "into",  "its",   "just",    "know", "last",   "like",      "more",
    "need",   "not",   "now",   "one",   "only",  "other",   "our",  "out",    "please",    "she",
    "should", "some",  "tell",  "than",  "thank", "thanks",  "that", "the",    "their",     "them",
    "then",   "there", "these", "they",  "this",  "those",   "use",  "user",   "want",      "was",
    "were",   "what",  "when",  "where", "which", "who",     "will", "with",   "would",     "yes",
    "you",    "your",  "must",  "may",   "might", "very",    "here", "get",    "got",       "let",
    "out",    "each",  "such",  "give",  "given", "because", "don",  "off",    "sure",      "okay",
});

bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || static_cast<unsigned char>(c) >= 0x80;
}
char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

void CollectWords(std::string_view text, std::set<std::string>& words) {
  text = text.substr(0, kReadBytes);
  std::string word;
  bool digits = false;
  const auto end_word = [&] {
    const bool fits = word.size() >= kLeastLetters && word.size() <= kMostLetters && !digits;
    if (fits && std::ranges::find(kCommon, word) == kCommon.end()) words.insert(word);
    word.clear();
    digits = false;
  };
  for (const char raw : text) {
    const char c = Lower(raw);
    if (IsLetter(c)) {
      word += c;
    } else if ((c >= '0' && c <= '9') || c == '_') {
      digits = true;
    } else {
      end_word();
    }
  }
  end_word();
}

bool IsPlain(std::string_view word) {
  return std::ranges::all_of(word, [](char c) { return c >= 'a' && c <= 'z'; });
}

}  // namespace

void WordCounts::Add(const ChatRequest& request) {
  std::set<std::string> words;
  for (const Message& message : request.messages) {
    if (message.role == Role::kSystem || message.role == Role::kDeveloper) {
      CollectWords(message.text, words);
    }
  }
  CollectWords(LastUserText(request), words);
  for (const std::string& word : words) ++calls_with_[word];
  ++calls_;
}

void WordCounts::Add(const WordCounts& other) {
  for (const auto& [word, calls] : other.calls_with_) calls_with_[word] += calls;
  calls_ += other.calls_;
}

std::vector<std::string> WordCounts::Distinctive(const WordCounts& all, size_t most) const {
  std::vector<std::pair<double, std::string>> scored;
  for (const auto& [word, count] : calls_with_) {
    if (count < kLeastCalls || count * 10 < calls_) continue;
    const auto known = all.calls_with_.find(word);
    if (known == all.calls_with_.end()) continue;
    const double p = static_cast<double>(count) / static_cast<double>(calls_);
    const double q = static_cast<double>(known->second) / static_cast<double>(all.calls_);
    scored.emplace_back(-p * std::log(p / q), word);
  }
  std::ranges::sort(scored);
  std::vector<std::string> terms;
  for (size_t i = 0; i < std::min(most, scored.size()); ++i) terms.push_back(scored[i].second);
  return terms;
}

std::string Hyphenated(std::string_view name) {
  std::string out;
  bool was_small = false;
  for (const char c : name) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool kept = upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if ((!kept || (upper && was_small)) && !out.empty() && out.back() != '-') out += '-';
    if (kept) out += Lower(c);
    was_small = kept && !upper;
  }
  while (out.ends_with('-')) out.pop_back();
  return out;
}

std::string TaskName(const std::map<std::string, int64_t>& tools, int64_t rows,
                     const std::vector<std::string>& terms, TargetKind kind) {
  for (const auto& [tool, calls] : tools) {
    const std::string name = Hyphenated(tool);
    if (calls * 5 >= rows * 4 && !name.empty()) return name;
  }
  std::string name;
  size_t used = 0;
  for (const std::string& term : terms) {
    if (used == 3) break;
    if (!IsPlain(term)) continue;
    name += term + '-';
    ++used;
  }
  std::string kind_name(Name(kind));
  std::ranges::replace(kind_name, '_', '-');
  return name + kind_name;
}

}  // namespace understudy
