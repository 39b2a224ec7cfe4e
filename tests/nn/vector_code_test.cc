#include "nn/vector_code.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace understudy::nn {
namespace {

constexpr float kMax = std::numeric_limits<float>::max();

TEST(FastExp, IsWithinThreeUnitsInTheLastPlace) {
  for (float x = -87; x < 88; x += 0.0137F) {
    const double exact = std::exp(static_cast<double>(x));
    const auto unit = static_cast<double>(std::nextafter(static_cast<float>(exact), kMax)) -
                      static_cast<double>(static_cast<float>(exact));
    ASSERT_LE(std::abs(static_cast<double>(FastExp(x)) - exact), 3 * unit) << x;
  }
}

TEST(FastExp, OfExtremesStaysFinite) {
  EXPECT_EQ(FastExp(0), 1.0F);
  EXPECT_LT(FastExp(-1e30F), 2e-38F);
  EXPECT_GT(FastExp(1e30F), 2e38F);
  EXPECT_TRUE(std::isfinite(FastExp(std::numeric_limits<float>::infinity())));
  EXPECT_TRUE(std::isnan(FastExp(std::numeric_limits<float>::quiet_NaN())));
}

TEST(Floats, AddUp) {
  Floats v;
  for (int i = 0; i < 16; ++i) v[i] = static_cast<float>(1 << i);
  EXPECT_EQ(Sum(v), 65535.0F);
}

}  // namespace
}  // namespace understudy::nn
