#include "cli/config_edit.h"

namespace understudy {
namespace {

using testing::HasSubstr;

constexpr std::string_view kConfig = R"(# head
[server]
listen = "127.0.0.1:0"  # here

# the big one
[[models]]
name = "big"
kind = "openai"
headers = [
  "a: [b]",   # not a table
]
# after big

[[models]]
name = "small"
kind = "local"
gguf = """
[[models]]
"""
[[models.adapters]]
name = "x"
path = "y"

# rules
[[routing.rules]]
name = "r"
to = "big"
)";

TEST(ConfigEdit, CutsOneModelAndNothingElse) {
  EXPECT_EQ(CutModel(kConfig, "big").value(), R"(# head
[server]
listen = "127.0.0.1:0"  # here

# the big one
# after big

[[models]]
name = "small"
kind = "local"
gguf = """
[[models]]
"""
[[models.adapters]]
name = "x"
path = "y"

# rules
[[routing.rules]]
name = "r"
to = "big"
)");
}

TEST(ConfigEdit, CutsAModelWithItsAdaptersAndItsStringsThatLookLikeTables) {
  const std::string cut = CutModel(kConfig, "small").value();
  EXPECT_EQ(cut.find("small"), std::string::npos);
  EXPECT_EQ(cut.find("adapters"), std::string::npos);
  EXPECT_THAT(cut, HasSubstr("# after big\n\n# rules\n[[routing.rules]]\nname = \"r\"\n"));
}

TEST(ConfigEdit, CutsTheLastBlockOfAFileWithoutANewline) {
  EXPECT_EQ(CutModel("[[models]]\nname = \"a\"", "a").value(), "");
  EXPECT_EQ(CutModel("# c\n[[models]]\nname = \"a\"\n# end", "a").value(), "# c\n# end");
}

TEST(ConfigEdit, NamesTheModelsThereAre) {
  const auto cut = CutModel(kConfig, "huge");
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().kind, ErrorKind::kNotFound);
  EXPECT_THAT(cut.error().mend, HasSubstr("big small"));
  EXPECT_EQ(CutModel("", "a").error().kind, ErrorKind::kNotFound);
}

TEST(ConfigEdit, LeavesInlineArraysToTheirOwner) {
  const auto cut = CutModel("models = [{name = \"a\"}]\n", "a");
  ASSERT_FALSE(cut);
  EXPECT_THAT(cut.error().mend, HasSubstr("by hand"));
}

TEST(ConfigEdit, RefusesBrokenToml) {
  EXPECT_THAT(CutModel("[[models]\n", "a").error().where, HasSubstr("config.toml:1"));
  EXPECT_FALSE(AddApiKey("= 1", "a:b"));
}

TEST(ConfigEdit, AppendsABlockSetOffByABlankLine) {
  EXPECT_EQ(AppendBlock("", "[a]\n"), "[a]\n");
  EXPECT_EQ(AppendBlock("x = 1", "[a]\n"), "x = 1\n\n[a]\n");
  EXPECT_EQ(AppendBlock("x = 1\n\n\n", "[a]\n"), "x = 1\n\n[a]\n");
}

TEST(ConfigEdit, AddsAKeyWhereverTheListIs) {
  EXPECT_EQ(AddApiKey("", "n:1").value(), "[auth]\napi_keys = [\"n:1\"]\n");
  EXPECT_EQ(AddApiKey("[auth] # c\n[log]\n", "n:1").value(),
            "[auth] # c\napi_keys = [\"n:1\"]\n[log]\n");
  EXPECT_EQ(AddApiKey("[auth]\napi_keys = []  # c\n", "n:1").value(),
            "[auth]\napi_keys = [\"n:1\"]  # c\n");
  EXPECT_EQ(AddApiKey("[auth]\napi_keys = [\n  \"\u00fc:2\", # c\n]\n", "n:1").value(),
            "[auth]\napi_keys = [\"n:1\", \n  \"\u00fc:2\", # c\n]\n");
  EXPECT_EQ(AddApiKey("auth.api_keys = [\"m:2\"]\n", "n:1").value(),
            "auth.api_keys = [\"n:1\", \"m:2\"]\n");
}

TEST(ConfigEdit, RefusesAKeysNameThatIsTaken) {
  const auto edited = AddApiKey("[auth]\napi_keys = [\"n:2\"]\n", "n:1");
  ASSERT_FALSE(edited);
  EXPECT_THAT(edited.error().message, HasSubstr("named n already"));
}

}  // namespace
}  // namespace understudy
