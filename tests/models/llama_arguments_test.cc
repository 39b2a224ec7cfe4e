#include "models/llama_arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace understudy {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::Not;

std::string Joined(const LlamaSetup& setup, const std::vector<std::string>& links) {
  return fmt::format("{}", fmt::join(LlamaArguments(setup, "/s.sock", links), " "));
}

TEST(LlamaArguments, LoadEveryAdapterAtZeroAndTurnTheSharedCacheOff) {
  LlamaSetup setup;
  setup.program = "/bin/llama-server";
  setup.name = "m";
  setup.slots = 3;
  setup.context = 1000;
  const std::string line = Joined(setup, {"/x/a0.gguf", "/x/a1.gguf"});
  EXPECT_THAT(line, HasSubstr("--lora-scaled /x/a0.gguf:0,/x/a1.gguf:0"));
  EXPECT_THAT(line, HasSubstr("-cram 0"));
  EXPECT_THAT(line, HasSubstr("-np 3 -c 3000"));
  EXPECT_THAT(line, HasSubstr("--host /s.sock"));
  EXPECT_THAT(line, HasSubstr("--alias m"));
  EXPECT_THAT(line, Not(HasSubstr("--embeddings")));
}

TEST(LlamaArguments, EmbeddingsHaveOneSlotAndNoAdapters) {
  LlamaSetup setup;
  setup.embeddings = true;
  setup.context = 1000;
  const std::string line = Joined(setup, {"/x/a0.gguf"});
  EXPECT_THAT(line, HasSubstr("--embeddings --pooling mean -np 1 -c 1000 -b 1000 -ub 1000"));
  EXPECT_THAT(line, Not(HasSubstr("--lora")));
}

TEST(LlamaArguments, ExtraArgumentsComeLastAndMayNotUndoOurs) {
  LlamaSetup setup;
  setup.extra = {"--flash-attn", "on"};
  EXPECT_THAT(Joined(setup, {}), HasSubstr(" --flash-attn on"));
  EXPECT_TRUE(CheckExtraArguments(setup.extra).has_value());
  for (const char* bad : {"--host", "-cram", "--lora", "--api-key", "-np", "--tools", "--host=x"}) {
    EXPECT_FALSE(CheckExtraArguments({"--x", bad}).has_value()) << bad;
  }
}

}  // namespace
}  // namespace understudy
