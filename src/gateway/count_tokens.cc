// /v1/messages/count_tokens: how many tokens the prompt would be for the model that would answer.
// Exact where that model can tell (a local one, by its own template and tokenizer); else estimated.
// The header x-understudy-token-count says which.
#include "base/ids.h"
#include "base/json.h"
#include "chat/messages_wire.h"
#include "gateway/admission.h"
#include "gateway/answer_headers.h"
#include "gateway/handlers.h"
#include "gateway/life.h"
#include "gateway/steps.h"

namespace understudy {
namespace {

constexpr int64_t kBytesPerToken = 4;
constexpr int64_t kImageBytes = 1000 * kBytesPerToken;

// Of the JSON's texts and punctuation; an image or a file counts as one, whatever its size.
int64_t BytesOf(const json::value& value) {
  if (const auto* text = value.if_string()) {
    return text->starts_with("data:") ? kImageBytes : static_cast<int64_t>(text->size() + 2);
  }
  int64_t bytes = 2;
  if (const auto* items = value.if_array()) {
    for (const json::value& item : *items) bytes += BytesOf(item) + 1;
  } else if (const auto* members = value.if_object()) {
    for (const auto& member : *members) {
      bytes += static_cast<int64_t>(member.key().size() + 4) + BytesOf(member.value());
    }
  }
  return bytes;
}

int64_t Estimate(const ChatRequest& chat) {
  const auto body = ParseJson(chat.body);
  int64_t bytes = 0;
  for (const char* part : {"messages", "tools"}) {
    if (const json::value* said = body ? Find(*body, part) : nullptr) bytes += BytesOf(*said);
  }
  return (bytes + kBytesPerToken - 1) / kBytesPerToken;
}

struct Count {
  int64_t tokens = 0;
  bool exact = false;
};

Task<Result<Count>> CountFor(Call& call) {
  CO_TRY_VOID(Authenticate(call));
  CO_TRY_VOID(Parse(call));
  CO_TRY_VOID(RouteCall(call));
  Model* model = call.serving.models->Find(call.decision.chosen);
  if (!model) co_return Fail(InternalError("the chosen model is not configured"));
  ModelRequest request{call.chat, call.authorization, {}, call.cancellation};
  const auto counted = co_await model->CountTokens(request);
  if (counted) co_return Count{*counted, true};
  if (call.cancellation.cancelled()) co_return Fail(call.cancellation.ToError());
  co_return Count{Estimate(call.chat), false};
}

HttpResponse ResponseFor(const Call& call, const Count& count) {
  HttpResponse response;
  response.headers.Add("content-type", "application/json");
  AddDecisionHeaders(call, response.headers);
  response.headers.Add("x-understudy-token-count", count.exact ? "exact" : "estimate");
  response.body = fmt::format(R"({{"input_tokens":{}}})", count.tokens);
  return response;
}

}  // namespace

Task<void> CountTokens(Visit& visit) {
  MessagesWire wire(MessagesUse::kCountTokens);
  Call call(visit.http, visit.writer, visit.serving, visit.services, wire);
  call.exchange.at_ms = visit.services.clock.WallMs();
  call.exchange.id = NewId("ex_", call.exchange.at_ms);
  const Admission admission(call);
  Result<Count> count;
  if (admission.refused()) {
    count = Fail(*admission.refused());
  } else {
    count = co_await CountFor(call);
  }
  const Status status = count ? Status{} : Status(Fail(count.error()));
  Settle(call, status);
  if (!status) {
    co_await Finish(call, status);
    co_return;
  }
  HttpResponse response = ResponseFor(call, *count);
  co_await visit.writer.Send(std::move(response));
}

}  // namespace understudy
