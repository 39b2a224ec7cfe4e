// GGUF files from anywhere: parsing never reads outside the bytes, and what it accepts can be
// walked, converted and checked as an adapter.
#include <cstdint>
#include <string_view>

#include "gguf/adapter_check.h"
#include "gguf/convert.h"
#include "gguf/model_meta.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace understudy;
  const auto file = GgufFile::Parse({reinterpret_cast<const char*>(data), size}, "fuzz");
  if (!file) return 0;
  for (const auto& entry : file->metadata()) {
    (void)entry.value.Text();
    (void)entry.value.Number();
    (void)entry.value.Texts();
    (void)entry.value.Integers();
    (void)entry.value.Numbers();
  }
  for (const auto& tensor : file->tensors()) (void)DecodeTensor(tensor);
  (void)ReadModelMeta(*file);
  (void)CheckAdapter(*file, *file);
  return 0;
}
