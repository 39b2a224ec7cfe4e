#include "support/golden.h"

#include <cstdlib>
#include <string>

#include "base/file.h"
#include "support/paths.h"

namespace understudy {
namespace {

constexpr char kUpdateSwitch[] = "UNDERSTUDY_UPDATE_GOLDEN";

bool IsSet(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0' && std::string_view(value) != "0";
}

testing::AssertionResult Update(const std::filesystem::path& path, std::string_view actual) {
  if (IsSet("CI")) return testing::AssertionFailure() << kUpdateSwitch << " is refused under CI";
  if (auto made = MakeFolders(path.parent_path()); !made) {
    return testing::AssertionFailure() << made.error().ToString();
  }
  if (auto written = WriteFileAtomically(path, actual); !written) {
    return testing::AssertionFailure() << written.error().ToString();
  }
  return testing::AssertionSuccess();
}

// The next line of `text`, without its end, cut off `text`; nullopt when there is none.
std::optional<std::string_view> NextLine(std::string_view& text) {
  if (text.empty()) return std::nullopt;
  const std::string_view line = text.substr(0, text.find('\n'));
  text.remove_prefix(std::min(line.size() + 1, text.size()));
  return line;
}

std::string Shown(std::optional<std::string_view> line) {
  return line ? fmt::format("\"{}\"", *line) : "(the end)";
}

std::string FirstDifference(std::string_view expected, std::string_view actual) {
  for (int number = 1;; ++number) {
    const auto want = NextLine(expected);
    const auto got = NextLine(actual);
    if (want == got && want) continue;
    if (!want && !got) return "they differ in the newline at the end";
    return fmt::format("line {}\n  expected: {}\n  actual:   {}", number, Shown(want), Shown(got));
  }
}

}  // namespace

testing::AssertionResult MatchesGolden(std::string_view file, std::string_view actual) {
  const auto path = SourceFolder() / "tests" / file;
  if (IsSet(kUpdateSwitch)) return Update(path, actual);
  const auto expected = ReadFile(path);
  if (!expected) return testing::AssertionFailure() << expected.error().ToString();
  if (*expected == actual) return testing::AssertionSuccess();
  return testing::AssertionFailure()
         << "differs from tests/" << file << ", " << FirstDifference(*expected, actual)
         << "\nIf the change is meant: run this test with " << kUpdateSwitch << "=1";
}

}  // namespace understudy
