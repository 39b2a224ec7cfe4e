// The keys under which a recorded request is found again.
#pragma once

#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "models/sketch.h"

namespace understudy {

struct ReplayKeys {
  // Of the request as canonical JSON (sorted members, no white space), without the members that
  // do not change what a model would answer, or that name who asks and how it is delivered:
  //   model, stream, stream_options, user, store, metadata, service_tier, safety_identifier,
  //   prompt_cache_key, prompt_cache_retention
  // and without members that are null. Everything else counts: messages, tools, sampling, limits.
  Hash128 exact;

  // Of the texts of the system and developer messages, the text of the last user or tool message,
  // and the sorted names of the tools; texts trimmed, ASCII letters lower-cased, white space
  // collapsed. Zero (see `has_loose`) where that last text is empty: it would match anything.
  Hash128 loose;
  bool has_loose = false;

  // Words of all messages; those of the last user or tool message count once more on their own.
  TokenSet tokens;
};

// `request` is a chat-completions request. kInvalidInput on malformed JSON or no object.
Result<ReplayKeys> MakeReplayKeys(std::string_view request);

}  // namespace understudy
