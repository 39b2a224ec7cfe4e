// Answers from upstreams: what is accepted can be written again, whole and as a stream, and is the
// same answer afterwards.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <set>
#include <string>
#include <string_view>

#include "chat/answer.h"

namespace understudy {
namespace {

void Check(bool held) {
  if (!held) std::abort();
}

// A stream tells calls apart by their ids first.
bool IdsAreDistinct(const Choice& choice) {
  std::set<std::string_view> ids;
  for (const ToolCall& call : choice.tool_calls) {
    if (!call.id.empty() && !ids.insert(call.id).second) return false;
  }
  return true;
}

// A stream tells choices apart by index alone.
bool IndicesAreDistinct(const ChatAnswer& answer) {
  for (size_t i = 1; i < answer.choices.size(); ++i) {
    if (answer.choices[i].index <= answer.choices[i - 1].index) return false;
  }
  return true;
}

void CheckStream(const ChatAnswer& answer, size_t piece_bytes) {
  AnswerBuilder builder;
  for (std::string& data : ChunksOf(answer, piece_bytes, true, 0)) {
    const auto chunk = ParseChatChunk(std::move(data));
    Check(chunk.has_value());
    builder.Add(*chunk);
  }
  Check(SameAnswer(std::move(builder).Build(0), answer));
}

}  // namespace
}  // namespace understudy

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace understudy;
  const auto answer = ParseChatAnswer(std::string(reinterpret_cast<const char*>(data), size));
  if (!answer) {
    const ErrorKind kind = answer.error().kind;
    Check(kind == ErrorKind::kProtocol || kind == ErrorKind::kUpstream);
    Check(answer.error().source == ErrorSource::kUpstream && !answer.error().message.empty());
    return 0;
  }
  const auto again = ParseChatAnswer(SerializeAnswer(*answer, 0));
  Check(again.has_value() && SameAnswer(*again, *answer));
  if (!IndicesAreDistinct(*answer) || !std::ranges::all_of(answer->choices, IdsAreDistinct))
    return 0;
  CheckStream(*answer, 3);
  CheckStream(*answer, 1000);
  return 0;
}
