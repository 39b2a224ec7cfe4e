// Masking: personal data in an exchange, or in any text, becomes substitutes
// (privacy/substitute.h).
//
// The texts of JSON are masked as they read, whatever escapes they are written with, also in the
// JSON that stands inside them (tool arguments, tool results). Everything else stays byte for byte,
// and JSON stays JSON. What one text of an exchange gives away is masked wherever the exchange
// repeats it, so that an argument copied from the request still equals it.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "chat/exchange.h"
#include "privacy/entity.h"
#include "privacy/substitute.h"

namespace understudy {

struct MaskCounts {
  std::array<int64_t, kEntityKindCount> places{};  // that were changed, by kind
  int64_t total() const;
  MaskCounts& operator+=(const MaskCounts& more);
};

class Masker {
 public:
  explicit Masker(MaskKey key) : key_(std::move(key)) {}

  // Request, response, answers, the members we do not know, id, session, agent, and what errors and
  // verdicts say. Masking again changes nothing. Thread-safe.
  MaskCounts Mask(Exchange& exchange) const;

  // One text; JSON where it is an object or a list.
  MaskCounts Mask(std::string& text) const;

 private:
  MaskKey key_;
};

}  // namespace understudy
