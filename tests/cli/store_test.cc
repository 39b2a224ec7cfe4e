// `understudy store`: counts, retention, erasing with what was made of it, keys, copies.
#include <sys/stat.h>

#include <regex>

#include "base/file.h"
#include "base/ids.h"
#include "base/json.h"
#include "cli/run_cli.h"

namespace understudy {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::string kAnn(32, 'a'), kBob(32, 'b');

class StoreCommand : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(RunCli({"init", folder_.string()}).code, 0);
    std::string lines;
    for (int i = 0; i < 12; ++i) lines += Line(i);
    ASSERT_TRUE(WriteFileAtomically(folder_ / "in.jsonl", lines));
    ASSERT_EQ(Run({"store", "import", (folder_ / "in.jsonl").string()}).code, 0);
    std::filesystem::remove(folder_ / "in.jsonl");
  }

  static std::string Line(int number) {
    return fmt::format(
        R"({{"id":"e{}","session":"s{}","origin":"{}","at":"2026-0{}-01T00:00:00Z","request":)"
        R"({{"model":"big","messages":[{{"role":"user","content":"Ada Quill asks {}"}}]}},)"
        R"("response":{{"choices":[{{"index":0,"message":{{"role":"assistant","content":"yes"}},)"
        R"("finish_reason":"stop"}}]}}}})"
        "\n",
        number, number, number % 3 == 0 ? kBob : kAnn, 1 + number / 2, number);
  }
  Ran Run(std::vector<std::string> args) {
    args.insert(args.end(), {"--workspace", folder_.string()});
    return RunCli(args);
  }
  json::value Json(std::vector<std::string> args) {
    args.emplace_back("--json");
    const Ran ran = Run(std::move(args));
    EXPECT_EQ(ran.code, 0) << ran.err;
    return ParseJson(ran.out).value();
  }
  // A run of the flywheel with one file, made of `inputs`.
  std::string PutRun(const std::string& stage, const std::string& file, const std::string& text,
                     const std::string& input) {
    const auto folder = folder_ / ("runs/" + stage + "/0123");
    EXPECT_TRUE(MakeFolders(folder));
    EXPECT_TRUE(WriteFileAtomically(folder / file, text));
    const json::object meta{
        {"stage", stage},
        {"hash", "0123"},
        {"inputs", json::array{json::object{{"file", "x"}, {"sha256", input}}}},
        {"outputs", json::array{json::object{{"file", file}, {"sha256", Sha256Hex(text)}}}}};
    EXPECT_TRUE(WriteFileAtomically(folder / "meta.json", json::serialize(meta)));
    return Sha256Hex(text);
  }

  TempFolder folder_;
};

TEST_F(StoreCommand, StatsNeedNoKeyAndShowNoText) {
  std::filesystem::rename(folder_ / "keys/master.key", folder_ / "away.key");
  const Ran ran = Run({"store", "stats", "--origins"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, AllOf(HasSubstr("12 exchanges of 2 origins"), HasSubstr(kAnn),
                             HasSubstr("10 data keys"), Not(HasSubstr("Ada"))));
  const auto stats = Json({"store", "stats"});
  EXPECT_EQ(IntOr(stats, "exchanges", 0), 12);
  EXPECT_EQ(StringOr(stats, "master_key").size(), 16U);
  const Ran list = Run({"exchanges", "list"});
  EXPECT_NE(list.code, 0);
  EXPECT_THAT(list.err, HasSubstr("master key's file is not there"));
}

TEST_F(StoreCommand, EraseNamesWhatWasMadeAndMarksIt) {
  const std::string train = PutRun("curate", "train.jsonl",
                                   R"({"id":"e3","request":{}})"
                                   "\n",
                                   "-");
  const std::string adapter = PutRun("tune", "adapter.gguf", "weights", train);
  PutRun("select", "choice.json", "{}", "of something else");
  EXPECT_TRUE(MakeFolders(folder_ / "adapters/t-1/v1"));
  EXPECT_TRUE(WriteFileAtomically(folder_ / "adapters/t-1/v1/manifest.json",
                                  R"({"data":[{"sha256":")" + train + R"("}]})"));
  EXPECT_TRUE(MakeFolders(folder_ / "adapters/t-2/v1"));
  EXPECT_TRUE(WriteFileAtomically(folder_ / "adapters/t-2/v1/manifest.json",
                                  R"({"adopted":{"sha256":")" + adapter + R"("}})"));
  EXPECT_TRUE(WriteFileAtomically(
      folder_ / "deployments.json",
      R"({"v":1,"models":[],"deployments":[{"id":"d-7","task":"t-1","model":"m","adapter":"t-1-v1",)"
      R"("adapter_path":"adapters/t-1/v1/adapter.gguf","stage":"live","since":1}]})"));

  const Ran dry = Run({"store", "erase", "--origin", kBob, "--dry-run"});
  EXPECT_EQ(dry.code, 0) << dry.err;
  EXPECT_THAT(dry.out,
              AllOf(HasSubstr("4 exchanges would be erased"), HasSubstr("runs/curate/0123"),
                    HasSubstr("runs/tune/0123"), HasSubstr("adapters/t-1/v1"),
                    HasSubstr("d-7 (live)"), Not(HasSubstr("runs/select"))));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "runs/curate/0123/stale.json"));
  EXPECT_EQ(Run({"exchanges", "list", "--count"}).out, "12\n");

  const auto erased = Json({"store", "erase", "--origin", kBob});
  EXPECT_EQ(IntOr(erased, "exchanges", 0), 4);
  EXPECT_EQ(IntOr(erased, "data_keys", 0), 4);
  EXPECT_EQ(Find(erased, "artefacts")->get_array().size(), 4U);
  for (const char* run :
       {"runs/curate/0123", "runs/tune/0123", "adapters/t-1/v1", "adapters/t-2/v1"}) {
    EXPECT_TRUE(std::filesystem::exists(folder_ / run / "stale.json")) << run;
  }
  EXPECT_FALSE(std::filesystem::exists(folder_ / "runs/select/0123/stale.json"));
  EXPECT_EQ(Run({"exchanges", "list", "--count"}).out, "8\n");
  EXPECT_EQ(Run({"store", "erase", "--origin", "nobody"}).code, 4);
}

TEST_F(StoreCommand, RekeyWrapsAnewAndTheOldKeyIsOfNoUse) {
  const std::string old_key = ReadFile(folder_ / "keys/master.key").value();
  const auto before = Json({"store", "stats"});
  const Ran ran = Run({"store", "rekey"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("Wrapped 10 data keys"));
  EXPECT_NE(StringOr(Json({"store", "stats"}), "master_key"), StringOr(before, "master_key"));
  EXPECT_EQ(Run({"store", "verify"}).code, 0);
  const std::string new_key = ReadFile(folder_ / "keys/master.key").value();
  ASSERT_TRUE(WriteFileAtomically(folder_ / "keys/master.key", old_key, 0600));
  const Ran wrong = Run({"store", "verify"});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_THAT(wrong.err, HasSubstr("another master key"));
  ASSERT_TRUE(WriteFileAtomically(folder_ / "keys/master.key", new_key, 0600));
  EXPECT_THAT(Run({"store", "rekey", "--data-keys"}).out, HasSubstr("Closed 10 data keys"));
  ASSERT_TRUE(WriteFileAtomically(folder_ / "other.key", std::string(64, 'd') + "\n", 0600));
  EXPECT_THAT(Run({"store", "rekey", "--to", "file:other.key"}).out, HasSubstr("store.master_key"));
  EXPECT_EQ(Run({"store", "verify"}).code, 1);
  EXPECT_EQ(Run({"store", "rekey", "--to", "hunter2"}).code, 1);
}

TEST_F(StoreCommand, CopiesComeBackWithoutWhatWasErased) {
  const std::string copy = (folder_ / "copy.db").string();
  const Ran backup = Run({"store", "backup", copy});
  EXPECT_EQ(backup.code, 0) << backup.err;
  EXPECT_THAT(backup.out, HasSubstr("keep that elsewhere"));
  EXPECT_NE(Run({"store", "backup", copy}).code, 0);
  ASSERT_EQ(Run({"store", "erase", "--origin", kBob}).code, 0);
  const auto restored = Json({"store", "restore", copy});
  EXPECT_EQ(IntOr(restored, "exchanges", 0), 8);
  EXPECT_EQ(IntOr(restored, "erased_again", 0), 4);
  EXPECT_EQ(Run({"exchanges", "list", "--count"}).out, "8\n");
  EXPECT_EQ(Run({"store", "restore", (folder_ / "none.db").string()}).code, 4);
}

TEST_F(StoreCommand, PurgeFollowsTheConfiguration) {
  std::string config = ReadFile(folder_ / "config.toml").value();
  config = std::regex_replace(config, std::regex(R"(\[store\])"), "[store]\nretain_days = 60");
  ASSERT_TRUE(WriteFileAtomically(
      folder_ / "config.toml",
      config + "\n[[store.rules]]\nname = \"bob\"\norigin = \"" + kBob + "\"\ndays = 0\n"));
  const auto dry = Json({"store", "purge", "--dry-run"});
  EXPECT_GT(IntOr(dry, "exchanges", 0), 0);
  EXPECT_EQ(Run({"exchanges", "list", "--count"}).out, "12\n");
  const auto purged = Json({"store", "purge"});
  EXPECT_EQ(IntOr(purged, "exchanges", 0), IntOr(dry, "exchanges", -1));
  EXPECT_EQ(IntOr(Json({"store", "stats"}), "exchanges", 0), 12 - IntOr(purged, "exchanges", 0));
  EXPECT_THAT(Run({"store", "stats", "--origins"}).out, HasSubstr(kBob));
}

TEST_F(StoreCommand, ExportIsForItsOwnerOnly) {
  const std::string out = (folder_ / "out.jsonl").string();
  EXPECT_THAT(Run({"store", "export", out}).out, HasSubstr("12 exchanges in plain"));
  struct stat info{};
  ASSERT_EQ(::stat(out.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600U);
  EXPECT_THAT(ReadFile(out).value(), HasSubstr("Ada Quill asks 11"));
  EXPECT_EQ(Run({"store", "export", out}).code, 1);
}

}  // namespace
}  // namespace understudy
