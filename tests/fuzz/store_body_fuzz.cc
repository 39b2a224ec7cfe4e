// Stored bytes as they may be read from a damaged or hostile file: decoding must give an error or a
// text that survives another round, and parts that lie within it.
#include <cstdint>
#include <cstdlib>
#include <string>

#include "store/body_codec.h"
#include "store/parts.h"

namespace {

using namespace understudy;

Result<std::string> Dictionary(int64_t id) {
  if (id != 1) return Fail(IoError("no such dictionary"));
  std::string text;
  for (int i = 0; i < 200; ++i) {
    text += R"({"role":"user","content":"find a table for )" + std::to_string(i) + "\"},";
  }
  return text;
}

void Require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static BodyCodec codec(Dictionary);
  static const bool trained = codec.UseDictionary(1, Dictionary(1).value()).has_value();
  Require(trained);
  const std::string_view stored(reinterpret_cast<const char*>(data), size);
  const BodyPlace place{.exchange = "ex_fuzz"};
  std::string plain, again, back;
  if (!codec.Decode(stored, place, plain)) return 0;
  Require(codec.Encode(plain, place, again).has_value());
  Require(codec.Decode(again, place, back).has_value() && back == plain);
  const auto parts = UnpackParts(plain);
  if (!parts) return 0;
  std::string packed;
  PackParts(*parts, packed);
  const auto unpacked = UnpackParts(packed);
  Require(unpacked.has_value() && *unpacked == *parts);
  return 0;
}
