// Who asks, and whether they may: what follows from a request's API key.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "access/key_role.h"
#include "base/result.h"
#include "gateway/serving.h"
#include "net/http.h"

namespace understudy {

struct Caller {
  std::string name;  // of the key; empty without one
  KeyRole role = KeyRole::kAgent;
  bool has_key() const { return !name.empty(); }
};

// The key that came as "Authorization: Bearer KEY" or "x-api-key: KEY"; empty for none.
std::string_view PresentedKey(const Headers& headers);

// Checks that whoever sent these headers has the right. Where calls take no key
// (ApiKeyRing::closed), anybody has kCall and kFeedback, and an Authorization that is no key of
// ours is the client's own. kUnauthorized without a valid key, kForbidden for one of another role.
Result<Caller> Authorize(const Headers& headers, const Serving& serving, Right right,
                         int64_t now_ms);

// Writes what the caller did into the audit log. Where that fails, the reason is logged and the
// error says only that it is not done. Waits for the disk: not on a serving thread.
Status NoteDeed(const Caller& caller, const Serving& serving, std::string_view action,
                std::string_view object, std::string_view detail, int64_t now_ms);

// An exchange's id with the mark of the key that it was called with in its last digits: a keyed
// hash, so that only this key's holder can later say of it "my call" (IsCallOf), without anything
// more being stored. The name counts, so a key that was rotated keeps its calls.
std::string MarkedId(std::string_view id, std::string_view origin_key, std::string_view key_name);
bool IsCallOf(std::string_view id, std::string_view origin_key, std::string_view key_name);

}  // namespace understudy
