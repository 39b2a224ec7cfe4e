#include "flywheel/cluster/recorded_call.h"

#include "chat/exchange_json.h"
#include "dataset/example.h"

namespace understudy {

std::optional<RecordedCall> ReadRecordedCall(std::string_view line) {
  Result<Exchange> exchange = ParseExchangeLine(line);
  if (!exchange) return std::nullopt;
  TextPool pool;
  const auto example = ReadExample(*exchange, 0, pool);
  if (!example) return std::nullopt;
  Result<ChatRequest> request = ParseChatRequest(std::move(exchange->request));
  if (!request) return std::nullopt;
  const bool wants_json = request->response_format != ResponseFormat::kText;
  const json::value answer = ParsePooled(pool, example->answer);
  return RecordedCall{*std::move(request), AnsweredBy(answer, wants_json)};
}

}  // namespace understudy
