// A stranger's schema against a stranger's value, one line each: never crashes, never hangs, and
// says the same twice.
#include <cstdlib>

#include "reason/schema.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace understudy;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const size_t line = text.find('\n');
  const auto schema = JsonSchema::CompileText(text.substr(0, line), UnknownPatterns::kSkip);
  if (!schema) return 0;
  const auto value = ParseJson(line == text.npos ? "{}" : text.substr(line + 1));
  if (!value) return 0;
  const auto problem = schema->Check(*value);
  if (problem && (problem->size() > 200 || !problem->starts_with('$'))) std::abort();
  if (problem != schema->Check(*value)) std::abort();
  return 0;
}
