#include "route/request_features.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace understudy {
namespace {

constexpr std::array<std::string_view, kRequestFeatureCount> kNames = {
    "length of all messages",
    "length of the system message",
    "length of the last user message",
    "words of the last user message",
    "number of messages",
    "earlier answers in the conversation",
    "messages after the last user message",
    "tools offered",
    "a tool's result comes last",
    "JSON is asked for",
    "digits in the last user message",
    "capitals in the last user message",
    "punctuation in the last user message",
    "letters beyond ASCII in the last user message",
    "lines of the last user message",
};

enum CharacterClass : uint8_t { kLetter, kDigit, kCapital, kMark, kBeyondAscii, kBlank, kLine };
constexpr size_t kClassCount = 7;

constexpr std::array<uint8_t, 256> ClassTable() {
  std::array<uint8_t, 256> table{};
  for (size_t c = 0; c < table.size(); ++c) {
    if (c >= 128) {
      table[c] = kBeyondAscii;
    } else if (c >= '0' && c <= '9') {
      table[c] = kDigit;
    } else if (c >= 'A' && c <= 'Z') {
      table[c] = kCapital;
    } else if (c >= 'a' && c <= 'z') {
      table[c] = kLetter;
    } else if (c == '\n') {
      table[c] = kLine;
    } else {
      table[c] = c <= ' ' || c == 127 ? kBlank : kMark;
    }
  }
  return table;
}
constexpr std::array<uint8_t, 256> kClasses = ClassTable();

float Log(size_t count) {
  return std::log1p(static_cast<float>(count));
}

// What a text is made of, by its first bytes.
struct Makeup {
  std::array<uint32_t, kClassCount> of{};
  size_t words = 0, bytes = 0;

  explicit Makeup(std::string_view text) {
    text = text.substr(0, kRequestFeatureReadBytes);
    bytes = text.size();
    bool in_word = false;
    for (const char c : text) {
      const uint8_t kind = kClasses[static_cast<uint8_t>(c)];
      ++of[kind];
      const bool blank = kind >= kBlank;
      words += !blank && !in_word;
      in_word = !blank;
    }
  }
  float Share(CharacterClass kind) const {
    return bytes == 0 ? 0 : static_cast<float>(of[kind]) / static_cast<float>(bytes);
  }
};

// The messages, counted.
struct Conversation {
  size_t bytes = 0, system_bytes = 0, answers = 0, after_user = 0;
  std::string_view last_user;
  bool ends_in_tool = false;

  explicit Conversation(const ChatRequest& request) {
    for (const Message& message : request.messages) {
      bytes += message.text.size();
      const bool system = message.role == Role::kSystem || message.role == Role::kDeveloper;
      if (system) system_bytes += message.text.size();
      answers += message.role == Role::kAssistant;
      ++after_user;
      if (message.role != Role::kUser) continue;
      last_user = message.text;
      after_user = 0;
    }
    ends_in_tool = !request.messages.empty() && request.messages.back().role == Role::kTool;
  }
};

}  // namespace

RequestFeatures FeaturesOf(const ChatRequest& request) {
  const Conversation all(request);
  const Makeup last(all.last_user);
  return {Log(all.bytes),
          Log(all.system_bytes),
          Log(all.last_user.size()),
          Log(last.words),
          Log(request.messages.size()),
          Log(all.answers),
          Log(all.after_user),
          Log(request.tools.size()),
          all.ends_in_tool ? 1.0F : 0.0F,
          request.response_format != ResponseFormat::kText ? 1.0F : 0.0F,
          last.Share(kDigit),
          last.Share(kCapital),
          last.Share(kMark),
          last.Share(kBeyondAscii),
          Log(last.of[kLine])};
}

std::string_view RequestFeatureName(size_t index) {
  return index < kNames.size() ? kNames[index] : std::string_view("unknown");
}

}  // namespace understudy
