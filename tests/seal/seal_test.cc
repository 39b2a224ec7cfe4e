#include "seal/seal.h"

#include <gtest/gtest.h>
#include <sodium.h>

namespace understudy {
namespace {

TEST(Seal, OpensWhatItSealedAndNothingElse) {
  const auto key = SecretKey::Random(), other = SecretKey::Random();
  for (const size_t size : {size_t{0}, size_t{1}, size_t{63}, size_t{5'000}}) {
    const std::string plain(size, 'p');
    std::string sealed = "head", opened = "old";
    AppendSealed(key, plain, "context", sealed);
    ASSERT_EQ(sealed.substr(0, 4), "head");
    const std::string_view body = std::string_view(sealed).substr(4);
    EXPECT_EQ(body.size(), size + kSealOverheadBytes);
    ASSERT_TRUE(OpenSealed(key, body, "context", opened));
    EXPECT_EQ(opened, plain);
    EXPECT_FALSE(OpenSealed(other, body, "context", opened));
    EXPECT_FALSE(OpenSealed(key, body, "contexT", opened));
    EXPECT_TRUE(opened.empty());
  }
}

TEST(Seal, EveryBitCounts) {
  const auto key = SecretKey::Random();
  std::string sealed, opened;
  AppendSealed(key, "text", "c", sealed);
  for (size_t i = 0; i < sealed.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string altered = sealed;
      altered[i] = static_cast<char>(altered[i] ^ (1 << bit));
      EXPECT_FALSE(OpenSealed(key, altered, "c", opened));
    }
    EXPECT_FALSE(OpenSealed(key, std::string_view(sealed).substr(0, i), "c", opened));
  }
}

TEST(Seal, TheSameTextIsNeverTheSameBytes) {
  const auto key = SecretKey::Random();
  std::string one, two;
  AppendSealed(key, "text", "c", one);
  AppendSealed(key, "text", "c", two);
  EXPECT_NE(one, two);
}

// draft-irtf-cfrg-xchacha-03, A.3.1: what we write is the published algorithm.
TEST(Seal, IsThePublishedAlgorithm) {
  const auto hex = [](std::string_view digits) {
    std::string bytes(digits.size() / 2, '\0');
    sodium_hex2bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), digits.data(),
                   digits.size(), nullptr, nullptr, nullptr);
    return bytes;
  };
  const auto key =
      SecretKey::From(hex("808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"));
  const std::string sealed = hex(
      "404142434445464748494a4b4c4d4e4f5051525354555657"
      "bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb731c7f1b0b4aa6440bf3a82f4e"
      "da7e39ae64c6708c54c216cb96b72e1213b4522f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2"
      "383565d3fff921f9664c97637da9768812f615c68b13b52e"
      "c0875924c1c7987947deafd8780acf49");
  std::string opened;
  ASSERT_TRUE(OpenSealed(*key, sealed, hex("50515253c0c1c2c3c4c5c6c7"), opened));
  EXPECT_TRUE(opened.starts_with("Ladies and Gentlemen of the class of '99"));
}

}  // namespace
}  // namespace understudy
