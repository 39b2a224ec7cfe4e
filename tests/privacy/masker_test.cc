#include "privacy/masker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/json.h"
#include "chat/exchange_json.h"
#include "privacy/json_texts.h"
#include "privacy/scan.h"

namespace understudy {
namespace {

using testing::ContainsRegex;
using testing::EndsWith;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

const Masker& TheMasker() {
  static const Masker masker(MaskKey("a secret of this test"));
  return masker;
}

std::string Mask(std::string text) {
  TheMasker().Mask(text);
  return text;
}

TEST(Masker, SubstitutesAreOfTheSameKindAndShape) {
  EXPECT_THAT(Mask("UtaKortig@jourrapide.com"), MatchesRegex("[a-z.]+[0-9]{2}@example\\.com"));
  EXPECT_THAT(Mask("408-971-8523"), MatchesRegex("[2-7][0-9]{2}-555-01[0-9]{2}"));
  EXPECT_THAT(Mask("(408) 971-8523"), MatchesRegex("\\([0-9]{3}\\) 555-01[0-9]{2}"));
  EXPECT_THAT(Mask("+1-984-182-0190"), MatchesRegex("\\+1-[0-9]{3}-555-01[0-9]{2}"));
  EXPECT_THAT(Mask("+41 (0)96 471 07 95"), MatchesRegex("\\+41 \\(0\\)55 501 [0-9]{2} [0-9]{2}"));
  EXPECT_THAT(Mask("106.31.73.20"), MatchesRegex("198\\.1[89]\\.[0-9.]+"));
  EXPECT_THAT(Mask("2a00:1450:4001:81b::200e"), StartsWith("2001:db8:"));
  EXPECT_THAT(Mask("460-89-9847"), MatchesRegex("000-[0-9]{2}-[0-9]{4}"));
  EXPECT_THAT(Mask("sk-" + std::string("a1B2c3D4e5F6g7H8i9J0k1")),
              MatchesRegex("sk-EXAMPLE[a-z0-9A-Z]{15}"));
  const std::string card = Mask("4454-7945-1139-0933");
  EXPECT_THAT(card, MatchesRegex("4111-11[0-9]{2}-[0-9]{4}-[0-9]{4}"));
  EXPECT_TRUE(PassesLuhn(DigitsOf(card)));
  const std::string iban = Mask("DE89 3704 0044 0532 0130 00");
  EXPECT_THAT(iban, MatchesRegex("DE[0-9]{2} 0000 [0-9]{4} [0-9]{4} [0-9]{4} [0-9]{2}"));
  EXPECT_EQ(FindEntities(iban).entities.size(), 1u);
}

TEST(Masker, EveryNumberOfACardsLengthBecomesATestCard) {
  for (const std::string_view card :
       {"4421521028146", "30288610434735", "347415977307943", "4454794511390933",
        "5239397443814894", "6586108984332171", "3558331500082481", "4131034282458809939"}) {
    const std::string masked = Mask(std::string(card));
    EXPECT_EQ(masked.size(), card.size());
    EXPECT_NE(masked, card);
    EXPECT_TRUE(PassesLuhn(masked)) << masked;
    EXPECT_EQ(Mask(masked), masked);
  }
}

TEST(Masker, OneEntityHasOneSubstituteInEverySpelling) {
  EXPECT_EQ(DigitsOf(Mask("408-971-8523")), DigitsOf(Mask("(408) 971-8523")));
  EXPECT_EQ("+1" + DigitsOf(Mask("408-971-8523")), "+" + DigitsOf(Mask("+1 408-971-8523")));
  EXPECT_EQ(Mask("Ann@Dayrep.com"), Mask("ann@dayrep.com"));
  EXPECT_EQ(DigitsOf(Mask("4454 7945 1139 0933")), Mask("4454794511390933"));
  EXPECT_NE(Mask("408-971-8523"), Mask("408-971-8524"));
}

TEST(Masker, AnotherKeyGivesOtherSubstitutes) {
  std::string text = "ann@dayrep.com";
  Masker(MaskKey("another secret")).Mask(text);
  EXPECT_NE(text, Mask("ann@dayrep.com"));
  EXPECT_NE(MaskKey("a").Fingerprint(), MaskKey("b").Fingerprint());
}

TEST(Masker, EverythingElseStaysByteForByte) {
  const std::string text =
      "{ \"n\" : 1.50e3, \"big\":12345678901234567890, \"u\":\"\\u00e9\\/\\t\", "
      "\"date\":\"2019-03-01\","
      "\n \"mail\" : \"\\u0061nn@dayrep.com\\n\", \"id\":\"call_1_00000_2\" }";
  const std::string masked = Mask(text);
  const size_t at = text.find("\\u0061"), end = text.find("\\n\"");
  EXPECT_THAT(masked, StartsWith(text.substr(0, at)));
  EXPECT_THAT(masked, EndsWith(text.substr(end)));
  EXPECT_TRUE(ParseJson(masked));
  EXPECT_THAT(masked, ContainsRegex("\"mail\" : \"[a-z.0-9]+@example.com\\\\n\""));
  EXPECT_EQ(masked.substr(at, masked.size() - (text.size() - end) - at), Mask("ann@dayrep.com"));
}

TEST(Masker, ReadsThroughEscapesInArgumentsAndResults) {
  // The same address: plain, escaped, in arguments, in a result that is JSON in a string.
  const std::string text =
      R"({"a":"ann@dayrep.com","b":"ann\u0040dayrep.com","arguments":"{\"to\":\"ann@dayrep.com\"}",)"
      R"("content":"[{\"mail\":\"ann\\u0040dayrep.com\",\"n\":7}]"})";
  const json::value masked = ParseJson(Mask(text)).value();
  const std::string mail = Mask("ann@dayrep.com");
  EXPECT_EQ(StringOr(masked, "a"), mail);
  EXPECT_EQ(StringOr(masked, "b"), mail);
  EXPECT_EQ(StringOr(masked, "arguments"), "{\"to\":\"" + mail + "\"}");
  EXPECT_EQ(StringOr(masked, "content"), "[{\"mail\":\"" + mail + "\",\"n\":7}]");
}

Exchange TheExchange(std::string_view said, std::string_view arguments) {
  Exchange exchange;
  exchange.id = "e1";
  exchange.request =
      json::serialize(json::object{{"messages", {{{"role", "user"}, {"content", said}}}}});
  exchange.response = json::serialize(json::object{
      {"choices",
       {{{"message",
          {{"role", "assistant"},
           {"tool_calls",
            {{{"id", "c"}, {"function", {{"name", "f"}, {"arguments", arguments}}}}}}}}}}}});
  return exchange;
}

json::value ArgumentsOf(const Exchange& exchange) {
  const json::value body = ParseJson(exchange.response).value();
  return ParseJson(
             body.at_pointer("/choices/0/message/tool_calls/0/function/arguments").as_string())
      .value();
}
std::string SaidIn(const Exchange& exchange) {
  return std::string(
      ParseJson(exchange.request).value().at_pointer("/messages/0/content").as_string());
}

TEST(Masker, AnArgumentThatCopiesTheRequestStillDoes) {
  Exchange exchange = TheExchange("Text 408-971-8523, pay with 4454 7945 1139 0933.",
                                  R"({"to":"408-971-8523","card":4454794511390933,"n":2})");
  EXPECT_EQ(TheMasker().Mask(exchange).total(), 4);
  const json::value arguments = ArgumentsOf(exchange);
  EXPECT_THAT(SaidIn(exchange), HasSubstr(StringOr(arguments, "to")));
  EXPECT_EQ(DigitsOf(SaidIn(exchange).substr(SaidIn(exchange).find("with"))),
            std::to_string(IntOr(arguments, "card", 0)));
  EXPECT_EQ(IntOr(arguments, "n", 0), 2);
}

TEST(Masker, WhatOnePlaceGivesAwayIsMaskedEverywhere) {
  Exchange exchange =
      TheExchange("My phone is 0490 75 40 81, password: a1B2c3D4e5F6g7H8",
                  R"({"value":"0490754081","again":"a1B2c3D4e5F6g7H8","x":"0490754082"})");
  TheMasker().Mask(exchange);
  const json::value arguments = ArgumentsOf(exchange);
  EXPECT_EQ(DigitsOf(SaidIn(exchange)).substr(0, 10), StringOr(arguments, "value"));
  EXPECT_THAT(SaidIn(exchange), EndsWith(StringOr(arguments, "again")));
  EXPECT_THAT(std::string(StringOr(arguments, "again")), StartsWith("EXAMPLE"));
  EXPECT_EQ(StringOr(arguments, "x"), "0490754082");
}

TEST(Masker, CoversEveryTextOfAnExchange) {
  const std::string mail = "ann@dayrep.com";
  auto exchange = ParseExchangeLine(
      R"({"id":"ann@dayrep.com","session":"s ann@dayrep.com","request":{"messages":[{"role":"user",)"
      R"("content":"ann@dayrep.com"}],"metadata":{"ann@dayrep.com":1}},"response":{"x":"ann@dayrep.com"},)"
      R"("answers":[{"response":{"y":"ann@dayrep.com"},"error":"no ann@dayrep.com"}],"truth":"ann@dayrep.com"})");
  ASSERT_TRUE(exchange);
  TheMasker().Mask(*exchange);
  const std::string line = FormatExchangeLine(*exchange);
  EXPECT_THAT(line, Not(HasSubstr("dayrep")));
  EXPECT_TRUE(ParseExchangeLine(line));
}

TEST(Masker, PrivateKeysKeepTheirLines) {
  const std::string text =
      "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\nqhkiG9w0\n"
      "-----END PRIVATE KEY-----";
  const std::string masked = Mask(text);
  EXPECT_THAT(masked, StartsWith("-----BEGIN PRIVATE KEY-----\nEXAMPLE"));
  EXPECT_EQ(masked.size(), text.size());
  EXPECT_THAT(masked, Not(HasSubstr("qhkiG9w0")));
  EXPECT_EQ(Mask(masked), masked);
}

TEST(Masker, TextThatIsNoJsonIsText) {
  EXPECT_THAT(Mask("{\"a\": ann@dayrep.com"), Not(HasSubstr("dayrep")));
  EXPECT_THAT(Mask("[see ann@dayrep.com]"), Not(HasSubstr("dayrep")));
  EXPECT_EQ(Mask(""), "");
}

// Random texts of the pieces that the scanners look for.
std::string RandomText(std::mt19937& random) {
  constexpr std::string_view kPieces[] = {"ann",
                                          "@",
                                          "dayrep.com",
                                          "408",
                                          "-",
                                          " ",
                                          "971",
                                          "8523",
                                          "+41",
                                          "(0)",
                                          "4454794511390933",
                                          "GB56HXDO88167774656119",
                                          "106.31.73.20",
                                          ".",
                                          "phone ",
                                          "call ",
                                          "card ",
                                          "460-89-9847",
                                          "token=",
                                          "a1B2c3D4e5F6g7H8",
                                          "sk-a1B2c3D4e5F6g7H8i9J0k1",
                                          "\\n",
                                          "0",
                                          "x",
                                          "/",
                                          ":",
                                          "2a00:1450::5",
                                          "\xC3\xA9",
                                          "\n",
                                          "eyJ",
                                          "0490 75 40 81",
                                          "\"",
                                          "{",
                                          "}",
                                          "-----BEGIN"};
  std::string text;
  for (unsigned i = random() % 12; i > 0; --i) text += kPieces[random() % std::size(kPieces)];
  return text;
}

TEST(Masker, MaskingTwiceChangesNothing) {
  std::mt19937 random(7);
  for (int i = 0; i < 30'000; ++i) {
    const std::string text = RandomText(random);
    const std::string once = Mask(text);
    ASSERT_EQ(Mask(once), once) << text;
  }
}

TEST(Masker, JsonStaysJson) {
  std::mt19937 random(8);
  for (int i = 0; i < 10'000; ++i) {
    const std::string inner =
        json::serialize(json::object{{RandomText(random), RandomText(random)}});
    const std::string text = json::serialize(
        json::object{{"a", RandomText(random)}, {"b", json::array{inner, 4454794511390933, 1.5}}});
    const std::string masked = Mask(text);
    const auto parsed = ParseJson(masked);
    ASSERT_TRUE(parsed) << text << "\n" << masked;
    ASSERT_TRUE(ParseJson(parsed->at_pointer("/b/0").as_string())) << masked;
  }
}

TEST(JsonTexts, KnowsKeysTextsAndNumbers) {
  const std::string text = R"( {"a" : "b\n", "c":[12, -3, 1.5, true, {"d":null}]} )";
  const auto texts = JsonTexts(text);
  ASSERT_TRUE(texts);
  std::string all;
  for (const JsonText& found : *texts) {
    all += fmt::format("{}{}={} ", found.is_key ? "k" : "", found.is_number ? "n" : "",
                       text.substr(found.begin, found.end - found.begin));
  }
  EXPECT_EQ(all, "k=a =b\\n k=c n=12 k=d ");
  for (const std::string_view no :
       {"", "x", "\"a\"", "12", "{", "[}", "{\"a}", "[abc]", "[\"\\x\"]"}) {
    EXPECT_EQ(JsonTexts(no).has_value(), no == "[}") << no;  // tokens alone are looked at
  }
}

TEST(JsonTexts, DecodesWithTheSourceOfEveryByte) {
  const DecodedText decoded = DecodeWithSource(R"(a\u00e9\ud83d\ude00\"z)");
  EXPECT_EQ(decoded.text, "a\xC3\xA9\xF0\x9F\x98\x80\"z");
  EXPECT_THAT(decoded.source, testing::ElementsAre(0, 1, 1, 7, 7, 7, 7, 19, 21, 22));
}

}  // namespace
}  // namespace understudy
