#include "tokens/pretokenize.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = WordEnd(text, begin);
    words.emplace_back(text.substr(begin, end - begin));
    begin = end;
  }
  return words;
}

TEST(Pretokenize, WordsTakeOneCharacterBeforeThem) {
  EXPECT_THAT(Words("Hello world"), ElementsAre("Hello", " world"));
  EXPECT_THAT(Words("a  b"), ElementsAre("a", " ", " b"));
  EXPECT_THAT(Words("a\tb\u00A0c"), ElementsAre("a", "\tb", "\u00A0c"));
  EXPECT_THAT(Words("x.y(z"), ElementsAre("x", ".y", "(z"));
  EXPECT_THAT(Words("\"Łódź\" über"), ElementsAre("\"Łódź", "\"", " über"));
}

TEST(Pretokenize, EachDigitStandsAlone) {
  EXPECT_THAT(Words("x 123"), ElementsAre("x", " ", "1", "2", "3"));
  EXPECT_THAT(Words("٣½Ⅷ"), ElementsAre("٣", "½", "Ⅷ"));
  EXPECT_THAT(Words("3a"), ElementsAre("3", "a"));
}

TEST(Pretokenize, ContractionsInAsciiOfEitherCase) {
  EXPECT_THAT(Words("I'm he'LL o'clock"), ElementsAre("I", "'m", " he", "'LL", " o", "'clock"));
  EXPECT_THAT(Words("'d's've're"), ElementsAre("'d", "'s", "'ve", "'re"));
  EXPECT_THAT(Words("'ſx"), ElementsAre("'ſx"));
  EXPECT_THAT(Words("a'"), ElementsAre("a", "'"));
  EXPECT_THAT(Words("'lx"), ElementsAre("'lx"));
}

TEST(Pretokenize, SymbolsTakeABlankAndLineBreaks) {
  EXPECT_THAT(Words("a != b;\r\n\n c"), ElementsAre("a", " !=", " b", ";\r\n\n", " c"));
  EXPECT_THAT(Words("\t{"), ElementsAre("\t", "{"));
  EXPECT_THAT(Words("\x01\x02 👩‍👩‍👧"), ElementsAre("\x01\x02", " 👩‍👩‍👧"));
  EXPECT_THAT(Words("e\u0301!"), ElementsAre("e", "\u0301!"));  // a mark is no letter
}

TEST(Pretokenize, WhiteSpace) {
  EXPECT_THAT(Words("   "), ElementsAre("   "));
  EXPECT_THAT(Words("  \n \n  x"), ElementsAre("  \n \n", " ", " x"));
  EXPECT_THAT(Words("a \n"), ElementsAre("a", " \n"));
  EXPECT_THAT(Words("  1"), ElementsAre(" ", " ", "1"));
  EXPECT_THAT(Words("\u3000\u2003x"), ElementsAre("\u3000", "\u2003x"));
}

TEST(Pretokenize, BytesThatAreNoTextAreReplaced) {
  EXPECT_TRUE(IsUtf8("żółć 日本 👍"));
  EXPECT_EQ(WithValidUtf8("żółć 日本 👍"), "żółć 日本 👍");
  for (const std::string_view text : {"\xFF", "\x80", "\xC3", "\xE2\x82", "\xF0\x9F\x91",
                                      "\xED\xA0\x80", "\xC0\xAF", "\xF5\x80\x80\x80"}) {
    EXPECT_FALSE(IsUtf8(text));
    std::string expected = "a";
    for (size_t i = 0; i < text.size(); ++i) expected += "\uFFFD";
    EXPECT_EQ(WithValidUtf8("a" + std::string(text)), expected);
  }
  EXPECT_TRUE(IsUtf8(""));
}

TEST(Pretokenize, HostileTextTakesLinearTime) {
  for (const std::string_view piece : {" ", "\n", "a", "!", "'", "1", "\u3000", " \n"}) {
    std::string text;
    while (text.size() < size_t{1} << 20) text += piece;
    EXPECT_FALSE(Words(text).empty());
  }
}

}  // namespace
}  // namespace understudy
