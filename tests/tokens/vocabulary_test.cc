#include "tokens/vocabulary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tokens/learn_vocabulary.h"
#include "tokens/tokenizer.h"

namespace understudy {
namespace {

using ::testing::HasSubstr;

std::string FileWith(const std::function<void(GgufWriter&)>& fill) {
  GgufWriter writer;
  fill(writer);
  return writer.Build().value();
}

Error ReadError(const std::string& bytes) {
  const GgufFile file = GgufFile::Parse(bytes, "x").value();
  const auto vocabulary = ReadVocabulary(file);
  EXPECT_FALSE(vocabulary.has_value());
  return vocabulary ? Error{} : vocabulary.error();
}

TEST(Vocabulary, ComesBackFromAFile) {
  Vocabulary vocabulary = BytesAndSpecials();
  vocabulary.tokens.emplace_back("Ġt");
  vocabulary.kinds.push_back(TokenKind::kNormal);
  vocabulary.merges.emplace_back("Ġ t");
  vocabulary.adds_begin = true;
  const std::string bytes = FileWith([&](GgufWriter& w) { WriteVocabulary(vocabulary, w); });
  const GgufFile file = GgufFile::Parse(bytes, "x").value();
  const auto read = ReadVocabulary(file);
  ASSERT_TRUE(read.has_value()) << read.error().ToString();
  EXPECT_EQ(read->tokens, vocabulary.tokens);
  EXPECT_EQ(read->kinds, vocabulary.kinds);
  EXPECT_EQ(read->merges, vocabulary.merges);
  EXPECT_EQ(read->end, 258);
  EXPECT_EQ(read->begin, 256);
  EXPECT_EQ(read->padding, 256);
  EXPECT_TRUE(read->adds_begin);
  EXPECT_TRUE(Tokenizer::FromGguf(file).has_value());
}

TEST(Vocabulary, OtherTokenizersAreNamed) {
  const Error other =
      ReadError(FileWith([](GgufWriter& w) { w.Set("tokenizer.ggml.model", "t5"); }));
  EXPECT_EQ(other.kind, ErrorKind::kUnsupported);
  EXPECT_THAT(other.message, HasSubstr("tokenizer.ggml.model is \"t5\""));
  const Error pre = ReadError(FileWith([](GgufWriter& w) {
    w.Set("tokenizer.ggml.model", "gpt2");
    w.Set("tokenizer.ggml.pre", "llama-bpe");
  }));
  EXPECT_THAT(pre.message, HasSubstr("\"llama-bpe\"; only \"qwen2\""));
  EXPECT_THAT(ReadError(FileWith([](GgufWriter& w) { w.Set("x", true); })).message,
              HasSubstr("(none)"));
}

TEST(Vocabulary, BrokenOnesAreRefused) {
  const auto with = [](const std::function<void(GgufWriter&)>& fill) {
    return ReadError(FileWith([&](GgufWriter& w) {
             w.Set("tokenizer.ggml.model", "gpt2");
             w.Set("tokenizer.ggml.pre", "qwen2");
             fill(w);
           }))
        .message;
  };
  const std::vector<std::string> tokens{"a", "b"}, merges{"a b"};
  EXPECT_THAT(with([](GgufWriter&) {}), HasSubstr("tokenizer.ggml.tokens is missing"));
  EXPECT_THAT(with([&](GgufWriter& w) { w.Set("tokenizer.ggml.tokens", tokens); }),
              HasSubstr("tokenizer.ggml.merges is missing"));
  const auto both = [&](GgufWriter& w) {
    w.Set("tokenizer.ggml.tokens", tokens);
    w.Set("tokenizer.ggml.merges", merges);
  };
  EXPECT_THAT(with([&](GgufWriter& w) {
                both(w);
                w.Set("tokenizer.ggml.token_type", std::vector<int32_t>{1});
              }),
              HasSubstr("2 tokens but 1 token types"));
  EXPECT_THAT(with([&](GgufWriter& w) {
                both(w);
                w.Set("tokenizer.ggml.token_type", std::vector<int32_t>{1, 9});
              }),
              HasSubstr("unknown type 9"));
  EXPECT_THAT(with([&](GgufWriter& w) {
                both(w);
                w.Set("tokenizer.ggml.eos_token_id", uint32_t{2});
              }),
              HasSubstr("eos_token_id is no token of its 2"));
}

TEST(Vocabulary, EveryByteHasItsSpelling) {
  EXPECT_EQ(ByteSpellings()[' '], "Ġ");
  EXPECT_EQ(ByteSpellings()['\n'], "Ċ");
  EXPECT_EQ(ByteSpellings()['a'], "a");
  EXPECT_EQ(ByteSpellings()[0xFF], "ÿ");
  std::string spelled, bytes;
  for (size_t byte = 0; byte < 256; ++byte) {
    spelled += ByteSpellings()[byte];
    bytes += static_cast<char>(byte);
  }
  EXPECT_EQ(BytesOfSpelling(spelled), bytes);
  EXPECT_EQ(BytesOfSpelling("日Ġ"), "日 ");
}

}  // namespace
}  // namespace understudy
