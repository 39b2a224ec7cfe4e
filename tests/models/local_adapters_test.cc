// Adapters on one server: never an answer from another's cache, and new lists without a lost call.
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "models/local_model.h"
#include "support/local_model_fixture.h"

namespace understudy {
namespace {

using ::testing::ElementsAre;
using ::understudy::testing::LocalModelTest;
using ::understudy::testing::TinyModel;

const std::vector<std::string> kAdapters{"", "a", "b"};

// Prompts that share beginnings, so that caches have something to reuse.
std::vector<std::string> Prompts() {
  std::vector<std::string> prompts;
  for (const char* start : {"Tell me about the sea", "What is the time", "Name a colour"}) {
    for (const char* end : {"", ", please", ", please and thank you", " in one word"}) {
      prompts.push_back(std::string(start) + end);
    }
  }
  return prompts;
}

class LocalAdaptersTest : public LocalModelTest {
 protected:
  static std::string Greedy(const std::string& prompt) {
    return Body(prompt, R"("temperature":0,"max_tokens":16)");
  }

  // Answers of servers that never hold another adapter and never reuse a prompt: by adapter, then
  // prompt.
  std::vector<std::vector<std::string>> CleanAnswers() {
    std::vector<std::vector<std::string>> answers;
    for (const std::string& adapter : kAdapters) {
      auto options = TinyOptions();
      options.adapters.clear();
      if (adapter == "a") options.adapters = {{"a", TinyModel().adapter_a}};
      if (adapter == "b") options.adapters = {{"b", TinyModel().adapter_b}};
      options.slots = 1;
      const auto model = Start(options);
      auto& texts = answers.emplace_back();
      for (const std::string& prompt : Prompts()) {
        const auto answer =
            AskNow(model, Body(prompt, R"("temperature":0,"max_tokens":16,"cache_prompt":false)"),
                   adapter);
        EXPECT_TRUE(answer.has_value()) << answer.error().ToString();
        texts.push_back(answer ? answer->choices[0].content : "");
      }
    }
    return answers;
  }
};

struct Tally {
  int wrong = 0, lost = 0, answered = 0;
  std::string example;
};

// One client: asks over and over, each time another prompt, adapter and way.
Task<Tally> Client(std::shared_ptr<LocalModel> model, std::vector<std::string> bodies,
                   std::vector<std::vector<std::string>> expected, int requests, unsigned seed,
                   Task<Result<ChatAnswer>> (*ask)(std::shared_ptr<LocalModel>, std::string,
                                                   std::string, bool)) {
  std::mt19937 random(seed);
  Tally tally;
  for (int i = 0; i < requests; ++i) {
    const size_t adapter = random() % expected.size();
    const size_t prompt = random() % bodies.size();
    const bool stream = random() % 2 == 0;
    const auto answer = co_await ask(model, bodies[prompt], kAdapters[adapter], stream);
    if (!answer) {
      ++tally.lost;
      tally.example = answer.error().ToString();
      continue;
    }
    ++tally.answered;
    if (answer->choices[0].content == expected[adapter][prompt]) continue;
    ++tally.wrong;
    tally.example = fmt::format("adapter {} prompt {}: {} instead of {}", adapter, prompt,
                                answer->choices[0].content, expected[adapter][prompt]);
  }
  co_return tally;
}

TEST_F(LocalAdaptersTest, AThousandMixedRequestsAllAnswerAsCleanServersDo) {
  constexpr int kClients = 8, kRequestsEach = 125;
  const auto expected = CleanAnswers();
  for (size_t prompt = 0; prompt < expected[0].size(); ++prompt) {
    ASSERT_NE(expected[0][prompt], expected[1][prompt]);
    ASSERT_NE(expected[0][prompt], expected[2][prompt]);
    ASSERT_NE(expected[1][prompt], expected[2][prompt]);
  }
  std::vector<std::string> bodies;
  for (const std::string& prompt : Prompts()) bodies.push_back(Greedy(prompt));
  const auto model = Start(TinyOptions());
  std::vector<std::future<Tally>> clients;
  for (int i = 0; i < kClients; ++i) {
    clients.push_back(Begin(Client(model, bodies, expected, kRequestsEach, i, &Ask), i % 2));
  }
  int answered = 0;
  for (auto& client : clients) {
    const Tally tally = client.get();
    EXPECT_EQ(tally.wrong, 0) << tally.example;
    EXPECT_EQ(tally.lost, 0) << tally.example;
    answered += tally.answered;
  }
  EXPECT_EQ(answered, kClients * kRequestsEach);
}

TEST_F(LocalAdaptersTest, ANewListIsServedWithoutALostCall) {
  const auto expected = CleanAnswers();
  std::vector<std::string> bodies;
  for (const std::string& prompt : Prompts()) bodies.push_back(Greedy(prompt));
  auto options = TinyOptions();
  options.adapters = {{"a", TinyModel().adapter_a}};
  const auto model = Start(options);
  const pid_t first = model->generation()->server().pid();
  const std::vector<std::vector<std::string>> base_and_a{expected[0], expected[1]};
  std::vector<std::future<Tally>> clients;
  for (int i = 0; i < 6; ++i) {
    clients.push_back(Begin(Client(model, bodies, base_and_a, 60, i, &Ask), i % 2));
  }
  const AdapterOptions a{"a", TinyModel().adapter_a}, b{"b", TinyModel().adapter_b};
  for (const auto& list : {std::vector{b, a}, std::vector{a}, std::vector{a, b}}) {
    const auto changed = model->SetAdapters(list);
    ASSERT_TRUE(changed.has_value()) << changed.error().ToString();
  }
  for (auto& client : clients) {
    const Tally tally = client.get();
    EXPECT_EQ(tally.wrong, 0) << tally.example;
    EXPECT_EQ(tally.lost, 0) << tally.example;
  }
  EXPECT_THAT(model->adapter_names(), ElementsAre("a", "b"));
  EXPECT_EQ(AskNow(model, bodies[0], "b")->choices[0].content, expected[2][0]);
  EXPECT_TRUE(::understudy::testing::IsGone(first, std::chrono::milliseconds(0)));
}

TEST_F(LocalAdaptersTest, ABadListChangesNothing) {
  const auto model = Start(TinyOptions());
  const auto before = model->generation();
  const auto refused = model->SetAdapters({{"a", TinyModel().model}});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().where, "adapters[0]");
  EXPECT_EQ(model->generation(), before);
  EXPECT_TRUE(AskNow(model, Greedy("Hello"), "b").has_value());
}

TEST_F(LocalAdaptersTest, AnAdapterTakenOffTheListIsNotFound) {
  const auto model = Start(TinyOptions());
  ASSERT_TRUE(model->SetAdapters({}).has_value());
  EXPECT_EQ(AskNow(model, Greedy("Hello"), "a").error().kind, ErrorKind::kNotFound);
  EXPECT_TRUE(AskNow(model, Greedy("Hello"), "").has_value());
}

}  // namespace
}  // namespace understudy
