#include "cli/table.h"

#include "cli/text.h"

namespace understudy {
namespace {

TEST(Table, AlignsColumnsAndEndsLinesClean) {
  Table table({{"NAME"}, {"N", Table::Align::kRight}, {"NOTE"}});
  table.Add({"a", "1", ""});
  table.Add({"\u00e4\u00f6\u00fc\u00df", "100", "long"});
  EXPECT_EQ(table.Render(),
            "NAME    N  NOTE\n"
            "a       1\n"
            "\u00e4\u00f6\u00fc\u00df  100  long\n");
}

TEST(Table, CutsTheLastColumnToTheTerminal) {
  Table table({{"A"}, {"B"}});
  table.Add({"x", "0123456789abcdef"});
  EXPECT_EQ(table.Render(15), "A  B\nx  012345678...\n");
  EXPECT_EQ(table.Render(2), "A  B\nx  01234...\n");  // never below eight
}

TEST(Table, FillsMissingCellsAndTamesControlCharacters) {
  Table table({{"A"}, {"B"}});
  table.Add({"\033[31mred\n"});
  EXPECT_EQ(table.Render(), "A          B\n [31mred\n");
}

TEST(Text, PrintableMakesHostileTextHarmless) {
  EXPECT_EQ(Printable("a\x1b]0;t\x07\u0085z"), "a ]0;t  z");
  EXPECT_EQ(Printable("a\nb\tc"), "a b c");
  EXPECT_EQ(Printable("a\nb\tc", true), "a\nb c");
  EXPECT_EQ(Printable("\xff\xc3(\xf0\x9f\x98"), "\uFFFD\uFFFD(\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(Printable("\u4f60\U0001F600"), "\u4f60\U0001F600");
}

TEST(Text, EllipsisCutsBetweenCharacters) {
  EXPECT_EQ(Ellipsis("abc", 3), "abc");
  EXPECT_EQ(Ellipsis("\u00e4\u00f6\u00fc\u00e4\u00f6\u00fc", 5), "\u00e4\u00f6...");
  EXPECT_EQ(Ellipsis("abcdef", 2), "..");
}

TEST(Text, NumbersForPeople) {
  EXPECT_EQ(HumanBytes(1023), "1023 B");
  EXPECT_EQ(HumanBytes(1536), "1.5 KiB");
  EXPECT_EQ(HumanCount(1234567), "1,234,567");
  EXPECT_EQ(HumanCount(-1234), "-1,234");
  EXPECT_EQ(HumanCount(999), "999");
  EXPECT_EQ(Counted(1, "line"), "1 line");
  EXPECT_EQ(Counted(1000, "line"), "1,000 lines");
  EXPECT_EQ(HumanDuration(0.0123), "12.3 ms");
  EXPECT_EQ(HumanDuration(0.85), "850 ms");
  EXPECT_EQ(HumanDuration(59.94), "59.9 s");
  EXPECT_EQ(HumanDuration(245), "4m05s");
  EXPECT_EQ(HumanDuration(7380), "2h03m");
  EXPECT_EQ(HumanUsd(0), "$0.00");
  EXPECT_EQ(HumanUsd(0.00012), "$0.000120");
}

}  // namespace
}  // namespace understudy
