// What of the store may teach, and that nothing of it stays behind.
#include "flywheel/refine/collect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>

#include "base/file.h"
#include "support/temp_folder.h"

namespace understudy {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Exchange Call(std::string_view id, std::vector<AnswerKind> kinds) {
  Exchange exchange;
  exchange.id = id;
  exchange.at_ms = 1'700'000'000'000;
  exchange.request = R"({"messages":[{"role":"user","content":"hi"}]})";
  exchange.response = R"({"choices":[{"message":{"role":"assistant","content":"yes"}}]})";
  for (const AnswerKind kind : kinds) {
    AnswerRecord answer;
    answer.kind = kind;
    answer.model = "m";
    answer.served = kind == kinds.back();
    exchange.answers.push_back(answer);
  }
  return exchange;
}

class CollectTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = OpenSqliteStore(folder_ / "store.db");
    ASSERT_TRUE(opened.has_value());
    store_ = std::move(*opened);
  }
  TempFolder folder_;
  std::unique_ptr<UsageStore> store_;
};

TEST_F(CollectTest, TakesWhatTheReferenceAnswered) {
  using enum AnswerKind;
  ASSERT_TRUE(store_
                  ->Append({Call("ex_imported", {}), Call("ex_reference", {kReference}),
                            Call("ex_small", {kSlm}), Call("ex_escalated", {kSlm, kReference}),
                            Call("ex_shadowed", {kReference, kShadow})},
                           false)
                  .has_value());
  std::filesystem::path path;
  {
    const auto collected = Collect(*store_, folder_ / "run", {});
    ASSERT_TRUE(collected.has_value()) << collected.error().ToString();
    path = collected->path();
    EXPECT_EQ(collected->exchanges(), 4);
    struct stat facts{};
    ASSERT_EQ(::stat(path.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777, 0600U);
    const auto text = ReadFile(path);
    ASSERT_TRUE(text.has_value());
    EXPECT_THAT(*text, HasSubstr("ex_escalated"));
    EXPECT_THAT(*text, Not(HasSubstr("ex_small")));
    const auto again = Collect(*store_, folder_ / "again", {});
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(*ReadFile(again->path()), *text);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(CollectTest, SaysWhereThereIsNothing) {
  const auto none = Collect(*store_, folder_ / "run", {});
  ASSERT_FALSE(none.has_value());
  EXPECT_THAT(none.error().ToString(), HasSubstr("nothing was recorded yet"));
  ASSERT_TRUE(store_->Append({Call("ex_small", {AnswerKind::kSlm})}, false).has_value());
  const auto small = Collect(*store_, folder_ / "run", {});
  ASSERT_FALSE(small.has_value());
  EXPECT_THAT(small.error().ToString(), HasSubstr("no recorded call has an answer"));
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "run"));
}

TEST_F(CollectTest, AStopLeavesNothing) {
  std::vector<Exchange> calls;
  for (int i = 0; i < 600; ++i) calls.push_back(Call(fmt::format("ex_{}", i), {}));
  ASSERT_TRUE(store_->Append(calls, false).has_value());
  StageHooks hooks;
  hooks.stop = [] { return true; };
  const auto stopped = Collect(*store_, folder_ / "run", hooks);
  ASSERT_FALSE(stopped.has_value());
  EXPECT_EQ(stopped.error().kind, ErrorKind::kCancelled);
  EXPECT_TRUE(std::filesystem::is_empty(folder_ / "run"));
}

}  // namespace
}  // namespace understudy
