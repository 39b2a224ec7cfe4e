// Lines and heads of the audit log, whoever wrote them: what is read can be written, and no text is
// sound without the key.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "access/audit_verify.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace understudy;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::string key(kAuditKeyBytes, 'k');
  if (IsAuditMacRight(text, key)) std::abort();
  const auto heads = ParseHeads(text, key);
  if (heads && !heads->empty()) std::abort();
  auto entry = ParseAuditLine(text);
  if (!entry) {
    if (entry.error().kind != ErrorKind::kInvalidInput) std::abort();
    return 0;
  }
  std::string line = FormatAuditLine(*entry, key);
  line.pop_back();
  if (line.find('\n') != std::string::npos || !IsAuditMacRight(line, key)) std::abort();
  if (line.size() <= kMaxAuditLineBytes && !ParseAuditLine(line)) std::abort();
  return 0;
}
