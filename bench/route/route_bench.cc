// One decision, against the limits that the project promises: 8 us for a request of 1 kB, 50 us for
// 500 tokens, 300 us for 16k tokens (medians). By rules: eight, of which none holds, so that all
// conditions are looked at. Learned: those eight rules, then the task model (thirty tasks of
// fifteen prompts, eight exemplars each), the acceptance model and a live deployment. Prompts
// repeat, as an agent's do ("known"), or are of the same template with other words in them each
// time ("new").
//
// One table: microseconds a decision, median of 2,000, and the share of the limit.
#include <ctime>

#include <chrono>

#include <fmt/format.h>

#include "base/ids.h"
#include "route/learned_router.h"

namespace understudy {
namespace {

constexpr size_t kPrompts = 15, kTasksAPrompt = 2, kExemplars = 8;
constexpr int kDecisions = 2000;
constexpr size_t kVariants = 97;  // more than a thread remembers, so that new prompts stay new

struct Size {
  const char* name;
  size_t bytes;
  double limit_us;
};
// About four bytes a token.
constexpr Size kSizes[] = {
    {"1 kB", 1024, 8}, {"500 tokens", 2000, 50}, {"16k tokens", 64'000, 300}};

const char* const kWords[] = {"table",  "evening", "invoice", "parcel",   "meeting", "harbour",
                              "refund", "monday",  "address", "customer", "urgent",  "seats",
                              "train",  "report",  "budget",  "contract"};

std::string Words(size_t bytes, uint64_t seed) {
  std::string text;
  for (uint64_t i = 0; text.size() < bytes; ++i) {
    text += kWords[FastHash("word", seed * 1000 + i) % std::size(kWords)];
    text += ' ';
  }
  text.resize(bytes);
  return text;
}

// Half of it the prompt, half the user's.
ChatRequest RequestOf(size_t bytes, size_t prompt, uint64_t variant, uint64_t asked) {
  ChatRequest request;
  request.model = "gpt-4o";
  std::string system = fmt::format("You are agent number {}. ", prompt) + Words(bytes / 2, prompt);
  if (variant > 0) system += " about " + Words(20, variant);
  request.messages = {{.role = Role::kSystem, .text = std::move(system)},
                      {.role = Role::kUser, .text = Words(bytes / 2, 7000 + asked)}};
  request.tools = {{.name = "search"}, {.name = "mail"}};
  request.body = request.messages[0].text + request.messages[1].text;
  return request;
}

Options EightRules() {
  Options options;
  options.models.resize(2);
  options.models[0] = {.name = "gpt", .kind = "openai"};
  options.models[1] = {.name = "tiny", .kind = "local", .small = true};
  for (int i = 0; i < 8; ++i) {
    options.routing.rules.push_back({.name = fmt::format("rule-{}", i),
                                     .tools = {"search", "calendar", "mail"},
                                     .system_contains = fmt::format("You are judge number {}", i),
                                     .to = "local"});
  }
  return options;
}

TaskModel Tasks(size_t bytes) {
  std::vector<float> rows(kBuckets * kEmbeddingSize);
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i] = static_cast<float>(static_cast<int64_t>(FastHash("row", i) % 2001) - 1000) / 8000;
  }
  TaskModelData data{.projection = Projection::Quantized(rows, std::vector<float>(kBuckets, 1))};
  TaskShape shape{.least_cosine = -1};
  shape.cosines.fill(-0.9F);  // any request is near enough
  for (uint32_t prompt = 0; prompt < kPrompts; ++prompt) {
    Prompt read;
    ReadPrompt(RequestOf(bytes, prompt, 0, 0), read);
    data.frames.push_back(Frame::Of(read));
    for (size_t task = 0; task < kTasksAPrompt; ++task) {
      shape.frame = prompt;
      shape.exemplars.clear();
      for (size_t i = 0; i < kExemplars; ++i) {
        FeatureCounter counter;
        const ChatRequest request = RequestOf(bytes, prompt, 0, data.tasks.size() * 100 + i);
        data.projection.Add(UserFeatures(request, counter), 1, shape.exemplars.emplace_back());
        Normalize(shape.exemplars.back());
      }
      data.shapes.push_back(shape);
      data.tasks.push_back({fmt::format("t-{}", data.tasks.size()), "task", "tool_call"});
    }
  }
  return TaskModel::Make(std::move(data)).value();
}

LearnedRouter Learned(size_t bytes) {
  const auto tasks = std::make_shared<const TaskModel>(Tasks(bytes));
  AcceptanceModel model;
  model.worse = 0.05, model.sure = 0.95;
  model.dims = kEmbeddingSize;
  Deployments file;
  for (const TaskInfo& task : tasks->tasks()) {
    model.tasks.push_back({.id = task.id, .before = 0.1, .after = 0.9});
    file.deployments.push_back({.id = "d-" + task.id,
                                .task = task.id,
                                .model = "tiny",
                                .adapter = task.id,
                                .stage = DeploymentStage::kLive});
  }
  model.before.weights.assign(model.before_inputs(), 0.01);
  model.before.means.assign(model.before_inputs(), 0);
  model.after.weights.assign(kSignalInputs, 0);
  model.after.means.assign(kSignalInputs, 0);
  auto acceptance = std::make_shared<const Acceptance>(Acceptance::Make(std::move(model)).value());
  return LearnedRouter::Make(RulesRouter::Make(EightRules()).value(), tasks, acceptance, file)
      .value();
}

struct Measured {
  double median_us = 0;
  int small = 0;  // decisions for an SLM
};

// Time on this thread's processor, each decision by itself.
Measured Measure(const Router& router, const std::vector<ChatRequest>& requests) {
  std::vector<double> times;
  Measured measured;
  for (int i = -200; i < kDecisions; ++i) {
    const ChatRequest& request = requests[static_cast<size_t>(i + 200) % requests.size()];
    timespec start{}, end{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
    const auto decision = router.Decide(request, {.agent = "desk", .session = "s"});
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end);
    if (i < 0) continue;
    measured.small += decision && decision->route == Route::kLocal;
    times.push_back(static_cast<double>(end.tv_sec - start.tv_sec) * 1e6 +
                    static_cast<double>(end.tv_nsec - start.tv_nsec) / 1e3);
  }
  std::ranges::nth_element(times, times.begin() + kDecisions / 2);
  measured.median_us = times[kDecisions / 2];
  return measured;
}

void Row(const Size& size, const char* how, const Measured& measured) {
  fmt::print("{:<12}{:<18}{:>10.2f}{:>8.0f}{:>10.2f}{:>8.0f} %\n", size.name, how,
             measured.median_us, size.limit_us, measured.median_us / size.limit_us,
             100.0 * measured.small / kDecisions);
}

void Run() {
  fmt::print("{:<12}{:<18}{:>10}{:>8}{:>10}{:>10}\n", "request", "decided by", "median us", "limit",
             "of limit", "to an SLM");
  for (const Size& size : kSizes) {
    std::vector<ChatRequest> known, fresh;
    for (uint64_t i = 0; i < kVariants; ++i) {
      known.push_back(RequestOf(size.bytes, i % kPrompts, 0, i));
      fresh.push_back(RequestOf(size.bytes, i % kPrompts, i + 1, i));
    }
    const RulesRouter rules = RulesRouter::Make(EightRules()).value();
    const LearnedRouter learned = Learned(size.bytes);
    Row(size, "rules", Measure(rules, known));
    Row(size, "learned, known", Measure(learned, known));
    Row(size, "learned, new", Measure(learned, fresh));
  }
}

}  // namespace
}  // namespace understudy

int main() {
  understudy::Run();
}
