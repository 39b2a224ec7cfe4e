#include "store/parts.h"

#include <gtest/gtest.h>

#include "store/varint.h"

namespace understudy {
namespace {

using Parts = std::vector<std::string_view>;

std::string Packed(const Parts& parts) {
  std::string out = "what was here before";
  PackParts(parts, out);
  return out;
}

TEST(Varint, GivesBackEveryLength) {
  for (const uint64_t value :
       {uint64_t{0}, uint64_t{127}, uint64_t{128}, uint64_t{1} << 35, UINT64_MAX - 1, UINT64_MAX}) {
    std::string bytes;
    AppendVarint(bytes, value);
    std::string_view rest = bytes;
    EXPECT_EQ(TakeVarint(rest), value);
    EXPECT_TRUE(rest.empty());
  }
}

TEST(Varint, RefusesWhatIsCutOrTooLong) {
  for (const std::string& bytes : {std::string(), std::string("\x80"), std::string(10, '\xff'),
                                   std::string(9, '\xff') + "\x02"}) {
    std::string_view rest = bytes;
    EXPECT_FALSE(TakeVarint(rest));
  }
}

TEST(Parts, RoundTrip) {
  const std::string zeros(3, '\0');
  for (const Parts& parts : {Parts{}, Parts{""}, Parts{"", "", ""}, Parts{"a", "", "bc"},
                             Parts{zeros, "x", zeros, "x", zeros}}) {
    const std::string packed = Packed(parts);
    const auto unpacked = UnpackParts(packed);
    ASSERT_TRUE(unpacked);
    EXPECT_EQ(*unpacked, parts);
  }
}

TEST(Parts, KeepsEqualOnesOnce) {
  const std::string large(1000, 'r');
  EXPECT_LT(Packed({"request", large, large, large}).size(), 1030U);
}

TEST(Parts, RefusesBytesThatAreTooFewOrTooMany) {
  const std::string packed = Packed({"one", "two", "one"});
  for (size_t length = 0; length < packed.size(); ++length) {
    EXPECT_FALSE(UnpackParts(packed.substr(0, length))) << length;
  }
  EXPECT_FALSE(UnpackParts(packed + "x"));
}

TEST(Parts, RefusesAReferenceToItselfOrAhead) {
  EXPECT_FALSE(UnpackParts(std::string("\x01\x01", 2)));      // part 0 like part 0
  EXPECT_FALSE(UnpackParts(std::string("\x02\x03\x00", 3)));  // part 0 like part 1
}

TEST(Parts, RefusesRepeatsThatAddUpToGigabytes) {
  const std::string large(2 << 20, 'x');
  std::string bomb;
  AppendVarint(bomb, 1001);
  AppendVarint(bomb, large.size() << 1);
  for (int i = 0; i < 1000; ++i) AppendVarint(bomb, 1);
  EXPECT_FALSE(UnpackParts(bomb + large));
}

}  // namespace
}  // namespace understudy
