// Texts in many scripts and of many kinds, the same on every machine: what a tokenizer must stand.
#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace understudy::testing {

class TextMaker {
 public:
  explicit TextMaker(uint32_t seed) : random_(seed) {}

  // 1 to 12 pieces, mixed or all of one kind.
  std::string Next() {
    std::string text;
    const size_t only = Below(2 * kKinds);
    const size_t pieces = 1 + Below(12);
    for (size_t i = 0; i < pieces; ++i) text += Piece(only < kKinds ? only : Below(kKinds));
    return text;
  }
  size_t Below(size_t limit) { return random_() % limit; }

 private:
  struct Range {
    uint32_t first, last;
  };
  static constexpr Range kScripts[] = {
      {0x61, 0x7A},       {0xC0, 0x24F},      {0x370, 0x3FF},       {0x400, 0x52F},
      {0x531, 0x58A},     {0x591, 0x5F4},     {0x600, 0x6FF},       {0x900, 0x97F},
      {0xE01, 0xE5B},     {0x1100, 0x11FF},   {0x3041, 0x30FF},     {0x4E00, 0x9FFF},
      {0xAC00, 0xD7A3},   {0x10A0, 0x10FF},   {0x1200, 0x137F},     {0x300, 0x36F},
      {0x2000, 0x206F},   {0x2070, 0x218F},   {0x2200, 0x23FF},     {0xFF00, 0xFFEF},
      {0x1F300, 0x1FAFF}, {0x1D400, 0x1D7FF}, {0x20000, 0x2A6DF},   {0xE000, 0xE0FF},
      {0xFE00, 0xFE0F},   {0x80, 0xBF},       {0x10FFF0, 0x10FFFD}, {0x1, 0x1F},
      {0x21, 0x2F},       {0x30, 0x39},
  };
  static constexpr const char* kPhrases[] = {
      "I'm",
      "we'll",
      "THEY'VE",
      "don't",
      "'s",
      "''",
      "O'Re",
      "x'D",
      "👩‍👩‍👧‍👦",
      "🏳️‍🌈",
      "🇫🇷",
      "❤️",
      "e\u0301",
      "ñ",
      "İ",
      "ſ",
      "ß",
      "{\"name\": \"f\", \"arguments\": {\"n\": -1.5e10}}",
      "for (int i = 0; i < n; ++i) {\n",
      "    return x;\n}\n",
      "\r\n",
      "\n\n\n",
      " \n ",
      "\t\t",
      "   ",
      "\u00A0",
      "\u3000",
      "\u2028",
      "https://example.org/a?b=c&d=%20",
      "user@example.org",
      "2024-01-31T12:00:00Z",
      "1,234.56",
      "<div class=\"x\">",
      "<|im_end|>",
      "<|im_start|>user\n",
      "<tool_call>\n",
      "</tool_call>",
      "<|endoftext|>",
      "<tools>",
      "</tool_response>",
      "<|im_",
      "<|",
      "|>",
      "\\u00e9\\n",
      "C:\\x",
      "the quick brown fox",
      " Hello, world!",
      "SELECT * FROM t WHERE a = 'b';",
      "α+β≠γ",
      "№5",
      "½",
      "\x7F",
      "\u200B",
      "\uFEFF",
      "\x01"
      "A",
  };
  static constexpr size_t kKinds = std::size(kScripts) + 3;

  static void Append(std::string& out, uint32_t code) {
    if (code < 0x80) {
      out += static_cast<char>(code);
    } else if (code < 0x800) {
      out += {static_cast<char>(0xC0 | code >> 6), static_cast<char>(0x80 | (code & 63))};
    } else if (code < 0x10000) {
      out += {static_cast<char>(0xE0 | code >> 12), static_cast<char>(0x80 | (code >> 6 & 63)),
              static_cast<char>(0x80 | (code & 63))};
    } else {
      out += {static_cast<char>(0xF0 | code >> 18), static_cast<char>(0x80 | (code >> 12 & 63)),
              static_cast<char>(0x80 | (code >> 6 & 63)), static_cast<char>(0x80 | (code & 63))};
    }
  }

  std::string Piece(size_t kind) {
    std::string text;
    if (kind < std::size(kScripts)) {
      const Range range = kScripts[kind];
      for (size_t n = 1 + Below(8); n > 0; --n) {
        Append(text, range.first + static_cast<uint32_t>(Below(range.last - range.first + 1)));
      }
      if (Below(3) == 0) text += ' ';
    } else if (kind == std::size(kScripts)) {
      for (size_t n = 1 + Below(4); n > 0; --n) text += " \n\t\r"[Below(4)];
    } else {
      text = kPhrases[Below(std::size(kPhrases))];
      if (Below(2) == 0) text += ' ';
    }
    return text;
  }

  std::mt19937 random_;
};

}  // namespace understudy::testing
