#include "store/dictionary_trainer.h"

#include <gtest/gtest.h>

#include "store/body_codec.h"
#include "store/samples.h"

namespace understudy {
namespace {

std::string Noise(int seed, size_t size) {
  std::string noise(size, '\0');
  auto state = static_cast<uint32_t>(seed);
  for (char& byte : noise)
    byte = static_cast<char>((state = state * 1'664'525 + 1'013'904'223) >> 24);
  return noise;
}

// Offers bodies as a store without dictionary would have stored them, until training begins.
int OfferUntilTraining(DictionaryTrainer& trainer, int from, int to) {
  BodyCodec codec([](int64_t) -> Result<std::string> { return Fail(IoError("none")); });
  std::string stored;
  for (int i = from; i < to; ++i) {
    if (trainer.training()) return i;
    const std::string body = SampleExchange(i).request;
    EXPECT_TRUE(codec.Encode(body, {}, stored));
    trainer.Offer(body, stored.size());
  }
  return to;
}

TEST(DictionaryTrainer, TrainsAfterAThousandBodies) {
  DictionaryTrainer trainer(0);
  EXPECT_EQ(OfferUntilTraining(trainer, 0, 2000), 1000);
  trainer.Wait();
  const auto trained = trainer.Take();
  ASSERT_TRUE(trained);
  EXPECT_GT(trained->ratio, 5);
  EXPECT_GT(trained->bytes.size(), 1'000U);
  EXPECT_FALSE(trainer.Take()) << "only once";
}

TEST(DictionaryTrainer, TakesNoneThatDoesNotHelp) {
  DictionaryTrainer trainer(0);
  for (int i = 0; i < 1000; ++i) trainer.Offer(Noise(i, 500), 501);
  ASSERT_TRUE(trainer.training());
  trainer.Wait();
  EXPECT_FALSE(trainer.Take());
  for (int i = 0; i < 30'000; ++i) trainer.Offer(std::string_view("0123456789", 10), 10);
  EXPECT_FALSE(trainer.training()) << "and does not try for ever";
}

TEST(DictionaryTrainer, ABodyLargerThanASampleIsCut) {
  DictionaryTrainer trainer(0);
  const std::string large(1 << 20, 'x');
  for (int i = 0; i < 200 && !trainer.training(); ++i) trainer.Offer(large, 100);
  EXPECT_TRUE(trainer.training()) << "8 MiB of samples are enough";
}

TEST(DictionaryTrainer, TrainsAgainOnlyWhenTheRatioFalls) {
  DictionaryTrainer trainer(6.0);
  const std::string body(600, 'b');
  for (int i = 0; i < 5 * 4'096; ++i) trainer.Offer(body, 110);  // 5.5: near enough
  ASSERT_FALSE(trainer.training());
  int offered = 0;
  while (!trainer.training() && offered < 20'000) {
    trainer.Offer(SampleExchange(offered++).request, 1'000);
  }
  EXPECT_TRUE(trainer.training());
  EXPECT_EQ(offered, 4'096 + 1'000);  // a whole window, then the samples
  trainer.Wait();
  EXPECT_TRUE(trainer.Take());
}

}  // namespace
}  // namespace understudy
