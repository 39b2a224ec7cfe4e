#include "models/log_ring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy {
namespace {

using ::testing::ElementsAre;

TEST(LogRing, JoinsPiecesAndKeepsTheLastLines) {
  LogRing ring;
  ring.Feed("on");
  ring.Feed("e\ntw");
  ring.Feed("o\n\nthree");
  EXPECT_THAT(ring.Lines(), ElementsAre("one", "two", "three"));
  for (size_t i = 0; i < 3 * LogRing::kMostLines; ++i) ring.Feed("x\n");
  EXPECT_LE(ring.Lines().size(), LogRing::kMostLines + 1);
  ring.Clear();
  EXPECT_TRUE(ring.Lines().empty());
}

TEST(LogRing, CutsLongLines) {
  LogRing ring;
  std::string line(size_t{1} << 20, 'x');
  line += '\n';
  ring.Feed(line);
  EXPECT_EQ(ring.Lines()[0].size(), LogRing::kLongestLine);
}

TEST(LogRing, ReasonIsTheMostTellingLine) {
  LogRing ring;
  EXPECT_EQ(ring.Reason(), "");
  ring.Feed("0.00.002 I srv: listening\n");
  EXPECT_EQ(ring.Reason(), "") << "an ordinary line is no reason";
  ring.Feed("loader: cannot open libx.so\n");
  EXPECT_EQ(ring.Reason(), "loader: cannot open libx.so");
  ring.Feed("0.00.011.145 E gguf_init: failed to read\n");
  EXPECT_EQ(ring.Reason(), "gguf_init: failed to read");
  ring.Feed("0.00.011.147 E llama_model_load: error loading model: cut short\n");
  ring.Feed("0.00.011.148 E srv: exiting due to model loading error\n");
  EXPECT_EQ(ring.Reason(), "llama_model_load: error loading model: cut short");
}

}  // namespace
}  // namespace understudy
