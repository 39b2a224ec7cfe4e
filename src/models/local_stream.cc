#include "models/local_stream.h"

#include "base/json.h"

namespace understudy {
namespace {

// The usage of all choices in the shape of the chunk that told of the last one.
Result<ChatChunk> UsageChunk(const std::string& last, const Usage& usage) {
  TRY(json::value value, ParseJson(last));
  value.as_object()["usage"] =
      json::object{{"prompt_tokens", usage.prompt_tokens},
                   {"completion_tokens", usage.completion_tokens},
                   {"total_tokens", usage.prompt_tokens + usage.completion_tokens},
                   {"prompt_tokens_details", {{"cached_tokens", usage.cached_tokens}}}};
  value.as_object().erase("timings");  // of the last choice only
  return ParseChatChunk(json::serialize(value));
}

}  // namespace

Task<Status> LocalStream::Open() {
  CO_TRY(first_, co_await Read());
  if (!first_) co_return Fail(ProtocolError("llama-server ended its stream before it began"));
  co_return Status{};
}

Task<Result<std::optional<ChatChunk>>> LocalStream::Next() {
  if (first_) co_return std::exchange(first_, std::nullopt);
  co_return co_await Read();
}

Task<Result<std::optional<std::string>>> LocalStream::ReadData() {
  for (;;) {
    CO_TRY(auto event, events_.Next());
    if (event) co_return std::move(event->data);
    CO_TRY(const std::string_view bytes, co_await reply_->ReadSome());
    if (bytes.empty()) co_return std::nullopt;
    events_.Feed(bytes);
  }
}

bool LocalStream::KeepUsage(const ChatChunk& chunk) {
  if (!chunk.usage_only() || choices_ == 1) return false;
  usage_.cached_tokens = usage_chunk_.empty()
                             ? chunk.usage->cached_tokens
                             : std::min(usage_.cached_tokens, chunk.usage->cached_tokens);
  usage_.prompt_tokens = chunk.usage->prompt_tokens;  // one prompt, evaluated once
  usage_.completion_tokens += chunk.usage->completion_tokens;
  usage_chunk_ = chunk.data;
  return true;
}

Result<std::optional<ChatChunk>> LocalStream::AtDone() {
  done_ = true;
  lease_.Release();  // the slot is free; the reader may take its time
  if (usage_chunk_.empty()) return std::nullopt;
  return UsageChunk(usage_chunk_, usage_);
}

Task<Result<std::optional<ChatChunk>>> LocalStream::Read() {
  while (!done_) {
    CO_TRY(auto data, co_await ReadData());
    if (!data) {
      co_return Fail(ProtocolError("llama-server's answer broke off; it may have crashed")
                         .Mend("It is started again; see the model's health."));
    }
    if (*data == "[DONE]") co_return AtDone();
    CO_TRY(ChatChunk chunk, ParseChatChunk(*std::move(data)));
    if (!KeepUsage(chunk)) co_return std::move(chunk);
  }
  co_return std::nullopt;
}

}  // namespace understudy
