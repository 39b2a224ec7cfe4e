#include "store/checkpointer.h"

#include <gtest/gtest.h>

#include "store/samples.h"

namespace understudy {
namespace {

// Bodies that do not compress, so that the log fills up fast.
std::vector<Exchange> NoisyBatch(int number) {
  std::vector<Exchange> batch(20);
  uint32_t state = static_cast<uint32_t>(number) + 1;
  for (size_t i = 0; i < batch.size(); ++i) {
    batch[i].id = fmt::format("{}-{}", number, i);
    batch[i].request.resize(20'000);
    for (char& byte : batch[i].request) {
      byte = static_cast<char>((state = state * 1'664'525 + 1'013'904'223) >> 24);
    }
  }
  return batch;
}

TEST(Checkpointer, KeepsTheLogShortWhileCommitsGoOn) {
  const TempFolder folder;
  const auto store = MustOpen(folder / "store.db");
  constexpr int kBatches = 400;  // 160 MB
  for (int i = 0; i < kBatches; ++i) ASSERT_TRUE(store->Append(NoisyBatch(i), false));
  EXPECT_LT(std::filesystem::file_size(folder / "store.db-wal"), uint64_t{120} << 20);
  EXPECT_GT(std::filesystem::file_size(folder / "store.db"), uint64_t{16} << 20);
  EXPECT_EQ(store->Get("399-19")->request, NoisyBatch(399)[19].request);
  EXPECT_EQ(store->Count({}).value(), kBatches * 20);
}

TEST(Checkpointer, TheLogIsGoneOnceTheStoreIsClosed) {
  const TempFolder folder;
  ASSERT_TRUE(MustOpen(folder / "store.db")->Append(NoisyBatch(0), false));
  EXPECT_FALSE(std::filesystem::exists(folder / "store.db-wal"));
}

}  // namespace
}  // namespace understudy
