#include "models/private_folder.h"

#include <sys/stat.h>

#include <gtest/gtest.h>

#include "base/file.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;

TEST(PrivateFolder, IsOursAloneAndGoesWithItsOwner) {
  fs::path path;
  {
    const auto folder = PrivateFolder::Make();
    ASSERT_TRUE(folder.has_value()) << folder.error().ToString();
    path = folder->path();
    struct stat info{};
    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0700u);
    EXPECT_LT((path / "s.sock").native().size(), 107u);
  }
  EXPECT_FALSE(fs::exists(path));
}

TEST(PrivateFolder, LivingOnesStayAndAbandonedOnesAreSweptUp) {
  const auto living = PrivateFolder::Make();
  ASSERT_TRUE(living.has_value());
  const fs::path abandoned = living->path().string() + "x";
  const fs::path unfinished = living->path().string() + "y";
  fs::create_directory(abandoned);
  fs::create_directory(unfinished);
  ASSERT_TRUE(WriteFileAtomically(abandoned / "lock", "").has_value());  // locked by nobody
  const auto next = PrivateFolder::Make();
  ASSERT_TRUE(next.has_value());
  EXPECT_TRUE(fs::exists(living->path()));
  EXPECT_FALSE(fs::exists(abandoned));
  EXPECT_TRUE(fs::exists(unfinished)) << "its owner may be about to lock it";
  fs::remove_all(unfinished);
}

TEST(PrivateFolder, AMovedFromOneRemovesNothing) {
  auto folder = PrivateFolder::Make();
  ASSERT_TRUE(folder.has_value());
  const fs::path path = folder->path();
  {
    const PrivateFolder moved = *std::move(folder);
    EXPECT_TRUE(fs::exists(path));
  }
  EXPECT_FALSE(fs::exists(path));
}

}  // namespace
}  // namespace understudy
