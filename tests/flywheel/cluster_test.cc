// The whole stage on a small log of three agents.
#include "flywheel/cluster/cluster.h"

#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "flywheel/cluster/recorded_call.h"
#include "support/temp_folder.h"

namespace understudy {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

std::string Line(std::string_view id, std::string_view system, std::string_view user,
                 std::string_view answer, std::string_view tools = "") {
  return fmt::format(R"({{"id":"{}","request":{{"messages":[{{"role":"system","content":"{}"}},)"
                     R"({{"role":"user","content":"{}"}}]{}}},"response":{{"choices":[{{"message":)"
                     R"({{"role":"assistant",{}}},"finish_reason":"stop"}}]}},"note":"{}"}})"
                     "\n",
                     id, system, user, tools, answer, id);
}

constexpr std::array kNames{"Anna", "Bob", "Carla", "Dmitri", "Eve", "Fatima", "Georg", "Hana"};
constexpr std::array kPlaces{"Oslo", "Rome", "Lima", "Cairo", "Delhi", "Paris", "Quito"};
constexpr std::string_view kDeskTools =
    R"(,"tools":[{"type":"function","function":{"name":"BookTable","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}},)"
    R"({"type":"function","function":{"name":"GetWeather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}}])";

std::string Call(std::string_view tool, std::string_view city) {
  return fmt::format(
      R"("content":null,"tool_calls":[{{"id":"c1","type":"function","function":{{"name":"{}","arguments":"{{\"city\":\"{}\"}}"}}}}])",
      tool, city);
}

// Row i of: a labeller with two topics, an assistant that calls two tools, a writer.
std::string LabelRow(int i) {
  const std::string_view name = kNames[static_cast<size_t>(i) % kNames.size()];
  const bool parcel = i % 2 == 0;
  const std::string user =
      parcel ? fmt::format("{}: my parcel number {} has not arrived, where is the courier", name, i)
             : fmt::format("{}: the invoice of {} euros was paid twice, I want my money", name, i);
  return Line(fmt::format("label{}", i), "Label the mail: shipping or billing.", user,
              parcel ? R"("content":"shipping")" : R"("content":"billing")");
}
std::string DeskRow(int i) {
  const std::string_view city = kPlaces[static_cast<size_t>(i) % kPlaces.size()];
  const bool book = i % 2 == 0;
  const std::string user =
      book ? fmt::format("please book a table for dinner in {} for {} people", city, i)
           : fmt::format("will it rain in {} on day {}, what does the weather forecast say", city,
                         i);
  return Line(fmt::format("desk{}", i), "You help with bookings.", user,
              Call(book ? "BookTable" : "GetWeather", city), kDeskTools);
}
std::string TextRow(int i) {
  return Line(
      fmt::format("text{}", i), "Write a letter.", fmt::format("to number {}", i),
      R"("content":"Dear friend, thank you very much for the long letter that came today.")");
}

class ClusterTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string train, calib;
    for (int i = 0; i < 120; ++i) train += LabelRow(i) + DeskRow(i);
    for (int i = 0; i < 30; ++i) train += TextRow(i);
    train += Line("alone", "An agent that was called once.", "hello", R"("content":"hi")");
    for (int i = 200; i < 220; ++i) calib += LabelRow(i) + DeskRow(i);
    fs::create_directories(folder_ / "data");
    Write("data/train.jsonl", train + "{broken\n\n");
    Write("data/calib.jsonl", calib);
    input_.inputs = {folder_ / "data"};
  }
  void Write(const std::string& name, const std::string& text) {
    ASSERT_TRUE(WriteFileAtomically(folder_ / name, text));
  }
  Result<Clustered> Run(const std::string& out) {
    return Cluster(input_, {.out = folder_ / out}, hooks_, NeighboursByAllPairs);
  }
  const TaskReport& Task(const ClusterReport& report, std::string_view name) {
    const auto found = std::ranges::find(report.tasks, name, &TaskReport::name);
    static const TaskReport kNone;
    EXPECT_NE(found, report.tasks.end()) << name;
    return found == report.tasks.end() ? kNone : *found;
  }

  TempFolder folder_;
  StageHooks hooks_;
  ClusterInput input_;
};

std::vector<std::string> NamesOf(const ClusterReport& report) {
  std::vector<std::string> names;
  for (const TaskReport& task : report.tasks) names.push_back(task.name);
  return names;
}

TEST_F(ClusterTest, FindsTheTasks) {
  const auto done = Run("out");
  ASSERT_TRUE(done) << done.error().ToString();
  const ClusterReport& report = done->report;
  // Both topics of the labeller are one task; the tools of the desk are two.
  ASSERT_EQ(report.tasks.size(), 4u) << json::serialize(ToJson(report));
  EXPECT_THAT(NamesOf(report), testing::IsSupersetOf({"book-table", "get-weather"}));
  const TaskReport& book = Task(report, "book-table");
  EXPECT_EQ(book.kind, TargetKind::kToolCall);
  EXPECT_EQ(book.rows[static_cast<size_t>(Part::kTrain)], 60);
  EXPECT_EQ(book.rows[static_cast<size_t>(Part::kCalib)], 10);
  EXPECT_EQ(book.tools, std::vector<std::string>{"BookTable"});
  EXPECT_TRUE(book.replaceable);
  EXPECT_EQ(std::ranges::count(report.tasks, TargetKind::kLabel, &TaskReport::kind), 1);
  EXPECT_EQ(std::ranges::count(report.tasks, false, &TaskReport::replaceable), 1);
  EXPECT_EQ(report.rows, 312);
  EXPECT_EQ(report.unusable, 1);
  EXPECT_EQ(report.rest[static_cast<size_t>(Part::kTrain)], 1);
}

TEST_F(ClusterTest, WritesEveryRowAsItCame) {
  const auto done = Run("out");
  ASSERT_TRUE(done) << done.error().ToString();
  std::multiset<std::string> lines;
  for (const auto& entry : fs::recursive_directory_iterator(folder_ / "out")) {
    if (entry.path().extension() != ".jsonl") continue;
    EXPECT_EQ(fs::status(entry.path()).permissions() & fs::perms::others_read, fs::perms::none);
    const std::string text = *ReadFile(entry.path());
    for (size_t at = 0; at < text.size();) {
      const size_t end = text.find('\n', at);
      lines.insert(text.substr(at, end - at + 1));
      at = end + 1;
    }
  }
  EXPECT_EQ(lines.size(), 311u);
  EXPECT_EQ(lines.count(LabelRow(3)), 1u);
  const std::string id = Task(done->report, "get-weather").id;
  EXPECT_THAT(*ReadFile(folder_ / "out" / id / "calib.jsonl"), HasSubstr(DeskRow(201)));
  EXPECT_THAT(*ReadFile(folder_ / "out/rest/train.jsonl"), HasSubstr("called once"));
  const auto report = ClusterReportFrom(*ParseJson(*ReadFile(folder_ / "out/tasks.json")));
  ASSERT_TRUE(report);
  EXPECT_EQ(json::serialize(ToJson(*report)), json::serialize(ToJson(done->report)));
}

TEST_F(ClusterTest, TheModelAssignsNewCalls) {
  const auto done = Run("out");
  ASSERT_TRUE(done) << done.error().ToString();
  const auto model = TaskModel::Load(folder_ / "out");
  ASSERT_TRUE(model) << model.error().ToString();
  TaskModel::Scratch scratch;
  const auto name = [&](const std::string& line) -> std::string {
    const auto call = ReadRecordedCall(line.substr(0, line.size() - 1));
    const int task = model->Assign(call->request, scratch).task;
    return task < 0 ? "none" : model->tasks()[static_cast<size_t>(task)].name;
  };
  EXPECT_EQ(name(DeskRow(1000)), "book-table");
  EXPECT_EQ(name(DeskRow(1001)), "get-weather");
  EXPECT_EQ(name(Line("x", "Sing a song.", "now", R"("content":"la")")), "none");
}

TEST_F(ClusterTest, GoesByItsGraphAsByAllPairs) {
  const auto exact = Run("exact");
  input_.fit.exact_rows = 10;
  const auto graph = Run("graph");
  ASSERT_TRUE(exact && graph);
  EXPECT_EQ(json::serialize(ToJson(exact->report)), json::serialize(ToJson(graph->report)));
}

TEST_F(ClusterTest, DoesNothingTwiceAndTheSameEveryTime) {
  const auto one = Run("out"), unchanged = Run("out"), other = Run("other");
  ASSERT_TRUE(one && unchanged && other);
  EXPECT_FALSE(one->stage.unchanged);
  EXPECT_TRUE(unchanged->stage.unchanged);
  EXPECT_EQ(json::serialize(ToJson(unchanged->report)), json::serialize(ToJson(one->report)));
  EXPECT_EQ(*ReadFile(folder_ / "out/assigner.bin"), *ReadFile(folder_ / "other/assigner.bin"));
}

TEST_F(ClusterTest, TasksKeepTheirIds) {
  const auto one = Run("one");
  ASSERT_TRUE(one);
  // Later calls of the same agents, without the writer, and a new agent.
  std::string train;
  for (int i = 40; i < 160; ++i) train += LabelRow(i) + DeskRow(i);
  for (int i = 0; i < 40; ++i) {
    train += Line(fmt::format("new{}", i), "Count the words.", fmt::format("these are {}", i),
                  fmt::format(R"("content":"{}")", i));
  }
  Write("data/train.jsonl", train);
  input_.previous = folder_ / "one";
  const auto two = Run("two");
  ASSERT_TRUE(two) << two.error().ToString();
  for (const char* name : {"book-table", "get-weather"}) {
    EXPECT_EQ(Task(two->report, name).id, Task(one->report, name).id);
  }
  std::set<std::string> ids;
  for (const TaskReport& task : one->report.tasks) ids.insert(task.id);
  for (const TaskReport& task : two->report.tasks) {
    if (task.kind == TargetKind::kNumber) EXPECT_EQ(ids.count(task.id), 0u);
    if (task.kind == TargetKind::kLabel) EXPECT_EQ(ids.count(task.id), 1u);
  }
}

TEST_F(ClusterTest, SaysWhatIsWrongWithItsInput) {
  const auto error = [&](const std::string& out) {
    const auto done = Run(out);
    EXPECT_FALSE(done);
    EXPECT_FALSE(fs::exists(folder_ / out));
    return done ? std::string() : done.error().ToString();
  };
  fs::create_directories(folder_ / "empty");
  input_.inputs = {folder_ / "empty"};
  EXPECT_THAT(error("a"), HasSubstr("there is no train.jsonl"));
  Write("few.jsonl", LabelRow(1) + LabelRow(2));
  input_.inputs = {folder_ / "few.jsonl"};
  EXPECT_THAT(error("b"), HasSubstr("no prompt has 20 calls"));
  Write("none.jsonl", "");
  input_.inputs = {folder_ / "none.jsonl"};
  EXPECT_THAT(error("c"), HasSubstr("no prompt has 20 calls"));
  input_.inputs = {folder_ / "few.jsonl", folder_ / "data"};
  EXPECT_THAT(error("d"), HasSubstr("a folder stands for all input"));
  input_.inputs = {folder_ / "data"};
  input_.previous = folder_ / "empty";
  EXPECT_THAT(error("e"), HasSubstr("assigner.bin"));
}

TEST_F(ClusterTest, StopsWhenAsked) {
  int steps = 0;
  hooks_.stop = [&] { return ++steps > 6; };
  const auto stopped = Run("out");
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().kind, ErrorKind::kCancelled);
  EXPECT_FALSE(fs::exists(folder_ / "out"));
}

}  // namespace
}  // namespace understudy
