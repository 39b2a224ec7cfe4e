// `understudy gguf`: show, check, diff.
#include "base/file.h"
#include "base/json.h"
#include "cli/run_cli.h"
#include "gguf/convert.h"
#include "gguf/writer.h"
#include "models/selftest_model.h"
#include "support/tiny_model.h"

namespace understudy {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::understudy::testing::TinyModel;

class GgufCommand : public ::testing::Test {
 protected:
  // A file of one tensor, "t", of 64 values, and the key "k".
  std::string Write(std::string_view name, std::string_view text, std::vector<float> values,
                    TensorType type = TensorType::kF32) {
    GgufWriter writer;
    writer.Set("k", text);
    const std::string bytes = EncodeTensor(values, type).value();
    const std::vector<uint64_t> shape{32, values.size() / 32};
    writer.AddTensor("t", shape, type, bytes);
    const auto path = folder_ / name;
    EXPECT_TRUE(writer.Write(path).has_value());
    return path.string();
  }
  std::string model_ = TinyModel().model.string(), adapter_ = TinyModel().adapter_a.string();
  TempFolder folder_;
};

TEST_F(GgufCommand, SplitAndMergeGiveTheSameModel) {
  const std::string prefix = (folder_ / "parts/small").string();
  const Ran split = RunCli({"gguf", "split", model_, "--max-size", "100K", "--out", prefix});
  EXPECT_EQ(split.code, 0) << split.err;
  EXPECT_THAT(split.out, HasSubstr(prefix + "-00001-of-000"));
  const std::string first = split.out.substr(0, split.out.find(".gguf") + 5);
  const std::string whole = (folder_ / "again/whole.gguf").string();
  EXPECT_EQ(RunCli({"gguf", "merge", first, "--out", whole}).code, 0);
  EXPECT_EQ(RunCli({"gguf", "diff", model_, whole}).code, 0);
  EXPECT_THAT(RunCli({"gguf", "merge", first, "--out", whole}).err, HasSubstr("already"));
  EXPECT_EQ(RunCli({"gguf", "split", model_, "--max-size", "1K"}).code, 2);
}

TEST_F(GgufCommand, ShowListsMetadataAndTensors) {
  const Ran ran = RunCli({"gguf", "show", model_});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("general.architecture"), HasSubstr("\"llama\""),
                             HasSubstr("tokenizer.ggml.tokens"), HasSubstr(" items: \""),
                             HasSubstr("blk.1.ffn_down.weight     f32   {256, 128}")));
  EXPECT_THAT(ran.err, HasSubstr("parameters in 21 tensors"));
}

TEST_F(GgufCommand, ShowAsJson) {
  const auto report = ParseJson(RunCli({"gguf", "show", model_, "--json"}).out);
  ASSERT_TRUE(report.has_value());
  const json::value& metadata = report->at("metadata");
  EXPECT_EQ(StringOr(metadata, "general.architecture"), "llama");
  EXPECT_EQ(IntOr(metadata, "llama.block_count", 0), 2);
  const json::value& tokens = metadata.at("tokenizer.ggml.tokens");
  EXPECT_EQ(tokens.at("first").as_array().size(), 16u);
  EXPECT_GT(IntOr(tokens, "count", 0), 256);
  EXPECT_GT(IntOr(*report, "parameters", 0), 100'000);
  EXPECT_EQ(report->at("tensors").as_array().size(), 21u);
  EXPECT_EQ(report->at("tensors").at(0).at("shape").as_array().size(), 2u);
}

TEST_F(GgufCommand, FilesThatAreNotThereOrNoGguf) {
  EXPECT_EQ(RunCli({"gguf", "show", (folder_ / "none").string()}).code, 4);
  EXPECT_EQ(RunCli({"gguf", "check", (folder_ / "none").string()}).code, 4);
  EXPECT_EQ(RunCli({"gguf", "diff", model_, (folder_ / "none").string()}).code, 4);
  ASSERT_TRUE(WriteFileAtomically(folder_ / "junk", "not a model").has_value());
  const Ran ran = RunCli({"gguf", "check", (folder_ / "junk").string()});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.err, HasSubstr("understudy: "));
  EXPECT_EQ(RunCli({"gguf", "diff", model_}).code, 2);
}

TEST_F(GgufCommand, CheckOfAModel) {
  const Ran ran = RunCli({"gguf", "check", model_});
  EXPECT_EQ(ran.code, 0) << ran.out;
  EXPECT_THAT(ran.out,
              AllOf(HasSubstr("ok    structure"), HasSubstr("ok    tokenizer"),
                    HasSubstr("renders tools and tool_calls"), HasSubstr("all are finite")));
  EXPECT_EQ(RunCli({"gguf", "check", model_, "--base", model_}).code, 2);
}

TEST_F(GgufCommand, CheckSaysWhatIsWrong) {
  const Ran none = RunCli({"gguf", "check", Write("a", "x", std::vector<float>(64))});
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.out, AllOf(HasSubstr("fail  model"), HasSubstr("warn  tokenizer"),
                              HasSubstr("warn  chat template"), HasSubstr("->")));
  std::vector<float> values(64);
  values[3] = INFINITY;
  EXPECT_THAT(RunCli({"gguf", "check", Write("b", "x", values)}).out,
              HasSubstr("t holds values that are not finite"));
  const auto report = ParseJson(RunCli({"gguf", "check", Write("c", "x", values), "--json"}).out);
  ASSERT_TRUE(report.has_value());
  EXPECT_FALSE(BoolOr(*report, "ok", true));
}

TEST_F(GgufCommand, CheckOfAnAdapter) {
  const Ran alone = RunCli({"gguf", "check", adapter_});
  EXPECT_EQ(alone.code, 0);
  EXPECT_THAT(alone.out, HasSubstr("Name it: --base FILE"));
  const Ran fits = RunCli({"gguf", "check", adapter_, "--base", model_});
  EXPECT_EQ(fits.code, 0) << fits.out;
  EXPECT_THAT(fits.out, HasSubstr("6 targets, rank 4, alpha 8"));
  const Ran other =
      RunCli({"gguf", "check", adapter_, "--base", Write("d", "x", std::vector<float>(64))});
  EXPECT_EQ(other.code, 1);
  EXPECT_THAT(other.out, HasSubstr("fail  adapter"));
}

TEST_F(GgufCommand, DiffOfTheSameIsNone) {
  const Ran ran = RunCli({"gguf", "diff", model_, model_});
  EXPECT_EQ(ran.code, 0);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, "no difference\n");
}

TEST_F(GgufCommand, DiffNamesKeysTensorsAndTheLargestDifference) {
  std::vector<float> values(64, 1.0F);
  const std::string one = Write("one", "x", values);
  values[5] = 1.25F, values[6] = 0.5F;
  const std::string two = Write("two", "y", values);
  const Ran ran = RunCli({"gguf", "diff", one, two});
  EXPECT_EQ(ran.code, 1);
  EXPECT_THAT(ran.out, AllOf(HasSubstr("\"x\""), HasSubstr("\"y\""), HasSubstr("f32 {32, 2}"),
                             HasSubstr("2 of 64 values, by 0.5 at most")));
  EXPECT_EQ(ran.err, "1 key and 1 tensor differ\n");
  const std::string half = Write("half", "x", std::vector<float>(64, 1.0F), TensorType::kF16);
  EXPECT_THAT(RunCli({"gguf", "diff", one, half}).out, HasSubstr("the same values"));
  EXPECT_THAT(RunCli({"gguf", "diff", one, Write("long", "x", std::vector<float>(96))}).out,
              HasSubstr("another shape"));
  const auto report = ParseJson(RunCli({"gguf", "diff", one, model_, "--json"}).out);
  ASSERT_TRUE(report.has_value());
  EXPECT_EQ(report->at("tensors").as_array().size(), 22u);
  EXPECT_EQ(StringOr(report->at("tensors").at(0), "two"), "-");
}

}  // namespace
}  // namespace understudy
