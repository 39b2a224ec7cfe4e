#include "route/task_model.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/ids.h"
#include "route/request_fixture.h"
#include "support/temp_folder.h"

namespace understudy {
namespace {

using testing::HasSubstr;

constexpr char kMail[] = "Label the mail.";
constexpr char kDesk[] = "Be brief.";

std::vector<float> RandomRows() {
  std::vector<float> rows(kBuckets * kEmbeddingSize);
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i] = static_cast<float>(static_cast<int64_t>(FastHash("row", i) % 2001) - 1000) / 8000;
  }
  return rows;
}

Embedding ExemplarOf(const Projection& projection, const ChatRequest& request) {
  FeatureCounter counter;
  Embedding out{};
  projection.Add(UserFeatures(request, counter), 1, out);
  Normalize(out);
  return out;
}

Frame FrameOf(const ChatRequest& request) {
  Prompt prompt;
  ReadPrompt(request, prompt);
  return Frame::Of(prompt);
}

TaskShape ShapeAt(uint32_t frame, float least, std::vector<Embedding> exemplars) {
  TaskShape shape{.frame = frame, .least_cosine = least, .exemplars = std::move(exemplars)};
  for (size_t i = 0; i <= kClosenessSteps; ++i) {
    shape.cosines[i] = 0.4F + 0.6F * static_cast<float>(i) / kClosenessSteps;
  }
  return shape;
}

// One prompt with one task, another with two.
TaskModelData Data() {
  const std::vector<float> idf(kBuckets, 1);
  TaskModelData data{.projection = Projection::Quantized(RandomRows(), idf)};
  const ChatRequest mail = Ask(kMail, "your parcel is late"),
                    table = Ask(kDesk, "book a table for two at the harbour"),
                    weather = Ask(kDesk, "will it rain in oslo this afternoon");
  data.frames = {FrameOf(mail), FrameOf(table)};
  data.tasks = {{"t-1", "label-mail", "label"},
                {"t-2", "book-table", "tool_call"},
                {"t-3", "weather", "tool_call"}};
  data.shapes = {ShapeAt(0, -1, {ExemplarOf(data.projection, mail)}),
                 ShapeAt(1, 0.4F, {ExemplarOf(data.projection, table)}),
                 ShapeAt(1, 0.4F, {ExemplarOf(data.projection, weather)})};
  return data;
}

TaskModel Made(TaskModelData data) {
  auto model = TaskModel::Make(std::move(data));
  EXPECT_TRUE(model) << model.error().ToString();
  return *std::move(model);
}

int TaskOf(const TaskModel& model, const ChatRequest& request) {
  TaskModel::Scratch scratch;
  return model.Assign(request, scratch).task;
}

TEST(TaskModel, PromptFirstThenMeaning) {
  const TaskModel model = Made(Data());
  EXPECT_EQ(TaskOf(model, Ask(kMail, "book a table for two at the harbour")), 0);
  EXPECT_EQ(TaskOf(model, Ask(kDesk, "book a table for four at the station")), 1);
  EXPECT_EQ(TaskOf(model, Ask(kDesk, "will it rain in oslo this evening")), 2);
}

TEST(TaskModel, FarFromAllIsNoTask) {
  const TaskModel model = Made(Data());
  EXPECT_EQ(TaskOf(model, Ask("Another agent altogether.", "book a table")), -1);
  EXPECT_EQ(TaskOf(model, Ask(kDesk, "qwertz uiop asdfgh")), -1);
  EXPECT_EQ(TaskOf(model, Ask(kMail, "qwertz uiop asdfgh")), 0) << "the only task of its prompt";
}

TEST(TaskModel, ClosenessIsAShareOfTheTasksOwnCalls) {
  const TaskModel model = Made(Data());
  TaskModel::Scratch scratch;
  const float same = model.Assign(Ask(kMail, "your parcel is late"), scratch).closeness;
  const float near = model.Assign(Ask(kMail, "your parcel is here"), scratch).closeness;
  const float far = model.Assign(Ask(kMail, "qwertz uiop asdfgh"), scratch).closeness;
  EXPECT_GT(same, 0.99F);
  EXPECT_GT(near, 0.05F);
  EXPECT_LT(near, same);
  EXPECT_EQ(far, 0);
}

TEST(TaskModel, EveryRequestHasAnEmbedding) {
  const TaskModel model = Made(Data());
  TaskModel::Scratch scratch;
  const auto known = model.Assign(Ask(kMail, "hello there"), scratch);
  EXPECT_NEAR(Dot(known.embedding, known.embedding), 1, 1e-5);
  const auto unknown = model.Assign(Ask("Some other prompt", "hello there"), scratch);
  ASSERT_EQ(unknown.embedding.size(), kEmbeddingSize);
  EXPECT_NEAR(Dot(unknown.embedding, unknown.embedding), 1, 1e-5);
  EXPECT_EQ(model.Assign(ChatRequest{}, scratch).task, -1);
}

TEST(TaskModel, AScratchGoesFromModelToModel) {
  TaskModelData other = Data();
  std::swap(other.frames[0], other.frames[1]);
  const TaskModel one = Made(Data()), two = Made(std::move(other));
  TaskModel::Scratch scratch;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(one.FrameOf(Ask(kMail, "x"), scratch), 0);
    EXPECT_EQ(two.FrameOf(Ask(kMail, "x"), scratch), 1);
  }
}

TEST(TaskModel, ManyPromptsShareTheMemory) {
  const TaskModel model = Made(Data());
  TaskModel::Scratch scratch;
  for (int i = 0; i < 500; ++i) {
    const std::string word(static_cast<size_t>(i % 50) + 1, 'x');
    EXPECT_EQ(model.FrameOf(Ask("Prompt " + word, "x"), scratch), -1);
    EXPECT_EQ(model.FrameOf(Ask(kDesk, "x"), scratch), 1);
  }
}

TEST(TaskModel, ComesBackFromItsFile) {
  const TempFolder folder;
  const std::string bytes = SerializeTaskModel(Data());
  std::ofstream(folder.path() / kAssignerFile, std::ios::binary) << bytes;
  const auto model = TaskModel::Load(folder.path());
  ASSERT_TRUE(model) << model.error().ToString();
  EXPECT_EQ(SerializeTaskModel(model->data()), bytes);
  EXPECT_EQ(model->tasks()[1].name, "book-table");
  EXPECT_EQ(model->Find("t-3"), 2);
  EXPECT_EQ(model->Find("t-9"), -1);
  const ChatRequest request = Ask(kDesk, "a table for one");
  TaskModel::Scratch a, b;
  EXPECT_EQ(model->Assign(request, a).closeness, Made(Data()).Assign(request, b).closeness);
}

TEST(TaskModel, SaysWhatIsWrongWithAFile) {
  const std::string good = SerializeTaskModel(Data());
  const auto error = [](const std::string& bytes) {
    const auto model = TaskModel::Parse(bytes);
    EXPECT_FALSE(model);
    return model ? std::string() : model.error().ToString();
  };
  EXPECT_THAT(error(""), HasSubstr("does not begin like one"));
  EXPECT_THAT(error("GGUF" + good), HasSubstr("does not begin like one"));
  std::string version = good, sizes = good, damaged = good;
  version[8] = 9;
  sizes[12] = 1;
  damaged[good.size() - 5] ^= 1;
  EXPECT_THAT(error(version), HasSubstr("its version is 9"));
  EXPECT_THAT(error(sizes), HasSubstr("instead of 64"));
  EXPECT_THAT(error(damaged), HasSubstr("checksum"));
  EXPECT_THAT(error(good.substr(0, good.size() - 1)), HasSubstr("it should have"));
  EXPECT_THAT(error(good + "x"), HasSubstr("it should have"));
  const TempFolder folder;
  const auto missing = TaskModel::Load(folder.path());
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kNotFound);
}

// A payload with a good checksum that lies: every length cut, and every count greater than it is.
TEST(TaskModel, TakesNoPayloadThatLies) {
  constexpr size_t kHeader = 40, kTables = kBuckets * (8 + kEmbeddingSize);
  const std::string good = SerializeTaskModel(Data());
  const auto sealed = [](std::string bytes) {
    const uint64_t length = bytes.size() - kHeader, sum = FastHash(bytes.substr(kHeader));
    bytes.replace(24, 8, reinterpret_cast<const char*>(&length), 8);
    bytes.replace(32, 8, reinterpret_cast<const char*>(&sum), 8);
    return bytes;
  };
  ASSERT_TRUE(TaskModel::Parse(sealed(good)));
  for (size_t size = kHeader + kTables; size < good.size(); size += 13) {
    EXPECT_FALSE(TaskModel::Parse(sealed(good.substr(0, size)))) << size;
  }
  for (size_t at = kHeader + kTables; at + 4 <= good.size(); at += 4) {
    std::string huge = good;
    huge.replace(at, 4, "\xff\xff\xff\xff");
    (void)TaskModel::Parse(sealed(huge));  // whatever it says, it must not crash or allocate
  }
}

// A sum that is no number must not pass for the nearest of all.
TEST(TaskModel, ANumberBeyondAllMeasureIsRefused) {
  TaskModelData exemplar = Data(), id = Data(), name = Data(), shape = Data();
  exemplar.shapes[0].exemplars[0].fill(3e38F);
  id.tasks[0].id = "t-1\r\nx-other: 1";
  name.tasks[0].name.assign(2000, 'x');
  shape.frames[0].shape = 200;
  for (const TaskModelData* data : {&exemplar, &id, &name, &shape}) {
    const auto model = TaskModel::Make(*data);
    ASSERT_FALSE(model);
    EXPECT_EQ(model.error().kind, ErrorKind::kInvalidInput);
    EXPECT_THAT(model.error().mend, HasSubstr("understudy cluster"));
  }
  std::vector<float> idf(kBuckets, 1), scales(kBuckets, 1e30F);
  TaskModelData scale = Data();
  scale.projection = {idf, scales, std::vector<int8_t>(kBuckets * kEmbeddingSize, 100)};
  EXPECT_FALSE(TaskModel::Make(std::move(scale)));
}

TEST(TaskModel, RefusesDataThatContradictsItself) {
  const auto error = [](TaskModelData data) {
    const auto model = TaskModel::Make(std::move(data));
    EXPECT_FALSE(model);
    return model ? std::string() : model.error().message;
  };
  TaskModelData frame = Data(), exemplar = Data(), order = Data(), twice = Data(), count = Data(),
                number = Data(), set = Data();
  frame.shapes[0].frame = 2;
  exemplar.shapes[1].exemplars.clear();
  order.shapes[1].cosines[3] = 2;
  twice.tasks[1].id = "t-1";
  count.shapes.pop_back();
  number.shapes[2].exemplars[0][5] = std::nanf("");
  set.frames[0].shingles = {3, 2};
  EXPECT_THAT(error(std::move(frame)), HasSubstr("t-1 has a frame that is not there"));
  EXPECT_THAT(error(std::move(exemplar)), HasSubstr("t-2 has no exemplars"));
  EXPECT_THAT(error(std::move(order)), HasSubstr("cosines out of order"));
  EXPECT_THAT(error(std::move(twice)), HasSubstr("two tasks t-1"));
  EXPECT_THAT(error(std::move(count)), HasSubstr("not as many shapes"));
  EXPECT_THAT(error(std::move(number)), HasSubstr("numbers that are none"));
  EXPECT_THAT(error(std::move(set)), HasSubstr("not sorted"));
}

}  // namespace
}  // namespace understudy
