// The tokenizer against a real llama-server: many texts, and every code point there is.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/tiny_model.h"
#include "tokens/code_points.h"
#include "tokens/learn_vocabulary.h"
#include "tokens/server_fixture.h"
#include "tokens/text_maker.h"
#include "tokens/tokenizer.h"

namespace understudy {
namespace {

using ::understudy::testing::TextMaker;
using ::understudy::testing::TinyModel;
using ::understudy::testing::VocabularyServer;

Vocabulary LearnedFrom(const std::vector<std::string>& texts) {
  size_t next = 0;
  return LearnVocabulary(
             [&]() -> std::optional<std::string_view> {
               if (next == texts.size()) return std::nullopt;
               return texts[next++];
             },
             {.size = 2048})
      .value();
}

std::vector<std::string> Texts(uint32_t seed, size_t count) {
  TextMaker maker(seed);
  std::vector<std::string> texts;
  for (size_t i = 0; i < count; ++i) texts.push_back(maker.Next());
  return texts;
}

TEST(TokenizerAndServer, AgreeOnTenThousandTexts) {
  SKIP_WITHOUT_LLAMA_SERVER();
  const Vocabulary vocabulary = LearnedFrom(Texts(1, 20'000));
  ASSERT_EQ(vocabulary.tokens.size(), 2048u);
  const auto tokenizer = Tokenizer::FromVocabulary(vocabulary);
  ASSERT_TRUE(tokenizer.has_value());
  VocabularyServer server(vocabulary);
  size_t different = 0;
  for (const std::string& text : Texts(2, 10'000)) {
    const auto ours = tokenizer->Encode(text, SpecialTokens::kParse);
    const auto theirs = server.Tokenize(text);
    if (ours == theirs) continue;
    if (++different <= 5)
      ADD_FAILURE() << JsonString(text) << "\nours " << ::testing::PrintToString(ours)
                    << "\ntheirs " << ::testing::PrintToString(theirs);
  }
  EXPECT_EQ(different, 0u);
}

TEST(TokenizerAndServer, AgreeOnAVocabularyReadFromAFile) {
  SKIP_WITHOUT_LLAMA_SERVER();
  const auto file = GgufFile::Open(TinyModel().model);
  ASSERT_TRUE(file.has_value());
  const auto tokenizer = Tokenizer::FromGguf(*file);
  ASSERT_TRUE(tokenizer.has_value()) << tokenizer.error().ToString();
  VocabularyServer server(TinyModel().model);
  for (const std::string& text : Texts(3, 300)) {
    ASSERT_EQ(tokenizer->Encode(text, SpecialTokens::kParse), server.Tokenize(text)) << text;
  }
}

// A vocabulary in which only these merge: "a" or "!" with the first byte of any character beyond
// ASCII, and its last byte with "a". So the count of tokens tells what a word is made of.
Vocabulary Probes() {
  Vocabulary vocabulary = BytesAndSpecials();
  const auto add = [&vocabulary](const std::string& left, const std::string& right) {
    vocabulary.merges.push_back(left + " " + right);
    vocabulary.tokens.push_back(left + right);
    vocabulary.kinds.push_back(TokenKind::kNormal);
  };
  const auto& bytes = ByteSpellings();
  for (size_t lead = 0xC2; lead <= 0xF4; ++lead) {
    add("a", bytes[lead]);
    add("!", bytes[lead]);
  }
  for (size_t last = 0x80; last <= 0xBF; ++last) add(bytes[last], "a");
  return vocabulary;
}

std::string Utf8(uint32_t code) {
  char bytes[4];
  if (code < 0x800) {
    bytes[0] = static_cast<char>(0xC0 | code >> 6),
    bytes[1] = static_cast<char>(0x80 | (code & 63));
    return {bytes, 2};
  }
  const size_t size = code < 0x10000 ? 3 : 4;
  for (size_t i = size; i-- > 1; code >>= 6) bytes[i] = static_cast<char>(0x80 | (code & 63));
  bytes[0] = static_cast<char>((size == 3 ? 0xE0 : 0xF0) | code);
  return {bytes, size};
}

// What the server takes the code points to be; all are beyond ASCII.
std::vector<CharClass> ServersClasses(VocabularyServer& server,
                                      const std::vector<uint32_t>& codes) {
  std::string text;
  for (const uint32_t code : codes) {
    const std::string c = Utf8(code);
    text += "a" + c + "\n" + c + "a\n!" + c + "\n";
  }
  std::vector<size_t> lines{0};  // tokens in each
  for (const TokenId id : server.Tokenize(text)) {
    if (id == '\n') {
      lines.push_back(0);
    } else {
      ++lines.back();
    }
  }
  EXPECT_EQ(lines.size(), 3 * codes.size() + 1);
  std::vector<CharClass> classes;
  for (size_t i = 0; i < codes.size() && 3 * i + 2 < lines.size(); ++i) {
    const size_t apart = Utf8(codes[i]).size() + 1;
    const bool after_letter = lines[3 * i] < apart;
    const bool before_letter = lines[3 * i + 1] < apart;
    const bool after_symbol = lines[3 * i + 2] < apart;
    classes.push_back(after_letter     ? CharClass::kLetter
                      : !before_letter ? CharClass::kNumber
                      : after_symbol   ? CharClass::kOther
                                       : CharClass::kSpace);
  }
  return classes;
}

TEST(TokenizerAndServer, AgreeOnWhatEveryCodePointIs) {
  SKIP_WITHOUT_LLAMA_SERVER();
  std::vector<uint32_t> codes;
  for (uint32_t code = 0x80; code <= 0x10FFFF; ++code) {
    if (code >= 0xD800 && code <= 0xDFFF) continue;
    // Beyond the ideographs nothing is assigned but E0xxx and private use: a sample does.
    const bool is_sparse = code > 0x33FFF && (code < 0xE0000 || code > 0xE01FF);
    if (!is_sparse || code % 61 == 0) codes.push_back(code);
  }
  VocabularyServer server(Probes());
  size_t different = 0;
  constexpr size_t kAtOnce = 8192;
  for (size_t begin = 0; begin < codes.size(); begin += kAtOnce) {
    const std::vector<uint32_t> some(
        codes.begin() + static_cast<ptrdiff_t>(begin),
        codes.begin() + static_cast<ptrdiff_t>(std::min(begin + kAtOnce, codes.size())));
    const auto theirs = ServersClasses(server, some);
    ASSERT_EQ(theirs.size(), some.size());
    for (size_t i = 0; i < some.size(); ++i) {
      if (theirs[i] == ClassOf(some[i])) continue;
      ++different;
      ADD_FAILURE() << fmt::format("U+{:04X}: ours {}, theirs {}", some[i],
                                   static_cast<int>(ClassOf(some[i])), static_cast<int>(theirs[i]));
    }
  }
  EXPECT_EQ(different, 0u);
}

}  // namespace
}  // namespace understudy
