#include "store/body_codec.h"

#include <gtest/gtest.h>
#include <zstd.h>

#include <map>

#include "store/dictionary_trainer.h"
#include "store/parts.h"
#include "store/samples.h"
#include "store/schema.h"

namespace understudy {
namespace {

constexpr BodyPlace kPlace{.exchange = "ex_1"};

struct Fixture {
  std::map<int64_t, std::string> dictionaries;
  int asked = 0;
  BodyCodec codec{[this](int64_t id) -> Result<std::string> {
    ++asked;
    const auto found = dictionaries.find(id);
    if (found == dictionaries.end()) return Fail(IoError("no such dictionary"));
    return found->second;
  }};

  std::string Encode(std::string_view plain) {
    std::string stored;
    EXPECT_TRUE(codec.Encode(plain, kPlace, stored));
    return stored;
  }
  Result<std::string> Decode(std::string_view stored) {
    std::string plain = "what was here before";
    TRY_VOID(codec.Decode(stored, kPlace, plain));
    return plain;
  }
  void Train() {
    dictionaries[7] = std::string(40'000, 'd') + SampleExchange(1).request;
    ASSERT_TRUE(codec.UseDictionary(7, dictionaries[7]));
  }
};

TEST(BodyCodec, RoundTripWithAndWithoutDictionary) {
  Fixture fixture;
  for (const bool trained : {false, true}) {
    if (trained) fixture.Train();
    for (const std::string& plain :
         {std::string(), std::string("{}"), std::string(47, 'a'), std::string(48, 'a'),
          SampleExchange(1).request, std::string(10 << 20, 'z'), std::string(5'000, '\0')}) {
      const auto back = fixture.Decode(fixture.Encode(plain));
      ASSERT_TRUE(back) << back.error().ToString();
      EXPECT_TRUE(*back == plain);
    }
  }
}

TEST(BodyCodec, WhatIsStoredInHasteReadsTheSame) {
  Fixture fixture;
  for (const int64_t id : {0, 7, 8}) {
    if (id == 7) fixture.Train();
    if (id == 8) {
      fixture.dictionaries[8] = std::string(40'000, 'e') + SampleExchange(2).request;
      ASSERT_TRUE(fixture.codec.UseDictionary(8, fixture.dictionaries[8]));
    }
    for (const std::string& plain :
         {std::string("{}"), SampleExchange(1).request, SampleExchange(2).request,
          std::string(64, 'a') + SampleExchange(3).request, std::string(10 << 20, 'z')}) {
      std::string stored;
      ASSERT_TRUE(fixture.codec.Encode(plain, kPlace, stored, Effort::kHaste));
      const auto back = fixture.Decode(stored);
      ASSERT_TRUE(back) << back.error().ToString();
      EXPECT_TRUE(*back == plain);
    }
    std::string stored;
    ASSERT_TRUE(fixture.codec.Encode(SampleExchange(2).request, kPlace, stored, Effort::kHaste));
    EXPECT_LT(stored.size(), SampleExchange(2).request.size());
    if (id != 0) EXPECT_EQ(stored[1], static_cast<char>(id));
  }
}

TEST(BodyCodec, MarksHowItStored) {
  Fixture fixture;
  const std::string body = SampleExchange(1).request;
  EXPECT_EQ(fixture.Encode("{}"), std::string("\0{}", 3));
  EXPECT_EQ(fixture.Encode(body)[0], static_cast<char>(CodecId::kZstd));
  const std::string before = fixture.Encode(body);
  fixture.Train();
  const std::string after = fixture.Encode(body);
  EXPECT_EQ(after[0], static_cast<char>(CodecId::kZstdDictionary));
  EXPECT_LT(after.size(), before.size());
  EXPECT_EQ(fixture.Decode(before).value(), body);  // older rows stay readable
}

TEST(BodyCodec, KeepsWhatDoesNotCompressAsItIs) {
  Fixture fixture;
  std::string noise(4'000, '\0');
  uint32_t state = 1;
  for (char& byte : noise)
    byte = static_cast<char>((state = state * 1'664'525 + 1'013'904'223) >> 24);
  EXPECT_EQ(fixture.Encode(noise).size(), noise.size() + 1);
  EXPECT_EQ(fixture.Decode(fixture.Encode(noise)).value(), noise);
}

TEST(BodyCodec, AsksForADictionaryOnce) {
  Fixture fixture;
  fixture.Train();
  const std::string stored = fixture.Encode(SampleExchange(1).request);
  ASSERT_TRUE(fixture.Decode(stored));
  ASSERT_TRUE(fixture.Decode(stored));
  EXPECT_EQ(fixture.asked, 1);
}

TEST(BodyCodec, SaysWhichExchangeIsDamaged) {
  Fixture fixture;
  fixture.Train();
  const std::string stored = fixture.Encode(SampleExchange(1).request);
  for (size_t length = 0; length < stored.size(); ++length) {
    const auto cut = fixture.Decode(stored.substr(0, length));
    ASSERT_FALSE(cut) << length;
    EXPECT_EQ(cut.error().kind, ErrorKind::kIo);
    EXPECT_EQ(cut.error().where, "ex_1");
  }
}

TEST(BodyCodec, NoticesAFlippedBit) {
  Fixture fixture;
  const std::string stored = fixture.Encode(SampleExchange(1).request);
  for (size_t at = 6; at < stored.size(); at += 3) {
    std::string flipped = stored;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
    const auto decoded = fixture.Decode(flipped);
    // Some bits of a zstd frame mean nothing; what is given back must be right.
    EXPECT_EQ(decoded.value_or(SampleExchange(1).request), SampleExchange(1).request);
  }
}

TEST(BodyCodec, RefusesAnUnknownCodecAndAnUnknownDictionary) {
  Fixture fixture;
  EXPECT_FALSE(fixture.Decode("\x63 sealed by a later version"));
  fixture.Train();
  std::string stored = fixture.Encode(SampleExchange(1).request);
  stored[1] = 9;
  EXPECT_FALSE(fixture.Decode(stored));
}

TEST(BodyCodec, DoesNotBelieveAnImpossibleSize) {
  Fixture fixture;
  std::string stored = fixture.Encode(std::string(100'000, 'a'));
  // Frame_Header_Descriptor with an 8-byte Frame_Content_Size (RFC 8878, 3.1.1.1), claiming 200 MB.
  const std::string claim = std::string("\x01\x28\xb5\x2f\xfd\xe0\x00\xc2\xeb\x0b\0\0\0\0", 14);
  const auto decoded = fixture.Decode(claim + stored.substr(10));
  ASSERT_FALSE(decoded);
  EXPECT_NE(decoded.error().message.find("impossible size"), std::string::npos);
}

TEST(BodyCodec, RefusesMoreThanItWouldGiveBack) {
  Fixture fixture;
  const std::string huge(kMaxPlainBytes + 1, 'x');
  std::string stored;
  const auto encoded = fixture.codec.Encode(huge, kPlace, stored);
  ASSERT_FALSE(encoded);
  EXPECT_EQ(encoded.error().kind, ErrorKind::kInvalidInput);
}

}  // namespace
}  // namespace understudy
