#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>

#include "store/samples.h"
#include "store/sqlite.h"
#include "store/usage_store.h"

namespace understudy {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> Ids(UsageStore& store, const ExchangeFilter& filter) {
  std::vector<std::string> ids;
  EXPECT_TRUE(store.Scan(filter, [&](Exchange&& exchange) {
    ids.push_back(exchange.id);
    return true;
  }));
  EXPECT_EQ(store.Count(filter).value(), static_cast<int64_t>(ids.size()));
  return ids;
}

TEST(SqliteStore, KeepsEveryField) {
  const TempFolder folder;
  const Exchange full = FullExchange();
  ASSERT_EQ(MustOpen(folder / "store.db")->Append({full}, false).value(), 1U);
  const auto store = MustOpen(folder / "store.db");
  const auto back = store->Get(full.id);
  ASSERT_TRUE(back) << back.error().ToString();
  ExpectEqual(*back, full);
}

TEST(SqliteStore, KeepsAnExchangeOfWhichNothingIsKnown) {
  const TempFolder folder;
  const auto store = MustOpen(folder / "store.db");
  Exchange bare;
  bare.id = "x";
  ASSERT_TRUE(store->Append({bare}, true));
  ExpectEqual(store->Get("x").value(), bare);
}

TEST(SqliteStore, KeepsLargeBodies) {
  const TempFolder folder;
  const auto store = MustOpen(folder / "store.db");
  Exchange large = SampleExchange(1);
  large.request.clear();
  for (uint32_t i = 0, state = 1; i < 10 << 20; ++i) {
    large.request.push_back(static_cast<char>((state = state * 1'664'525 + 1'013'904'223) >> 24));
  }
  large.response = std::string(10 << 20, 'y');
  ASSERT_TRUE(store->Append({large}, false));
  ExpectEqual(store->Get(large.id).value(), large);
}

Exchange ShadowOf(const Exchange& of, std::string deployment) {
  Exchange later;
  later.id = of.id;
  later.at_ms = of.at_ms;
  later.is_supplement = true;
  AnswerRecord& shadow = later.answers.emplace_back();
  shadow.kind = AnswerKind::kShadow;
  shadow.model = "small";
  shadow.deployment = std::move(deployment);
  shadow.body = R"({"choices":[{"message":{"content":"other"}}]})";
  shadow.usage = {.prompt_tokens = 9, .completion_tokens = 3, .known = true};
  shadow.timings.total_us = 77;
  shadow.verdict = {.kind = VerdictKind::kDiffers, .detail = "content", .took_us = 5};
  return later;
}

TEST(SqliteStore, CanBeAskedAgainAfterAnIdThatIsNotThere) {
  const TempFolder folder;
  const auto store = MustOpen(folder / "store.db");
  const Exchange one = SampleExchange(1);
  for (int i = 0; i < 2; ++i) EXPECT_EQ(store->Get("none").error().kind, ErrorKind::kNotFound);
  ASSERT_TRUE(store->Append({one}, false));
  EXPECT_EQ(store->Get(one.id)->id, one.id);
}

TEST(SqliteStore, AddsFeedbackToItsExchangeAndKeepsWhatIsThere) {
  const TempFolder folder;
  Exchange full = FullExchange();
  full.extra = R"({"truth":1.50,"z":{"a":[]}})";
  Exchange later;
  later.id = full.id;
  later.is_supplement = true;
  later.extra = R"({"feedback":[{"rating":1}]})";
  const auto store = MustOpen(folder / "store.db");
  EXPECT_EQ(store->Append({later}, false).value(), 0U);  // nothing to add it to
  ASSERT_TRUE(store->Append({SampleExchange(1), full}, false));
  EXPECT_EQ(store->Append({later, later}, false).value(), 2U);
  full.extra = R"({"truth":1.50,"z":{"a":[]},"feedback":[{"rating":1},{"rating":1}]})";
  ExpectEqual(store->Get(full.id).value(), full);
  later.extra = "nonsense";
  EXPECT_EQ(store->Append({later}, false).value(), 0U);
  ExpectEqual(store->Get(full.id).value(), full);
  EXPECT_EQ(store->Count({}).value(), 2);
}

TEST(SqliteStore, AddsAShadowAnswerToItsExchange) {
  const TempFolder folder;
  Exchange full = FullExchange();
  const Exchange shadow = ShadowOf(full, "d2"), another = ShadowOf(full, "d3");
  {
    const auto store = MustOpen(folder / "store.db");
    ASSERT_TRUE(store->Append({SampleExchange(1), full}, false));
    EXPECT_EQ(store->Append({shadow}, false).value(), 1U);
  }
  const auto store = MustOpen(folder / "store.db");
  EXPECT_EQ(store->Append({shadow, another}, true).value(), 1U);  // the first is known by now
  EXPECT_EQ(store->Count({}).value(), 2);
  full.answers.push_back(shadow.answers[0]);
  full.answers.push_back(another.answers[0]);
  ExpectEqual(store->Get(full.id).value(), full);
  ExpectEqual(store->Get(SampleExchange(1).id).value(), SampleExchange(1));
}

TEST(SqliteStore, AddsAShadowAnswerToAnExchangeOfTheSameBatch) {
  const TempFolder folder;
  const auto store = MustOpen(folder / "store.db");
  Exchange bare;  // without bodies and details of its own
  bare.id = "x";
  const Exchange shadow = ShadowOf(bare, "");
  ASSERT_EQ(store->Append({bare, shadow}, false).value(), 2U);
  bare.answers.push_back(shadow.answers[0]);
  ExpectEqual(store->Get("x").value(), bare);
}

TEST(SqliteStore, DropsASupplementOfNothing) {
  const TempFolder folder;
  const auto store = MustOpen(folder / "store.db");
  EXPECT_EQ(store->Append({ShadowOf(SampleExchange(1), "d")}, false).value(), 0U);
  EXPECT_EQ(store->Count({}).value(), 0);
  Exchange not_a_shadow = ShadowOf(SampleExchange(1), "d");
  not_a_shadow.answers[0].kind = AnswerKind::kSlm;
  ASSERT_EQ(store->Append({SampleExchange(1), not_a_shadow}, false).value(), 1U);
  ExpectEqual(store->Get(SampleExchange(1).id).value(), SampleExchange(1));
}

TEST(SqliteStore, StoresAServedBodyOnce) {
  const TempFolder folder;
  const auto store = MustOpen(folder / "store.db");
  Exchange exchange = SampleExchange(1);
  exchange.request.clear();
  exchange.answers[0].body = exchange.response;
  ASSERT_TRUE(store->Append({exchange}, false));
  EXPECT_LT(store->Stats()->body_bytes, static_cast<int64_t>(exchange.response.size() + 10));
}

TEST(SqliteStore, LeavesAnIdThatIsThere) {
  const TempFolder folder;
  const auto store = MustOpen(folder / "store.db");
  ASSERT_EQ(store->Append(SampleBatch(0, 3), false).value(), 3U);
  auto again = SampleBatch(0, 5);
  again[1].request = "{\"another\":1}";
  again.push_back(again.back());  // twice in one batch
  EXPECT_EQ(store->Append(again, false).value(), 2U);
  EXPECT_EQ(store->Count({}).value(), 5);
  ExpectEqual(store->Get(again[1].id).value(), SampleExchange(1));
}

TEST(SqliteStore, ABatchIsAllOrNothing) {
  const TempFolder folder;
  const auto store = MustOpen(folder / "store.db");
  auto batch = SampleBatch(0, 3);
  batch[1].answers.resize(257);
  const auto refused = store->Append(batch, false);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::kInvalidInput);
  EXPECT_EQ(refused.error().where, batch[1].id);
  EXPECT_EQ(store->Count({}).value(), 0);
  // Names that the roll-back took with it are given anew.
  ASSERT_TRUE(store->Append(SampleBatch(0, 3), false));
  ExpectEqual(store->Get(batch[0].id).value(), SampleExchange(0));
}

TEST(SqliteStore, RefusesAnExchangeWithoutId) {
  const TempFolder folder;
  EXPECT_FALSE(MustOpen(folder / "store.db")->Append({Exchange()}, false));
}

TEST(SqliteStore, TakesTheMostAnswers) {
  const TempFolder folder;
  const auto store = MustOpen(folder / "store.db");
  auto batch = SampleBatch(0, 3);
  batch[1].answers.resize(256);
  batch[1].answers[255].error = "the last";
  ASSERT_TRUE(store->Append(batch, false));
  ExpectEqual(store->Get(batch[1].id).value(), batch[1]);
  ExpectEqual(store->Get(batch[2].id).value(), batch[2]);
}

TEST(SqliteStore, GetSaysWhatIsNotThere) {
  const TempFolder folder;
  const auto missing = MustOpen(folder / "store.db")->Get("ex_no");
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kNotFound);
}

// Six exchanges that differ in one thing or another.
std::unique_ptr<UsageStore> FilterStore(const TempFolder& folder) {
  auto store = MustOpen(folder / "store.db");
  auto batch = SampleBatch(0, 6);
  for (size_t i = 0; i < batch.size(); ++i) batch[i].id = fmt::format("{}", i);
  batch[0].at_ms = 100;
  batch[1].at_ms = 50;  // late to arrive in the store
  batch[2].at_ms = 200;
  batch[3].session = "other";
  batch[3].agent = "planner";
  batch[4].answers.push_back(batch[4].answers[0]);
  batch[4].answers[0].served = false;
  batch[4].answers[1].model = "small";
  batch[4].decision = Decision{.task = "book"};
  batch[5].outcome = Outcome::kClientGone;
  batch[5].answers.clear();
  EXPECT_TRUE(store->Append(batch, false));
  return store;
}

TEST(SqliteStore, FiltersByTime) {
  const TempFolder folder;
  const auto store = FilterStore(folder);
  EXPECT_THAT(Ids(*store, {.until_ms = 200}), ElementsAre("0", "1"));
  EXPECT_THAT(Ids(*store, {.since_ms = 100, .until_ms = 201}), ElementsAre("0", "2"));
  EXPECT_THAT(Ids(*store, {.since_ms = 201}), ElementsAre("3", "4", "5"));
}

TEST(SqliteStore, FiltersByNameAndOutcome) {
  const TempFolder folder;
  const auto store = FilterStore(folder);
  EXPECT_THAT(Ids(*store, {.session = "other"}), ElementsAre("3"));
  EXPECT_THAT(Ids(*store, {.agent = "planner"}), ElementsAre("3"));
  EXPECT_THAT(Ids(*store, {.model = "small"}), ElementsAre("4"));
  EXPECT_THAT(Ids(*store, {.model = "large"}), ElementsAre("0", "1", "2", "3"));
  EXPECT_THAT(Ids(*store, {.task = "book"}), ElementsAre("4"));
  EXPECT_THAT(Ids(*store, {.outcome = Outcome::kClientGone}), ElementsAre("5"));
  EXPECT_THAT(Ids(*store, {.agent = "planner", .model = "small"}), IsEmpty());
  EXPECT_THAT(Ids(*store, {.agent = "never seen"}), IsEmpty());
  EXPECT_THAT(Ids(*store, {.session = "planner"}), IsEmpty());
}

TEST(SqliteStore, OrdersAndLimits) {
  const TempFolder folder;
  const auto store = FilterStore(folder);
  EXPECT_THAT(Ids(*store, {.limit = 2}), ElementsAre("0", "1"));
  EXPECT_THAT(Ids(*store, {.limit = 2, .newest_first = true}), ElementsAre("5", "4"));
  EXPECT_THAT(Ids(*store, {.since_ms = 60, .until_ms = 300, .newest_first = true}),
              ElementsAre("2", "0"));
}

TEST(SqliteStore, ScanWithoutBodiesLeavesThemEmpty) {
  const TempFolder folder;
  const auto store = MustOpen(folder / "store.db");
  Exchange full = FullExchange();
  ASSERT_TRUE(store->Append({full}, false));
  full.request.clear();
  full.response.clear();
  for (auto& answer : full.answers) answer.body.clear();
  ASSERT_TRUE(store->Scan({.with_bodies = false}, [&](Exchange&& exchange) {
    ExpectEqual(exchange, full);
    return true;
  }));
}

TEST(SqliteStore, ScanStopsWhenToldTo) {
  const TempFolder folder;
  const auto store = FilterStore(folder);
  int seen = 0;
  ASSERT_TRUE(store->Scan({}, [&](Exchange&&) { return ++seen < 3; }));
  EXPECT_EQ(seen, 3);
}

TEST(SqliteStore, StatsCount) {
  const TempFolder folder;
  const auto store = MustOpen(folder / "store.db");
  EXPECT_EQ(store->Stats()->exchanges, 0);
  ASSERT_TRUE(store->Append(SampleBatch(0, 100), false));
  ASSERT_TRUE(store->Flush());
  const auto stats = store->Stats();
  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->exchanges, 100);
  EXPECT_GT(stats->body_bytes, 100'000);
  EXPECT_LT(stats->stored_body_bytes, stats->body_bytes / 2);
  EXPECT_GT(stats->bytes_on_disk, stats->stored_body_bytes);
}

double Ratio(const StoreStats& before, const StoreStats& after) {
  return static_cast<double>(after.body_bytes - before.body_bytes) /
         static_cast<double>(after.stored_body_bytes - before.stored_body_bytes);
}

TEST(SqliteStore, TrainsADictionaryAndReadsOnBothSidesOfIt) {
  const TempFolder folder;
  ASSERT_TRUE(MustOpen(folder / "store.db")->Append(SampleBatch(0, 1'000), false));
  const auto store = MustOpen(folder / "store.db");
  const auto before = store->Stats().value();
  ASSERT_TRUE(store->Append(SampleBatch(1'000, 2'000), false));
  EXPECT_GT(Ratio(before, store->Stats().value()), 1.5 * Ratio({}, before));
  const auto reader = MustOpen(folder / "store.db");
  int number = 0;
  ASSERT_TRUE(reader->Scan({}, [&](Exchange&& exchange) {
    ExpectEqual(exchange, SampleExchange(number++));
    return true;
  }));
  EXPECT_EQ(number, 2'000);
}

TEST(SqliteStore, CountsWhatShortRunsStoredTowardsADictionary) {
  const TempFolder folder;
  for (int i = 0; i < 1'100; i += 100) {
    ASSERT_TRUE(MustOpen(folder / "store.db")->Append(SampleBatch(i, i + 100), false));
  }
  const auto database = Database::Open(folder / "store.db").value();
  EXPECT_EQ(database->Number("SELECT count(*) FROM dictionary").value(), 1);
}

TEST(SqliteStore, NobodyElseMayReadTheFiles) {
  const TempFolder folder;
  const mode_t old = ::umask(0);
  const auto store = MustOpen(folder / "store.db");
  ASSERT_TRUE(store->Append(SampleBatch(0, 3), false));
  ::umask(old);
  for (const char* name : {"store.db", "store.db-wal", "store.db-shm"}) {
    struct stat info{};
    ASSERT_EQ(::stat((folder / name).c_str(), &info), 0) << name;
    EXPECT_EQ(info.st_mode & 0777U, 0600U) << name;
  }
}

}  // namespace
}  // namespace understudy
