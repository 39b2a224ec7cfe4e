#include "models/replay_model.h"

#include <filesystem>
#include <fstream>

#include "models/model_fixture.h"

namespace understudy {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::string_view kPlain =
    R"({"choices":[{"index":0,"message":{"role":"assistant","content":"Where shall we go tonight?"},)"
    R"("finish_reason":"stop"}]})";
constexpr std::string_view kCall =
    R"({ "id":"x", "choices":[{"index":0,"message":{"role":"assistant","content":null,"tool_calls":)"
    R"([{"id":"c1","type":"function","function":{"name":"Book","arguments":"{\"n\": 2}"}}]},)"
    R"("finish_reason":"tool_calls"}],"usage":{"prompt_tokens":90,"completion_tokens":12}})";

class ReplayModelTest : public ModelTest {
 protected:
  ReplayModelTest() : folder_(::testing::TempDir()) {
    options_.name = "log";
    options_.kind = "replay";
    options_.file = "replay_model_" + std::to_string(::getpid()) + ".jsonl";
    std::ofstream(folder_ / options_.file)
        << R"({"id":"1","request":)" << AskFor("hello").body << R"(,"response":)" << kPlain << "}\n"
        << R"({"id":"2","request":)" << AskFor("book it").body << R"(,"response":)" << kCall
        << "}\n";
  }
  ~ReplayModelTest() override { std::filesystem::remove(folder_ / options_.file); }

  std::shared_ptr<ReplayModel> Make() {
    auto model = ReplayModel::Make(options_, folder_.string());
    EXPECT_TRUE(model) << model.error().ToString();
    return model ? std::static_pointer_cast<ReplayModel>(*std::move(model)) : nullptr;
  }

  const std::filesystem::path folder_;
  ModelOptions options_;
};

TEST_F(ReplayModelTest, GivesTheRecordedBytes) {
  const auto model = Make();
  const auto answer = Complete(*model, AskFor("book it"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, kCall);
  EXPECT_EQ(answer->choices.at(0).tool_calls.at(0).arguments, R"({"n": 2})");
  EXPECT_TRUE(answer->usage.known);
  EXPECT_EQ(answer->usage.prompt_tokens, 90);
  EXPECT_EQ(model->hits(ReplayHit::kExact), 1);
  EXPECT_EQ(model->info().zone, PrivacyZone::kLocal);
}

TEST_F(ReplayModelTest, EstimatesUsageAndDoesNotCallItKnown) {
  const auto model = Make();
  const auto chat = AskFor("hello");
  const auto answer = Complete(*model, chat);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, kPlain);
  EXPECT_FALSE(answer->usage.known);
  EXPECT_EQ(answer->usage.prompt_tokens, static_cast<int64_t>((chat.body.size() + 3) / 4));
  EXPECT_EQ(answer->usage.completion_tokens, 7);  // 26 bytes
}

TEST_F(ReplayModelTest, StreamsWhatItWouldComplete) {
  const auto model = Make();
  for (const std::string_view ask : {"hello", "book it"}) {
    const auto whole = Complete(*model, AskFor(ask));
    auto stream = Stream(*model, AskFor(ask));
    ASSERT_TRUE(stream);
    AnswerBuilder builder;
    bool saw_usage = false;
    while (true) {
      auto chunk = RunTask(context(), (*stream)->Next());
      ASSERT_TRUE(chunk);
      if (!*chunk) break;
      saw_usage |= (*chunk)->usage.has_value();
      builder.Add(**chunk);
    }
    EXPECT_TRUE(builder.finished());
    EXPECT_TRUE(SameAnswer(*whole, std::move(builder).Build(0)));
    EXPECT_EQ(saw_usage, whole->usage.known);
  }
}

TEST_F(ReplayModelTest, AStreamGivesEstimatedUsageToWhoAsksForIt) {
  const auto model = Make();
  const auto chat =
      TestRequest(R"({"model":"m","stream":true,"stream_options":{"include_usage":true},)"
                  R"("messages":[{"role":"user","content":"hello"}]})");
  auto stream = Stream(*model, chat);
  ASSERT_TRUE(stream);
  std::optional<Usage> usage;
  while (auto chunk = *RunTask(context(), (*stream)->Next())) {
    if (chunk->usage) usage = chunk->usage;
  }
  ASSERT_TRUE(usage);
  EXPECT_EQ(usage->completion_tokens, 7);
}

TEST_F(ReplayModelTest, MissesAreErrorsOrTheNearest) {
  const auto strict = Make();
  const auto miss = Complete(*strict, AskFor("book it now"));
  ASSERT_FALSE(miss);
  EXPECT_EQ(miss.error().code, "replay_miss");
  EXPECT_EQ(strict->counts().failures, 1);
  options_.on_miss = "nearest";
  const auto loose = Make();
  const auto answer = Complete(*loose, AskFor("book it now"));
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, kCall);
  EXPECT_EQ(loose->hits(ReplayHit::kNearest), 1);
}

TEST_F(ReplayModelTest, KeepsItsPace) {
  options_.first_token_ms = 40;
  options_.tokens_per_s = 100;  // 7 tokens: 70 ms
  const auto model = Make();
  Monotonic begun = Clock::System().Now();
  ASSERT_TRUE(Complete(*model, AskFor("hello")));
  EXPECT_GE(Clock::System().Now() - begun, milliseconds(110));
  begun = Clock::System().Now();
  auto stream = Stream(*model, AskFor("hello"));
  ASSERT_TRUE(stream);
  EXPECT_GE(Clock::System().Now() - begun, milliseconds(40));
  const auto payloads = Drain(**stream);
  ASSERT_TRUE(payloads);
  EXPECT_GE(payloads->size(), 7);
  EXPECT_GE(Clock::System().Now() - begun, milliseconds(40 + 70 * 5 / 8));
}

TEST_F(ReplayModelTest, CancellationEndsTheWait) {
  options_.first_token_ms = 3'600'000;
  options_.max_concurrent = 1;
  const auto model = Make();
  CancelAfter(milliseconds(20));
  const auto answer = Complete(*model, AskFor("hello"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().kind, ErrorKind::kCancelled);
  EXPECT_EQ(model->counts().running, 0);
}

TEST_F(ReplayModelTest, CancellationEndsAStreamBetweenChunks) {
  options_.tokens_per_s = 0.001;
  const auto model = Make();
  auto stream = Stream(*model, AskFor("hello"));
  ASSERT_TRUE(stream);
  ASSERT_TRUE(RunTask(context(), (*stream)->Next()));
  CancelAfter(milliseconds(20));
  const auto next = RunTask(context(), (*stream)->Next());
  ASSERT_FALSE(next);
  EXPECT_EQ(next.error().kind, ErrorKind::kCancelled);
}

TEST_F(ReplayModelTest, RefusesOneTooMany) {
  options_.max_concurrent = 1;
  const auto model = Make();
  auto stream = Stream(*model, AskFor("hello"));
  ASSERT_TRUE(stream);
  const auto second = Complete(*model, AskFor("hello"));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, ErrorKind::kTooMany);
  ASSERT_TRUE(Drain(**stream));
  EXPECT_TRUE(Complete(*model, AskFor("hello"))) << "a stream read to its end is over";
}

TEST_F(ReplayModelTest, MakesNoEmbeddings) {
  const auto model = Make();
  const auto vectors = RunTask(context(), model->Embed("{}", "", cancellation_));
  ASSERT_FALSE(vectors);
  EXPECT_EQ(vectors.error().kind, ErrorKind::kUnsupported);
  EXPECT_FALSE(vectors.error().mend.empty());
}

TEST_F(ReplayModelTest, ABadFileNamesItsOption) {
  ModelOptions options = options_;
  options.file = "absent.jsonl";
  for (const std::string& file : {std::string(), options.file}) {
    options.file = file;
    const auto made = ReplayModel::Make(options, folder_.string());
    ASSERT_FALSE(made);
    EXPECT_EQ(made.error().where, "file");
  }
}

}  // namespace
}  // namespace understudy
