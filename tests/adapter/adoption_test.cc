#include "adapter/adoption.h"

#include <sys/resource.h>

#include <csignal>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapter/adapter_fixture.h"
#include "adapter/adapter_registry.h"
#include "base/file.h"
#include "base/ids.h"

namespace understudy::testing {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class AdoptionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(WriteFileAtomically(base_, LlamaBase()));
    ASSERT_TRUE(Train(run_, 1));
  }
  // What a training leaves in `folder`, its adapter told from others by `alpha`.
  Status Train(const fs::path& folder, float alpha) {
    TrainingRecord record;
    record.task = "label-mail";
    record.created_ms = 1'800'000'000'000;
    TRY(record.base, IdentifyBase(base_));
    TRY(const GgufFile base, GgufFile::Open(base_));
    LoraAdapter adapter = LlamaAdapter();
    adapter.alpha = alpha;
    TRY_VOID(WriteAdapterFolder(folder, "", adapter, TensorType::kF32, base, record));
    return WriteFileAtomically(folder / "meta.json", R"({"stage":"tune","hash":"0a1b","seed":7})");
  }
  Adoption From(const fs::path& folder) {
    return {.task = "t-1",
            .file = folder / kAdapterFile,
            .base = base_,
            .by = "refine",
            .at_ms = 1'800'000'100'000,
            .scorecard = "runs/evaluate/1/scorecard.json"};
  }
  json::value Manifest(const AdapterVersion& version) {
    return ParseJson(ReadFile(version.folder / kManifestFile).value()).value();
  }
  bool NothingIsThere() {
    const fs::path home = workspace_ / "adapters/t-1";
    return !fs::exists(home) || fs::is_empty(home);
  }

  TempFolder workspace_;
  fs::path base_ = workspace_ / "base.gguf";
  fs::path run_ = workspace_ / "runs/tune/0a1b";
  AdapterRegistry registry_{workspace_.path()};
};

TEST_F(AdoptionTest, ARunsAdapterOutlivesTheRun) {
  const std::string bytes = ReadFile(run_ / kAdapterFile).value();
  const auto version = registry_.Adopt(From(run_));
  ASSERT_TRUE(version) << version.error().ToString();
  fs::remove_all(workspace_ / "runs");
  EXPECT_EQ(version->folder, workspace_ / "adapters/t-1/v1");
  EXPECT_EQ(ReadFile(version->gguf()).value(), bytes);
  EXPECT_TRUE(CheckAdapterFile(base_, version->gguf()));
  for (const char* file : {"peft/adapter_model.safetensors", "peft/adapter_config.json",
                           "curve.svg", "card.md", "run.json"}) {
    EXPECT_TRUE(fs::exists(version->folder / file)) << file;
  }
  const json::value manifest = Manifest(*version);
  EXPECT_EQ(StringOr(manifest, "task"), "t-1");
  EXPECT_EQ(StringOr(manifest, "version"), "v1");
  EXPECT_EQ(StringOr(manifest.at("base"), "sha256"), Sha256Hex(LlamaBase()));
  const json::value& adopted = manifest.at("adopted");
  EXPECT_EQ(StringOr(adopted, "sha256"), Sha256Hex(bytes));
  EXPECT_EQ(StringOr(adopted, "by"), "refine");
  EXPECT_EQ(StringOr(adopted.at("run"), "hash"), "0a1b");
  EXPECT_TRUE(adopted.at("follows").is_null());
  const std::string card = ReadFile(version->folder / "card.md").value();
  EXPECT_THAT(card, HasSubstr("It fits this file and no other"));
  EXPECT_THAT(card, HasSubstr("Taken over as t-1 v1 on 2027-01-15T08:01:40.000Z by refine"));
}

TEST_F(AdoptionTest, TheSameBytesAreTheSameVersion) {
  ASSERT_TRUE(registry_.Adopt(From(run_)));
  fs::copy(run_, workspace_ / "elsewhere", fs::copy_options::recursive);
  EXPECT_EQ(registry_.Adopt(From(workspace_ / "elsewhere"))->name(), "v1");
  ASSERT_TRUE(Train(workspace_ / "runs/tune/2", 4));
  const auto second = registry_.Adopt(From(workspace_ / "runs/tune/2"));
  ASSERT_TRUE(second) << second.error().ToString();
  EXPECT_EQ(second->name(), "v2");
  EXPECT_EQ(StringOr(Manifest(*second).at("adopted"), "follows"), "v1");
  EXPECT_EQ(registry_.Adopt(From(run_))->name(), "v1");
  EXPECT_EQ(registry_.List("t-1")->size(), 2u);
  EXPECT_FALSE(registry_.Holding("t-1", std::string(64, 'e'))->has_value());
}

// Same matrices, same tokenizer, other weights: a server would take it without a word.
TEST_F(AdoptionTest, AnotherBaseIsRefused) {
  std::string other = LlamaBase();
  other.back() = static_cast<char>(other.back() ^ 1);
  ASSERT_TRUE(WriteFileAtomically(base_, other));
  const auto version = registry_.Adopt(From(run_));
  ASSERT_FALSE(version);
  EXPECT_EQ(version.error().kind, ErrorKind::kInvalidInput);
  EXPECT_THAT(version.error().message,
              HasSubstr("was trained on another base model: on tiny base"));
  EXPECT_THAT(version.error().where, HasSubstr("adapter.gguf"));
  EXPECT_FALSE(CheckAdapterFile(base_, run_ / kAdapterFile));
  EXPECT_TRUE(NothingIsThere());
}

TEST_F(AdoptionTest, AnotherShapeIsRefused) {
  ASSERT_TRUE(WriteFileAtomically(base_, BaseBytes("llama", {{"blk.0.attn_q.weight", 6, 9},
                                                             {"blk.0.attn_k.weight", 6, 4},
                                                             {"blk.1.ffn_down.weight", 10, 6}})));
  const auto version = registry_.Adopt(From(run_));
  ASSERT_FALSE(version);
  EXPECT_THAT(version.error().ToString(), HasSubstr("blk.0.attn_q.weight"));
  EXPECT_TRUE(NothingIsThere());
}

TEST_F(AdoptionTest, WhatIsNotThereOrBrokenIsNamed) {
  const auto missing = registry_.Adopt(From(workspace_ / "nowhere"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(missing.error().where, HasSubstr("nowhere/adapter.gguf"));
  EXPECT_FALSE(missing.error().mend.empty());
  Adoption odd = From(run_);
  odd.base = workspace_ / "none.gguf";
  EXPECT_THAT(registry_.Adopt(odd).error().ToString(), HasSubstr("none.gguf"));
  odd = From(run_);
  odd.task = "../up";
  EXPECT_THAT(registry_.Adopt(odd).error().message, HasSubstr("cannot name a task"));
  ASSERT_TRUE(WriteFileAtomically(run_ / kManifestFile, "{"));
  EXPECT_THAT(registry_.Adopt(From(run_)).error().where, HasSubstr("manifest.json"));
  ASSERT_TRUE(WriteFileAtomically(run_ / kAdapterFile, "GGUF"));
  EXPECT_EQ(registry_.Adopt(From(run_)).error().kind, ErrorKind::kInvalidInput);
  EXPECT_TRUE(NothingIsThere());
}

TEST_F(AdoptionTest, OneWithoutPapersGetsWhatItsFileTells) {
  for (const char* paper : {"manifest.json", "card.md", "curve.svg", "meta.json"}) {
    fs::remove(run_ / paper);
  }
  fs::remove_all(run_ / "peft");
  const auto version = registry_.Adopt(From(run_));
  ASSERT_TRUE(version) << version.error().ToString();
  const json::value manifest = Manifest(*version);
  EXPECT_EQ(StringOr(manifest.at("base"), "sha256"), Sha256Hex(LlamaBase()));
  EXPECT_EQ(IntOr(manifest.at("adapter"), "targets", 0), 3);
  EXPECT_EQ(Find(manifest, "scores"), nullptr) << "nothing is known of them";
  EXPECT_TRUE(manifest.at("adopted").at("run").is_null());
  EXPECT_THAT(ReadFile(version->folder / "card.md").value(), StartsWith("# t-1\n"));
  EXPECT_FALSE(fs::exists(version->folder / "run.json"));
  // From now on it has papers: another base is known to be another.
  std::string other = LlamaBase();
  other.back() = static_cast<char>(other.back() ^ 1);
  ASSERT_TRUE(WriteFileAtomically(base_, other));
  EXPECT_FALSE(CheckAdapterFile(base_, version->gguf()));
}

// As a full disk does, a limit on files' sizes lets a write end in the middle.
TEST_F(AdoptionTest, AWriteThatFailsLeavesNothing) {
  struct rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  struct rlimit small = before;
  small.rlim_cur = 100;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const auto version = registry_.Adopt(From(run_));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, handler);
  ASSERT_FALSE(version);
  EXPECT_EQ(version.error().kind, ErrorKind::kIo);
  EXPECT_THAT(version.error().mend, HasSubstr("see that there is room"));
  EXPECT_TRUE(NothingIsThere());
  EXPECT_EQ(registry_.Adopt(From(run_))->name(), "v1");
}

}  // namespace
}  // namespace understudy::testing
