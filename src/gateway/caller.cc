#include "gateway/caller.h"

#include "access/audit_log.h"
#include "base/ids.h"
#include "base/log.h"

namespace understudy {
namespace {

constexpr std::string_view kBearer = "Bearer ";
// 30 of the id's 80 random bits: 50 are left to tell the calls of one millisecond apart.
constexpr size_t kMarkDigits = 6;
constexpr std::string_view kCrockford = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

std::string MarkOf(std::string_view unmarked, std::string_view origin_key,
                   std::string_view key_name) {
  const std::string hash =
      KeyedHash(origin_key, fmt::format("understudy caller mark\n{}\n{}", unmarked, key_name));
  std::string mark;
  for (size_t i = 0; i < kMarkDigits; ++i) {  // two hex digits are a byte, five bits of it a digit
    const auto digit = [&hash](size_t at) {
      return static_cast<unsigned>(hash[at] <= '9' ? hash[at] - '0' : hash[at] - 'a' + 10);
    };
    mark += kCrockford[(digit(2 * i) * 16 + digit(2 * i + 1)) & 31];
  }
  return mark;
}

Error Forbidden(KeyRole role, Right right) {
  Error error = InvalidInput(fmt::format("a key of role {} may not do this", Name(role)));
  error.kind = ErrorKind::kForbidden;
  error.code = "insufficient_role";
  error.mend = fmt::format("It takes a key of role {}.", RolesWith(right));
  return error;
}

Error NeedsKey(Right right) {
  return KeyRefused("this takes an API key of role " + RolesWith(right))
      .Mend("Send it as \"Authorization: Bearer KEY\"; `understudy keys create` makes them.");
}

}  // namespace

std::string_view PresentedKey(const Headers& headers) {
  const std::string_view bearer = headers.Get("authorization");
  if (bearer.size() > kBearer.size() &&
      EqualsIgnoreCase(bearer.substr(0, kBearer.size()), kBearer)) {
    return bearer.substr(kBearer.size());
  }
  return headers.Get("x-api-key");
}

Result<Caller> Authorize(const Headers& headers, const Serving& serving, Right right,
                         int64_t now_ms) {
  const std::string_view presented = PresentedKey(headers);
  const bool open = !serving.keys.closed();
  if (presented.empty() || (open && !serving.keys.Match(presented))) {
    if (open && (right == Right::kCall || right == Right::kFeedback)) return Caller();
    return Fail(NeedsKey(right));
  }
  TRY(const ApiKey* const key, serving.keys.Find(presented, now_ms));
  if (!May(key->role, right)) return Fail(Forbidden(key->role, right));
  return Caller{key->name, key->role};
}

Status NoteDeed(const Caller& caller, const Serving& serving, std::string_view action,
                std::string_view object, std::string_view detail, int64_t now_ms) {
  const AuditEvent event{action, caller.name, Name(caller.role), std::string(object),
                         std::string(detail)};
  const Status noted = AppendAudit(serving.options.workspace, kGatewayWriter, event, now_ms);
  if (noted) return {};
  LOG_ERROR("the audit log cannot be written: {}", noted.error().ToString());
  return Fail(InternalError("this is not done, for it cannot be written into the audit log")
                  .Mend("Whoever runs the gateway finds the reason in its log."));
}

std::string MarkedId(std::string_view id, std::string_view origin_key, std::string_view key_name) {
  if (id.size() <= kMarkDigits) return std::string(id);
  const std::string_view unmarked = id.substr(0, id.size() - kMarkDigits);
  return std::string(unmarked) + MarkOf(unmarked, origin_key, key_name);
}

bool IsCallOf(std::string_view id, std::string_view origin_key, std::string_view key_name) {
  return id.size() > kMarkDigits && !key_name.empty() &&
         EqualSecrets(MarkedId(id, origin_key, key_name), id);
}

}  // namespace understudy
