#include "models/line_file.h"

#include <filesystem>
#include <fstream>
#include <vector>

#include <gtest/gtest.h>

namespace understudy {
namespace {

class LineFileTest : public ::testing::Test {
 protected:
  LineFileTest()
      : path_(std::filesystem::path(::testing::TempDir()) /
              ("line_file_" + std::to_string(::getpid()) + ".txt")) {}
  ~LineFileTest() override { std::filesystem::remove(path_); }

  LineFile Write(std::string_view bytes) {
    std::ofstream(path_, std::ios::binary) << bytes;
    auto file = LineFile::Open(path_);
    EXPECT_TRUE(file);
    return *std::move(file);
  }

  const std::filesystem::path path_;
};

TEST_F(LineFileTest, GivesEveryLineItsNumberAndPlace) {
  const std::string big(3 << 20, 'x');  // over several blocks
  const std::string text = "one\n\n  \r\n" + big + "\nlast";
  const LineFile file = Write(text);
  std::vector<uint64_t> numbers;
  const Status read = file.ForEach(
      [&](const LineFile::Line& line) {
        numbers.push_back(line.number);
        EXPECT_EQ(text.substr(line.offset, line.text.size()), line.text);
        const auto again = file.Read(line.offset, static_cast<uint32_t>(line.text.size()));
        ASSERT_TRUE(again);
        EXPECT_EQ(*again, line.text);
      },
      [](const LineFile::Line&) { FAIL() << "no line is too long"; });
  EXPECT_TRUE(read);
  EXPECT_EQ(numbers, (std::vector<uint64_t>{1, 4, 5}));
}

TEST_F(LineFileTest, TooLongALineIsToldApart) {
  std::string text = "a\n";
  text.append(size_t{LineFile::kMaxLineBytes} + 1, 'x');
  text += "\nb\n";
  const LineFile file = Write(text);
  std::string seen;
  uint64_t too_long = 0;
  ASSERT_TRUE(file.ForEach([&](const LineFile::Line& line) { seen += line.text; },
                           [&](const LineFile::Line& line) { too_long = line.number; }));
  EXPECT_EQ(seen, "ab");
  EXPECT_EQ(too_long, 2);
}

TEST_F(LineFileTest, AFileThatShrankIsAnErrorAndNotACrash) {
  const LineFile file = Write("0123456789\n");
  std::filesystem::resize_file(path_, 3);
  const auto text = file.Read(0, 10);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().kind, ErrorKind::kIo);
  EXPECT_NE(text.error().message.find("shorter"), std::string::npos);
}

TEST_F(LineFileTest, RefusesWhatIsNoFile) {
  const auto absent = LineFile::Open(path_ / "absent");
  ASSERT_FALSE(absent);
  EXPECT_NE(absent.error().message.find("cannot open"), std::string::npos);
  const auto folder = LineFile::Open(::testing::TempDir());
  ASSERT_FALSE(folder);
  EXPECT_NE(folder.error().message.find("not a regular file"), std::string::npos);
  EXPECT_FALSE(LineFile::Open("/dev/null"));
}

}  // namespace
}  // namespace understudy
