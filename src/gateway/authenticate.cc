#include "base/ids.h"
#include "gateway/steps.h"

namespace understudy {
namespace {

constexpr std::string_view kBearer = "Bearer ";

// OpenAI's clients send Authorization: Bearer KEY, others x-api-key: KEY.
std::string_view PresentedKey(const Headers& headers) {
  const std::string_view bearer = headers.Get("authorization");
  if (bearer.size() > kBearer.size() &&
      EqualsIgnoreCase(bearer.substr(0, kBearer.size()), kBearer)) {
    return bearer.substr(kBearer.size());
  }
  return headers.Get("x-api-key");
}

Error Refused(std::string message) {
  Error error = InvalidInput(std::move(message));
  error.kind = ErrorKind::kUnauthorized;
  error.code = "invalid_api_key";
  return error;
}

}  // namespace

Status Authenticate(Call& call) {
  const auto& known = call.serving.key_names;
  if (known.empty()) {
    call.authorization = call.http.headers.Get("authorization");
    const std::string_view key = call.http.headers.Get("x-api-key");
    if (call.authorization.empty() && !key.empty()) {
      call.authorization = std::string(kBearer) + std::string(key);
    }
    return {};
  }
  const std::string_view key = PresentedKey(call.http.headers);
  if (key.empty()) {
    return Fail(Refused("this gateway asks for an API key")
                    .Mend("Send it as \"Authorization: Bearer KEY\" or \"x-api-key: KEY\"."));
  }
  const auto found = known.find(Sha256Hex(key));
  if (found == known.end()) {
    return Fail(Refused("this API key is not known here")
                    .Mend("Ask whoever runs the gateway for one; `understudy init --api-key` "
                          "makes them."));
  }
  call.key_name = found->second;
  return {};
}

}  // namespace understudy
