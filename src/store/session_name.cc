#include "store/session_name.h"

#include <algorithm>

#include "base/ids.h"

namespace understudy {

bool IsSessionHash(std::string_view session) {
  return session.size() == 32 && std::ranges::all_of(session, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

Result<std::string> SessionAsKept(UsageStore& store, std::string_view origin_key,
                                  const std::string& session) {
  if (session.empty() || IsSessionHash(session)) return session;
  TRY(const int64_t count, store.Count({.session = session, .limit = 1}));
  return count > 0 ? session : KeyedHash(origin_key, session);
}

}  // namespace understudy
