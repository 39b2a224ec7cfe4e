#include "store/exchange_writer.h"

#include <gtest/gtest.h>

#include "store/exchange_reader.h"
#include "store/samples.h"

namespace understudy {
namespace {

TEST(ExchangeWriter, AFullDiskIsAnErrorToRetryAndLeavesTheStoreWhole) {
  const TempFolder folder;
  const auto file = StoreFile::Open(folder / "store.db").value();
  const auto writer = ExchangeWriter::Open(*file).value();
  const auto reader = ExchangeReader::Open(*file).value();
  ASSERT_TRUE(writer->Append(SampleBatch(0, 10), false));
  ASSERT_TRUE(file->database->Execute("PRAGMA max_page_count = 40"));
  const auto full = writer->Append(SampleBatch(10, 1'000), false);
  ASSERT_FALSE(full);
  EXPECT_TRUE(full.error().retryable);
  EXPECT_EQ(full.error().message, "the disk is full");
  EXPECT_EQ(reader->Count({}).value(), 10);
  ASSERT_TRUE(file->database->Execute("PRAGMA max_page_count = 100000"));
  ASSERT_EQ(writer->Append(SampleBatch(10, 1'000), false).value(), 990U);
  ExpectEqual(reader->Get(SampleExchange(999).id).value(), SampleExchange(999));
}

TEST(ExchangeWriter, ReadersSeeWholeBatchesWhileItWrites) {
  const TempFolder folder;
  const auto writer = MustOpen(folder / "store.db");
  ASSERT_TRUE(writer->Append(SampleBatch(0, 50), false));
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  for (int i = 0; i < 3; ++i) {
    readers.emplace_back([&] {
      const auto store = MustOpen(folder / "store.db");
      do {
        int seen = 0;
        EXPECT_TRUE(store->Scan({}, [&](Exchange&& exchange) {
          EXPECT_EQ(exchange.request, SampleExchange(seen++).request);
          return true;
        }));
        EXPECT_EQ(seen % 50, 0);
      } while (!done);
    });
  }
  for (int i = 50; i < 3'000; i += 50) {
    EXPECT_EQ(writer->Append(SampleBatch(i, i + 50), i % 500 == 0).value(), 50U);
  }
  done = true;
  for (auto& reader : readers) reader.join();
}

TEST(ExchangeWriter, TwoWritersTakeTurns) {
  const TempFolder folder;
  std::vector<std::thread> writers;
  for (int which = 0; which < 2; ++which) {
    writers.emplace_back([&, which] {
      const auto store = MustOpen(folder / "store.db");
      for (int i = 0; i < 2'000; i += 100) {
        const auto added =
            store->Append(SampleBatch(which * 1'000 + i, which * 1'000 + i + 100), false);
        ASSERT_TRUE(added) << added.error().ToString();
      }
    });
  }
  for (auto& writer : writers) writer.join();
  const auto store = MustOpen(folder / "store.db");
  EXPECT_EQ(store->Count({}).value(), 3'000);
  for (const int i : {0, 999, 1'500, 2'999}) {
    ExpectEqual(store->Get(SampleExchange(i).id).value(), SampleExchange(i));
  }
}

}  // namespace
}  // namespace understudy
