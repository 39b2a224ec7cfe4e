#include "adapter/adapter_registry.h"

#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "adapter/adapter_fixture.h"
#include "adapter/lora_gguf.h"
#include "base/file.h"
#include "base/ids.h"
#include "support/golden.h"

namespace understudy::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TrainingRecord MakeRecord() {
  TrainingRecord record;
  record.task = "labels";
  record.created_ms = 1'800'000'000'000;
  record.minutes = 12.25;
  record.base = {
      "tiny base",          "tiny.gguf",          "llama",     12345, std::string(64, 'a'),
      std::string(64, 'b'), std::string(64, 'c'), "apache-2.0"};
  record.data.push_back({"train", "data.jsonl", std::string(64, 'd'), "cc-by-sa-4.0",
                         ParseJson(R"({"rows":100,"used":90,"tokens":12000,"skipped":)"
                                   R"({"duplicate":{"rows":10,"first_line":3}}})")
                             ->as_object()});
  record.settings = {{"rank", 16}, {"lr", 0.002}, {"targets", "all"}};
  record.before =
      ParseJson(R"({"total":20,"right":1,"kinds":{"label":{"total":20,"right":1}}})")->as_object();
  record.after = ParseJson(R"({"total":20,"right":19,"kinds":{"label":{"total":20,"right":19}}})")
                     ->as_object();
  record.curves = {{"train", {{0, 3.5}, {100, 0.5}}}, {"valid", {{100, 0.625}}}};
  record.lineage = {"labels/v1"};
  return record;
}

class AdapterRegistryTest : public ::testing::Test {
 protected:
  Result<AdapterVersion> Publish(const std::string& task = "labels") {
    TrainingRecord record = MakeRecord();
    record.task = task;
    return registry_.Publish(LlamaAdapter(), TensorType::kF32, base_, record);
  }

  TempFolder workspace_;
  AdapterRegistry registry_{workspace_.path()};
  std::string base_bytes_ = LlamaBase();
  GgufFile base_ = GgufFile::Parse(base_bytes_, "base").value();
};

TEST_F(AdapterRegistryTest, PublishesNumberedVersions) {
  const auto first = Publish();
  ASSERT_TRUE(first.has_value()) << first.error().ToString();
  EXPECT_EQ(first->folder, workspace_.path() / "adapters/labels/v1");
  EXPECT_EQ(Publish()->name(), "v2");
  EXPECT_EQ(Publish("other")->name(), "v1");
  for (const char* file : {"adapter.gguf", "peft/adapter_model.safetensors",
                           "peft/adapter_config.json", "card.md", "manifest.json", "curve.svg"}) {
    EXPECT_TRUE(std::filesystem::exists(first->folder / file)) << file;
  }
  const auto adapter = GgufFile::Open(first->gguf());
  ASSERT_TRUE(adapter.has_value());
  EXPECT_EQ(ReadLoraGguf(*adapter)->tensors.size(), 3u);

  const auto all = registry_.List();
  ASSERT_TRUE(all.has_value());
  std::vector<std::string> names;
  for (const AdapterVersion& version : *all) names.push_back(version.task + "/" + version.name());
  EXPECT_THAT(names, ElementsAre("labels/v1", "labels/v2", "other/v1"));
  EXPECT_EQ(registry_.Latest("labels")->number, 2u);
  EXPECT_THAT(registry_.Latest("none").error().ToString(), HasSubstr("There are: labels, other."));
}

TEST_F(AdapterRegistryTest, WhatIsNoVersionIsLeftOut) {
  EXPECT_TRUE(registry_.List()->empty());
  ASSERT_TRUE(Publish().has_value());
  std::filesystem::create_directories(workspace_.path() / "adapters/labels/.new-1");
  std::filesystem::create_directories(workspace_.path() / "adapters/labels/v01");
  std::filesystem::create_directories(workspace_.path() / "adapters/labels/v9");  // without files
  EXPECT_EQ(registry_.List("labels")->size(), 1u);
  EXPECT_EQ(Publish()->name(), "v10");
}

TEST_F(AdapterRegistryTest, ManyAtOnceGetNumbersOfTheirOwn) {
  std::vector<std::thread> threads;
  std::atomic<int> published = 0;
  for (int i = 0; i < 6; ++i) {
    threads.emplace_back([&] {
      for (int n = 0; n < 3; ++n) published += Publish().has_value();
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(published, 18);
  const auto versions = registry_.List("labels");
  ASSERT_EQ(versions->size(), 18u);
  for (const AdapterVersion& version : *versions) {
    const auto manifest = ParseJson(ReadFile(version.folder / kManifestFile).value());
    EXPECT_EQ(StringOr(*manifest, "version"), version.name());
  }
  for (const auto& entry :
       std::filesystem::directory_iterator(workspace_.path() / "adapters/labels")) {
    EXPECT_THAT(entry.path().filename().string(), Not(HasSubstr(".new")));
  }
}

TEST_F(AdapterRegistryTest, AFailureLeavesNothing) {
  TrainingRecord record = MakeRecord();
  LoraAdapter wrong = LlamaAdapter();
  wrong.tensors[0].base_name = "blk.9.attn_q.weight";
  EXPECT_FALSE(registry_.Publish(wrong, TensorType::kF32, base_, record).has_value());
  EXPECT_TRUE(std::filesystem::is_empty(workspace_.path() / "adapters/labels"));
  for (const char* task : {"", "../up", ".hidden", "a/b", "-x"}) {
    EXPECT_FALSE(Publish(task).has_value()) << task;
  }
}

TEST_F(AdapterRegistryTest, WithoutACounterpartThereIsNoPeft) {
  const std::string bytes = BaseBytes("mystery", {{"blk.0.attn_q.weight", 6, 8}});
  const GgufFile base = GgufFile::Parse(bytes, "base").value();
  TrainingRecord record = MakeRecord();
  const LoraAdapter adapter{"mystery", "", 8, {MakeTensor("blk.0.attn_q.weight", 6, 8, 2)}};
  const auto version = registry_.Publish(adapter, TensorType::kF16, base, record);
  ASSERT_TRUE(version.has_value()) << version.error().ToString();
  EXPECT_FALSE(std::filesystem::exists(version->folder / "peft"));
  const auto manifest = ParseJson(ReadFile(version->folder / kManifestFile).value());
  EXPECT_THAT(std::string(StringOr(*manifest, "without_peft")), HasSubstr("mystery"));
}

TEST(TrainingRecord, CardAndManifestSayEverything) {
  TrainingRecord record = MakeRecord();
  record.summary = {8, 3, 2, 3, 96};
  EXPECT_TRUE(MatchesGolden("adapter/golden/card.md", MakeCard(record, "v2")));
  EXPECT_TRUE(
      MatchesGolden("adapter/golden/manifest.json", PrettyJson(MakeManifest(record, "v2"))));
  const auto back = ParseJson(PrettyJson(MakeManifest(record, "v2")));
  ASSERT_TRUE(back.has_value());
  EXPECT_TRUE(SameJson(*back, MakeManifest(record, "v2")));
}

TEST(BaseIdentity, TellsBasesApart) {
  const TempFolder folder;
  const auto path = folder.path() / "base.gguf";
  ASSERT_TRUE(WriteFileAtomically(path, LlamaBase()).has_value());
  const auto base = IdentifyBase(path);
  ASSERT_TRUE(base.has_value()) << base.error().ToString();
  EXPECT_EQ(base->name, "tiny base");
  EXPECT_EQ(base->licence, "apache-2.0");
  EXPECT_EQ(base->sha256, Sha256Hex(LlamaBase()));
  EXPECT_EQ(base->template_sha256, Sha256Hex("{{ messages }}"));
  EXPECT_EQ(base->tokenizer_sha256.size(), 64u);
  // Other weights, the same tokenizer.
  const auto other = folder.path() / "other.gguf";
  ASSERT_TRUE(
      WriteFileAtomically(other, BaseBytes("llama", {{"blk.0.attn_q.weight", 2, 2}})).has_value());
  EXPECT_NE(IdentifyBase(other)->sha256, base->sha256);
  EXPECT_EQ(IdentifyBase(other)->tokenizer_sha256, base->tokenizer_sha256);
  EXPECT_FALSE(IdentifyBase(folder.path() / "none.gguf").has_value());
  EXPECT_FALSE(HashFile(folder.path()).has_value());
}

}  // namespace
}  // namespace understudy::testing
