// A stream's payloads, one a line: whatever is accepted adds up to an answer whose body is one.
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "chat/answer.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace understudy;
  std::string_view lines(reinterpret_cast<const char*>(data), size);
  AnswerBuilder builder;
  while (!lines.empty()) {
    const size_t end = std::min(lines.find('\n'), lines.size());
    const auto chunk = ParseChatChunk(std::string(lines.substr(0, end)));
    if (chunk) builder.Add(*chunk);
    lines.remove_prefix(std::min(end + 1, lines.size()));
  }
  (void)builder.finished();
  const ChatAnswer answer = std::move(builder).Build(0);
  const auto again = ParseChatAnswer(answer.body);
  if (!again || !SameAnswer(answer, *again)) std::abort();
  return 0;
}
