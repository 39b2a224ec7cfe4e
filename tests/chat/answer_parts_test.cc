#include "chat/answer_parts.h"

#include <gmock/gmock.h>

namespace understudy {
namespace {

using testing::ElementsAre;

// What a sink hears, one line a call.
class Log final : public PartStream::Sink {
 public:
  void Begin(const AnswerPart& part, size_t index) override {
    EXPECT_TRUE(part.text.empty());
    lines.push_back(fmt::format("begin {} {}", index, part.name));
  }
  void Piece(const AnswerPart&, size_t index, std::string_view piece) override {
    lines.push_back(fmt::format("piece {} {}", index, piece));
  }
  void End(const AnswerPart& part, size_t index) override {
    lines.push_back(fmt::format("end {} {}", index, part.text));
  }
  std::vector<std::string> lines;
};

ChatChunk Text(std::string text) {
  ChatChunk chunk;
  chunk.deltas.emplace_back().content = std::move(text);
  return chunk;
}

ChatChunk Piece(int index, std::string id, std::string name, std::string arguments) {
  ChatChunk chunk;
  chunk.deltas.emplace_back().tool_calls = {
      {index, std::move(id), std::move(name), std::move(arguments)}};
  return chunk;
}

std::vector<std::string> Heard(const std::vector<ChatChunk>& chunks) {
  PartStream stream;
  Log log;
  for (const ChatChunk& chunk : chunks) stream.Add(chunk, log);
  stream.Close(log);
  return log.lines;
}

TEST(PartStream, ACallWithoutArgumentsDoesNotSwallowTheNext) {
  EXPECT_THAT(Heard({Piece(0, "a", "f", ""), Piece(1, "b", "g", "{}")}),
              ElementsAre("begin 0 f", "end 0 ", "begin 1 g", "piece 1 {}", "end 1 {}"));
}

TEST(PartStream, TextAfterACallWaitsForTheEnd) {
  EXPECT_THAT(Heard({Piece(0, "a", "f", "{"), Text("and"), Piece(0, "", "", "}"), Text(" so")}),
              ElementsAre("begin 0 f", "piece 0 {", "piece 0 }", "end 0 {}", "begin 1 ",
                          "piece 1 and so", "end 1 and so"));
}

TEST(PartStream, CallsOfOneIndexAreKeptApartByTheirIds) {
  EXPECT_THAT(
      Heard({Piece(0, "a", "f", "{}"), Piece(0, "b", "g", "{}")}),
      ElementsAre("begin 0 f", "piece 0 {}", "end 0 {}", "begin 1 g", "piece 1 {}", "end 1 {}"));
}

TEST(PartStream, PiecesWithoutAnIndexGoToTheLastCall) {
  EXPECT_THAT(Heard({Piece(kNoIndex, "a", "f", "{"), Piece(kNoIndex, "", "", "}")}),
              ElementsAre("begin 0 f", "piece 0 {", "piece 0 }", "end 0 {}"));
}

TEST(PartStream, OtherChoicesArePassedOver) {
  ChatChunk chunk = Text("x");
  chunk.deltas[0].index = 1;
  EXPECT_TRUE(Heard({chunk}).empty());
}

TEST(PartsOf, NothingOfAnEmptyAnswer) {
  EXPECT_TRUE(PartsOf({}).empty());
  ChatAnswer answer;
  answer.choices.emplace_back();
  EXPECT_TRUE(PartsOf(answer).empty());
}

TEST(PartsOf, MakesUpAMissingId) {
  ChatAnswer answer;
  answer.choices.emplace_back().tool_calls = {{0, "", "f", "{}"}};
  EXPECT_TRUE(PartsOf(answer).at(0).id.starts_with("call_"));
}

}  // namespace
}  // namespace understudy
