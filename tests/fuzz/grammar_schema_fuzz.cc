// A schema made fit for a grammar: whatever it is, the result holds only what a grammar is sure to
// take, and making it fit again changes nothing that matters: it stays a schema.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "models/grammar_schema.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace understudy;
  const auto schema = ParseJson(std::string_view(reinterpret_cast<const char*>(data), size));
  if (!schema) return 0;
  const json::value wide = GrammarSchema(*schema);
  if (!wide.is_object() || !GrammarSchema(wide).is_object()) std::abort();
  return 0;
}
