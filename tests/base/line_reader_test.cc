#include "base/line_reader.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include "base/file.h"
#include "support/temp_folder.h"

namespace understudy {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

void WriteGzip(const std::filesystem::path& path, std::string_view text) {
  const gzFile file = gzopen(path.c_str(), "wb");
  ASSERT_EQ(gzwrite(file, text.data(), static_cast<unsigned>(text.size())),
            static_cast<int>(text.size()));
  gzclose(file);
}

std::vector<std::string> ReadAll(LineReader& reader) {
  std::vector<std::string> lines;
  std::string line;
  while (reader.Next(line).value()) lines.push_back(line);
  return lines;
}

TEST(LineReader, ReadsPlainAndGzippedAlike) {
  const TempFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder / "a", "one\ntwo\r\n\nlast"));
  WriteGzip(folder / "a.gz", "one\ntwo\r\n\nlast");
  for (const char* name : {"a", "a.gz"}) {
    auto reader = LineReader::Open((folder / name).string());
    ASSERT_TRUE(reader);
    EXPECT_THAT(ReadAll(*reader), ElementsAre("one", "two", "", "last"));
    EXPECT_EQ(reader->line_number(), 4);
    EXPECT_GT(reader->bytes_total(), 0);
  }
}

TEST(LineReader, ReadsAnyDescriptorAsStandardInputAndLeavesItOpen) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], "a\nb\n", 4), 4);
  ::close(ends[1]);
  {
    auto reader = LineReader::Open("-", ends[0]);
    ASSERT_TRUE(reader);
    EXPECT_THAT(ReadAll(*reader), ElementsAre("a", "b"));
  }
  EXPECT_EQ(::fcntl(ends[0], F_GETFD) >= 0, true);
  ::close(ends[0]);
}

TEST(LineReader, AnEmptyFileHasNoLines) {
  const TempFolder folder;
  ASSERT_TRUE(WriteFileAtomically(folder / "a", ""));
  auto reader = LineReader::Open((folder / "a").string());
  EXPECT_THAT(ReadAll(*reader), ElementsAre());
}

TEST(LineReader, ALineThatIsTooLongIsSkipped) {
  const TempFolder folder;
  WriteGzip(folder / "a.gz", std::string(LineReader::kMaxLineBytes + 1, 'x') + "\nnext\n");
  auto reader = LineReader::Open((folder / "a.gz").string());
  std::string line;
  const auto first = reader->Next(line);
  ASSERT_FALSE(first);
  EXPECT_EQ(first.error().kind, ErrorKind::kTooLarge);
  EXPECT_FALSE(reader->failed());
  EXPECT_TRUE(reader->Next(line).value());
  EXPECT_EQ(line, "next");
}

TEST(LineReader, DamagedGzipFailsForGood) {
  const TempFolder folder;
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i * 7919) + "\n";
  WriteGzip(folder / "a.gz", text);
  std::string bytes = ReadFile(folder / "a.gz").value();
  bytes.resize(bytes.size() / 2);
  ASSERT_TRUE(WriteFileAtomically(folder / "a.gz", bytes));
  auto reader = LineReader::Open((folder / "a.gz").string());
  std::string line;
  Result<bool> got = true;
  while (got && *got) got = reader->Next(line);
  ASSERT_FALSE(got);
  EXPECT_TRUE(reader->failed());
  EXPECT_THAT(got.error().ToString(), HasSubstr("after line"));
}

TEST(LineReader, SaysWhatCannotBeOpened) {
  const TempFolder folder;
  EXPECT_EQ(LineReader::Open((folder / "none").string()).error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(LineReader::Open(folder.string()).error().message, HasSubstr("is a folder"));
}

}  // namespace
}  // namespace understudy
