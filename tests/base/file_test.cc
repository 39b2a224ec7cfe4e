#include "base/file.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <thread>
#include <vector>

namespace understudy {
namespace {

namespace fs = std::filesystem;

class FileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "file_test_XXXXXX").string();
    ASSERT_NE(::mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override { fs::remove_all(folder_); }

  static unsigned ModeOf(const fs::path& path) {
    struct stat info{};
    EXPECT_EQ(::stat(path.c_str(), &info), 0);
    return info.st_mode & 0777;
  }
  size_t Entries() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(folder_), {}));
  }

  fs::path folder_;
};

TEST_F(FileTest, WritesAndReadsBack) {
  const std::string bytes("a\0b\n\xFF", 5);
  ASSERT_TRUE(WriteFileAtomically(folder_ / "f", bytes));
  EXPECT_EQ(*ReadFile(folder_ / "f"), bytes);
  ASSERT_TRUE(WriteFileAtomically(folder_ / "f", ""));
  EXPECT_EQ(*ReadFile(folder_ / "f"), "");
  EXPECT_EQ(Entries(), 1u);
}

TEST_F(FileTest, ModeIsThatOfANewFile) {
  ASSERT_TRUE(WriteFileAtomically(folder_ / "secret", "x", 0600));
  EXPECT_EQ(ModeOf(folder_ / "secret"), 0600u);
}

TEST_F(FileTest, ReadRefusesWhatIsNoRegularFile) {
  EXPECT_FALSE(ReadFile(folder_));
  ASSERT_EQ(::mkfifo((folder_ / "pipe").c_str(), 0600), 0);
  const auto pipe = ReadFile(folder_ / "pipe");  // must not wait for a writer
  ASSERT_FALSE(pipe);
  EXPECT_EQ(pipe.error().kind, ErrorKind::kIo);
  const auto absent = ReadFile(folder_ / "absent");
  ASSERT_FALSE(absent);
  EXPECT_NE(absent.error().message.find("absent"), std::string::npos);
}

TEST_F(FileTest, ReadIsBounded) {
  ASSERT_TRUE(WriteFileAtomically(folder_ / "f", "12345"));
  EXPECT_EQ(*ReadFile(folder_ / "f", 5), "12345");
  EXPECT_FALSE(ReadFile(folder_ / "f", 4));
}

TEST_F(FileTest, FailedWritesLeaveNothingBehind) {
  EXPECT_FALSE(WriteFileAtomically(folder_ / "no" / "such" / "f", "x"));
  ASSERT_TRUE(fs::create_directory(folder_ / "taken"));
  EXPECT_FALSE(WriteFileAtomically(folder_ / "taken", "x"));
  EXPECT_EQ(Entries(), 1u);
}

TEST_F(FileTest, ThreadsWritingOneFileNeverMixTheirBytes) {
  std::vector<std::jthread> threads;
  for (char c = 'a'; c < 'e'; ++c) {
    threads.emplace_back([this, c] {
      for (int i = 0; i < 20; ++i) {
        EXPECT_TRUE(WriteFileAtomically(folder_ / "f", std::string(1000, c)));
      }
    });
  }
  threads.clear();
  const std::string bytes = *ReadFile(folder_ / "f");
  EXPECT_EQ(bytes, std::string(1000, bytes[0]));
  EXPECT_EQ(Entries(), 1u);
}

TEST_F(FileTest, MakesFoldersWithTheirMode) {
  ASSERT_TRUE(MakeFolders(folder_ / "a" / "b" / "c", 0700));
  EXPECT_EQ(ModeOf(folder_ / "a"), 0700u);
  EXPECT_TRUE(MakeFolders(folder_ / "a" / "b" / "c"));
  EXPECT_TRUE(MakeFolders(folder_ / "d/"));
  EXPECT_TRUE(MakeFolders(""));
}

TEST_F(FileTest, MakeFoldersRefusesAFileInTheWay) {
  ASSERT_TRUE(WriteFileAtomically(folder_ / "f", "x"));
  EXPECT_FALSE(MakeFolders(folder_ / "f"));
  EXPECT_FALSE(MakeFolders(folder_ / "f" / "g"));
}

}  // namespace
}  // namespace understudy
