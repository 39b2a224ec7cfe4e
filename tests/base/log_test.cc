#include "base/log.h"

#include <unistd.h>

#include <cstdio>
#include <string>

#include <gtest/gtest.h>

#include "base/json.h"

namespace understudy {
namespace {

// What a logging call writes to standard error.
template <class Write>
std::string Logged(Write write) {
  // By hand: gtest's own capture is taken by the death test around this.
  std::FILE* file = std::tmpfile();
  const int before = ::dup(STDERR_FILENO);
  ::dup2(::fileno(file), STDERR_FILENO);
  write();
  std::fflush(stderr);
  ::dup2(before, STDERR_FILENO);
  ::close(before);
  std::rewind(file);
  std::string text(1 << 16, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), file));
  std::fclose(file);
  return text;
}

// In a process of its own, as set-up is once for all.
template <class Check>
void InChild(Check check) {
  EXPECT_EXIT(
      {
        check();
        std::exit(::testing::Test::HasFailure() ? 1 : 0);
      },
      ::testing::ExitedWithCode(0), "");
}

TEST(Log, LevelsByName) {
  LogLevel level = LogLevel::kInfo;
  for (const auto& [name, value] :
       {std::pair("debug", LogLevel::kDebug), std::pair("warn", LogLevel::kWarn),
        std::pair("off", LogLevel::kOff)}) {
    EXPECT_TRUE(ParseLogLevel(name, &level));
    EXPECT_EQ(level, value);
  }
  EXPECT_FALSE(ParseLogLevel("loud", &level));
  EXPECT_EQ(level, LogLevel::kOff);
}

TEST(LogDeathTest, WritesAtAndAboveTheLevel) {
  InChild([] {
    SetUpLog(LogLevel::kWarn, false);
    EXPECT_TRUE(LogEnabled(LogLevel::kError));
    EXPECT_FALSE(LogEnabled(LogLevel::kInfo));
    const std::string out = Logged([] {
      LOG_INFO("quiet {}", 1);
      LOG_WARN("loud {}", 2);
    });
    EXPECT_EQ(out.find("quiet"), std::string::npos);
    EXPECT_NE(out.find("loud 2\n"), std::string::npos);
  });
}

TEST(LogDeathTest, DisabledMessagesAreNotEvenFormatted) {
  InChild([] {
    SetUpLog(LogLevel::kOff, false);
    int formatted = 0;
    const auto count = [&] { return ++formatted; };
    EXPECT_EQ(Logged([&] { LOG_ERROR("{}", count()); }), "");
    EXPECT_EQ(formatted, 0);
  });
}

TEST(LogDeathTest, JsonLinesAreJson) {
  InChild([] {
    SetUpLog(LogLevel::kInfo, true);
    const std::string out = Logged([] { LOG_INFO("a \"quote\"\nand {{braces}} %v"); });
    EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 1);
    const auto line = ParseJson(out);
    ASSERT_TRUE(line) << out;
    EXPECT_EQ(StringOr(*line, "message"), "a \"quote\"\nand {braces} %v");
    EXPECT_EQ(StringOr(*line, "level"), "info");
  });
}

TEST(LogDeathTest, AMessageStaysOneLine) {
  InChild([] {
    SetUpLog(LogLevel::kInfo, false);
    const std::string out = Logged([] { LOG_INFO("first\nsecond \x1b[31m"); });
    EXPECT_EQ(std::count(out.begin(), out.end(), '\n'), 1) << out;
    EXPECT_NE(out.find("first\\nsecond \\u001b[31m"), std::string::npos) << out;
  });
}

}  // namespace
}  // namespace understudy
