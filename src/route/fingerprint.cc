#include "route/fingerprint.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/ids.h"
#include "chat/json_reader.h"

namespace understudy {
namespace {

constexpr size_t kMaxWord = 64;
constexpr size_t kMaxQuoted = 200;

// Without "may", which is mostly a verb.
constexpr std::array<std::string_view, 30> kDateWords = {
    "january", "february", "march",    "april",    "june",      "july",  "august", "september",
    "october", "november", "december", "jan",      "feb",       "mar",   "apr",    "jun",
    "jul",     "aug",      "sep",      "sept",     "oct",       "nov",   "dec",    "monday",
    "tuesday", "friday",   "saturday", "thursday", "wednesday", "sunday"};

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}
// Bytes beyond ASCII count as letters: words of every script.
bool IsLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
}
bool IsWordByte(char c) {
  return IsLetter(c) || IsDigit(c) || c == '_';
}
char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

uint32_t HashOf(std::string_view text) {
  const auto hash = static_cast<uint32_t>(FastHash(text));
  return hash == kMaskedWord ? 1 : hash;
}

uint32_t Mixed(uint32_t a, uint32_t b, uint32_t c) {
  uint64_t mixed = a * 0x9E3779B97F4A7C15ULL;
  mixed = (mixed ^ (mixed >> 29) ^ b) * 0xBF58476D1CE4E5B9ULL;
  mixed = (mixed ^ (mixed >> 32) ^ c) * 0x94D049BB133111EBULL;
  return static_cast<uint32_t>(mixed >> 32);
}

// A word with digits: "room_12" -> "room_#", anything else is masked whole.
uint32_t HashWithDigits(std::string& word) {
  size_t stem = 0;
  while (stem < word.size() && !IsDigit(word[stem])) ++stem;
  const bool numbered =
      stem >= 3 && std::all_of(word.begin() + static_cast<ptrdiff_t>(stem), word.end(), IsDigit);
  if (!numbered) return kMaskedWord;
  word.resize(stem);
  word += '#';
  return HashOf(word);
}

// The end of a quoted value that begins at `begin`, behind its closing quote; npos where it is no
// value: not closed soon, on several lines, or a key.
size_t EndOfQuoted(std::string_view text, size_t begin) {
  const size_t limit = std::min(text.size(), begin + 1 + kMaxQuoted);
  for (size_t i = begin + 1; i < limit; ++i) {
    if (text[i] == '\n') return std::string_view::npos;
    if (text[i] != '"') continue;
    size_t next = i + 1;
    while (next < text.size() && text[next] == ' ') ++next;
    return next < text.size() && text[next] == ':' ? std::string_view::npos : i + 1;
  }
  return std::string_view::npos;
}

// Masked words in a row count once: a date has as many as its form has.
void AddWord(std::vector<uint32_t>& words, uint32_t word) {
  if (word == kMaskedWord && !words.empty() && words.back() == kMaskedWord) return;
  words.push_back(word);
}

void AddWords(std::string_view text, std::vector<uint32_t>& words) {
  for (size_t i = 0; i < text.size();) {
    if (text[i] == '"') {
      if (const size_t end = EndOfQuoted(text, i); end != std::string_view::npos) {
        AddWord(words, kMaskedWord);
        i = end;
        continue;
      }
    }
    if (!IsWordByte(text[i])) {
      ++i;
      continue;
    }
    const size_t begin = i;
    while (i < text.size() && IsWordByte(text[i])) ++i;
    AddWord(words, SkeletonWordHash(text.substr(begin, i - begin)));
  }
}

template <class T>
void SortSet(std::vector<T>& set) {
  std::ranges::sort(set);
  set.erase(std::unique(set.begin(), set.end()), set.end());
}

// "owner.key" for each key of the schema's "properties". A schema that is no JSON has none.
void AddProperties(std::string_view owner, std::string schema, std::vector<uint32_t>& tools) {
  if (schema.empty()) return;
  JsonReader in(schema);
  std::string name;
  (void)in.Document([&](std::string_view key, JsonReader::Value value) {
    if (key != "properties" || in.Kind(value) != JsonKind::kObject) return in.Skip(value);
    return in.Members(value, [&](std::string_view property, JsonReader::Value inner) {
      name.assign(owner).append(".").append(property);
      tools.push_back(HashOf(name));
      return in.Skip(inner);
    });
  });
}

bool IsSystem(const Message& message) {
  return message.role == Role::kSystem || message.role == Role::kDeveloper;
}

}  // namespace

uint8_t ShapeOf(const ChatRequest& request) {
  const bool after_tool = !request.messages.empty() && request.messages.back().role == Role::kTool;
  return static_cast<uint8_t>(static_cast<int>(request.response_format) +
                              (request.tools.empty() ? 0 : 4) + (after_tool ? 8 : 0));
}

uint32_t SkeletonWordHash(std::string_view word) {
  std::string lower(word.substr(0, kMaxWord));
  bool digits = false;
  for (char& c : lower) {
    c = Lower(c);
    digits |= IsDigit(c);
  }
  if (digits) return HashWithDigits(lower);
  return std::ranges::find(kDateWords, lower) == kDateWords.end() ? HashOf(lower) : kMaskedWord;
}

void ReadPrompt(const ChatRequest& request, Prompt& prompt) {
  prompt.shape = ShapeOf(request);
  prompt.words.clear();
  prompt.shingles.clear();
  prompt.tools.clear();
  for (const Message& message : request.messages) {
    if (!IsSystem(message)) continue;
    const std::string_view text = message.text;
    AddWords(text.substr(0, kMaxSystemBytes / 4 * 3), prompt.words);
    if (text.size() > kMaxSystemBytes / 4 * 3) {
      const size_t rest = text.size() - kMaxSystemBytes / 4 * 3;
      AddWords(text.substr(text.size() - std::min(rest, kMaxSystemBytes / 4)), prompt.words);
    }
  }
  const auto& words = prompt.words;
  for (size_t i = 0; i + kFrameShingle <= words.size(); ++i) {
    prompt.shingles.push_back(Mixed(words[i], words[i + 1], words[i + 2]));
  }
  SortSet(prompt.shingles);
  for (const Tool& tool : request.tools) {
    prompt.tools.push_back(HashOf(tool.name));
    AddProperties(tool.name, tool.parameters, prompt.tools);
  }
  AddProperties("", request.response_schema, prompt.tools);
  SortSet(prompt.tools);
}

uint64_t PromptBytesHash(const ChatRequest& request) {
  uint64_t hash = ShapeOf(request) + 1;
  for (const Message& message : request.messages) {
    if (IsSystem(message)) hash = FastHash(message.text, hash);
  }
  hash = FastHash(request.response_schema, hash);
  for (const Tool& tool : request.tools) {
    hash = FastHash(tool.parameters, FastHash(tool.name, hash));
  }
  return hash;
}

uint64_t Prompt::Fingerprint() const {
  const auto bytes = [](const std::vector<uint32_t>& list) {
    return std::string_view(reinterpret_cast<const char*>(list.data()), list.size() * 4);
  };
  return FastHash(bytes(tools), FastHash(bytes(words), shape));
}

size_t CountCommon(std::span<const uint32_t> a, std::span<const uint32_t> b) {
  size_t common = 0;
  for (size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    common += a[i] == b[j];
    const bool forward = a[i] <= b[j], back = b[j] <= a[i];
    i += forward;
    j += back;
  }
  return common;
}

Frame Frame::Of(const Prompt& prompt) {
  const std::string_view bytes(reinterpret_cast<const char*>(prompt.words.data()),
                               prompt.words.size() * 4);
  return {prompt.shape, FastHash(bytes), prompt.shingles, prompt.tools};
}

size_t Frame::Match(const Prompt& prompt) const {
  if (shape != prompt.shape) return 0;
  const size_t common_tools = CountCommon(tools, prompt.tools);
  if (is_long()) {
    const size_t common = CountCommon(shingles, prompt.shingles);
    return common >= kShingles && common * 5 >= shingles.size() * 4 ? common + common_tools + 1 : 0;
  }
  if (words_hash != Of(prompt).words_hash) return 0;
  const bool same_tools =
      common_tools * 2 >= tools.size() && common_tools * 2 >= prompt.tools.size();
  return same_tools ? shingles.size() + common_tools + 1 : 0;
}

void VariableWords(const Prompt& prompt, const Frame& frame, std::vector<uint32_t>& words) {
  words.clear();
  const auto& all = prompt.words;
  size_t known_until = 0;  // words before it are the frame's
  for (size_t i = 0; frame.is_long() && i < all.size(); ++i) {
    if (i + kFrameShingle <= all.size() &&
        std::ranges::binary_search(frame.shingles, Mixed(all[i], all[i + 1], all[i + 2]))) {
      known_until = i + kFrameShingle;
    }
    if (i >= known_until && all[i] != kMaskedWord) words.push_back(all[i]);
  }
  std::ranges::set_difference(prompt.tools, frame.tools, std::back_inserter(words));
}

}  // namespace understudy
