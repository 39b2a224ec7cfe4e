// Where texts become compressed bytes, and back; sealed_codec.h seals what this makes. Compressed
// bytes begin with their CodecId (schema.h), so that rows of several kinds live in one file and old
// ones stay readable.
//
// Compression is zstd: level 1 alone, level 3 with a trained dictionary, which makes both smaller
// and faster on bodies of a few kB (measured on agents' logs: 2.9 against 7.5 to 10 times smaller,
// 9 against 4 us for 2.7 kB). Every frame carries its size and a checksum. In haste, with a
// dictionary, it takes only long matches from a small table: a fifth less time, a third less where
// other programs share the cache, for bytes 1.2 to 1.5 times as many. Readers need not know.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace understudy {

// Frozen values: sealed bytes are bound to them. Append only.
enum class BodyColumn : uint8_t { kBody = 0, kDetail = 1, kDictionary = 2 };
enum class Effort : uint8_t { kFull, kHaste };

// Whose bytes they are, and what else of the exchange sealed bytes are bound to.
struct BodyPlace {
  std::string_view exchange;  // Exchange::id
  BodyColumn column = BodyColumn::kBody;
  std::string_view origin = {}, session = {};
  int64_t at_ms = 0;
  uint8_t outcome = 0;
};

// One thread at a time. Keeps its compression contexts and dictionaries.
class BodyCodec {
 public:
  // Gives a dictionary's bytes by its id; asked once for each id.
  using FindDictionary = std::function<Result<std::string>(int64_t id)>;
  explicit BodyCodec(FindDictionary find);
  ~BodyCodec();

  // From now on Encode uses this dictionary. kIo if zstd does not accept it.
  Status UseDictionary(int64_t id, std::string_view bytes);
  int64_t dictionary() const;  // 0: none

  // Both clear `out`. Encode refuses more than kMaxPlainBytes (kInvalidInput).
  Status Encode(std::string_view plain, const BodyPlace& place, std::string& out,
                Effort effort = Effort::kFull);
  // Whatever the bytes are: an error or the text, in memory bounded by the size of `stored` (a
  // zstd block of 3 bytes can stand for 128 KiB) and by kMaxPlainBytes.
  Status Decode(std::string_view stored, const BodyPlace& place, std::string& out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace understudy
