#include <set>

#include "base/config_fixture.h"
#include "base/file.h"
#include "support/golden.h"
#include "support/paths.h"

namespace understudy {
namespace {

using testing::HasSubstr;
using testing::Not;

// "models[].adapters[].path" -> "[[models.adapters]]", "path".
std::pair<std::string, std::string> TableAndKey(const std::string& key) {
  const size_t dot = key.rfind('.');
  std::string table = key.substr(0, dot);
  const bool list = table.ends_with("[]");
  for (size_t at = 0; (at = table.find("[]")) != std::string::npos;) table.erase(at, 2);
  return {fmt::format(fmt::runtime(list ? "[[{}]]" : "[{}]"), table), key.substr(dot + 1)};
}

std::string Row(const OptionInfo& option, const std::string& key) {
  const std::string only = option.only_for.empty() ? "" : fmt::format(" ({})", option.only_for);
  return fmt::format("| `{}`{} | {} | `{}` | {} | {} |\n", key, only, option.type,
                     option.default_value, option.range, option.help);
}

// The tables of docs/configuration.md.
std::string OptionTables() {
  std::string page, current;
  for (const OptionInfo& option : DescribeOptions()) {
    const auto [table, key] = TableAndKey(option.key);
    if (table != current) {
      page += fmt::format("\n## `{}`\n\n| key | type | default | range | meaning |\n", table);
      page += "|---|---|---|---|---|\n";
      current = table;
    }
    page += Row(option, key);
  }
  return page;
}

TEST(ConfigFormat, TheDocumentationListsEveryOption) {
  const auto page = ReadFile(SourceFolder() / "docs/configuration.md");
  ASSERT_TRUE(page) << page.error().ToString();
  const size_t comment = page->find("<!-- From here on");
  ASSERT_NE(comment, std::string::npos);
  const std::string prose = page->substr(0, page->find('\n', comment) + 1);
  EXPECT_TRUE(MatchesGolden("../docs/configuration.md", prose + OptionTables()));
}

TEST(ConfigFormat, TheDocumentationsExampleIsAccepted) {
  const auto page = ReadFile(SourceFolder() / "docs/configuration.md");
  ASSERT_TRUE(page) << page.error().ToString();
  const size_t begin = page->find("```toml\n") + 8;
  const Options options =
      Parsed(std::string_view(*page).substr(begin, page->find("```\n", begin) - begin));
  EXPECT_EQ(options.models.size(), 2u);
  EXPECT_EQ(options.routing.rules.size(), 1u);
}

TEST(ConfigFormat, ReadsBackAsItWas) {
  Options options = Parsed(kTwoModels);
  options.models[0].headers = {"X-Team: \"blue\" \\ \t green", "Authorization: env:KEY"};
  options.models[0].input_usd = 0.1;
  options.models[0].output_usd = 1e-7;
  options.models[1].extra_args = {"--temp", "", "\x7f\x01"};
  options.routing.rules = {{.name = "r", .tools = {"a"}, .max_bytes = 5, .to = "local"}};
  options.routing.tasks = {{.name = "t", .model = "tiny", .adapter = "labels"}};
  const std::string text = FormatConfig(options);
  const auto again = ParseConfig(text, "config.toml", "/ws");
  ASSERT_TRUE(again) << again.error().ToString() << "\n" << text;
  EXPECT_EQ(FormatConfig(*again), text);
  EXPECT_EQ(again->models[0].headers, options.models[0].headers);
  EXPECT_EQ(again->models[0].output_usd, 1e-7);
  EXPECT_EQ(again->models[1].extra_args, options.models[1].extra_args);
  EXPECT_EQ(again->routing.rules[0].tools, options.routing.rules[0].tools);
}

TEST(ConfigFormat, TheDefaultsReadBack) {
  const std::string text = FormatConfig(Options{});
  EXPECT_EQ(FormatConfig(Parsed(text)), text);
}

TEST(ConfigFormat, ShowsNoSecret) {
  Options options;
  options.models = {{.name = "a", .kind = "openai", .url = "http://h", .api_key = "sk-hunter2"}};
  EXPECT_THAT(FormatConfig(options), Not(HasSubstr("hunter2")));
  options.models[0].api_key = "env:KEY";
  EXPECT_THAT(FormatConfig(options), HasSubstr("api_key = \"env:KEY\""));
}

TEST(ConfigFormat, DescribesEveryOptionOnceInOneSentence) {
  std::set<std::string> keys;
  for (const OptionInfo& option : DescribeOptions()) {
    EXPECT_TRUE(keys.insert(option.key).second) << option.key;
    EXPECT_TRUE(option.help.ends_with('.')) << option.key;
    EXPECT_FALSE(option.default_value.empty()) << option.key;
  }
  for (const auto key : {"server.listen", "models[].url", "models[].adapters[].path",
                         "routing.rules[].to", "routing.tasks[].adapter", "auth.api_keys"}) {
    EXPECT_TRUE(keys.contains(key)) << key;
  }
}

}  // namespace
}  // namespace understudy
