// A schema's regular expression: ECMA-262's dialect as far as RE2 has it, in linear time.
#pragma once

#include <memory>
#include <string_view>

#include <re2/re2.h>

#include "base/result.h"

namespace understudy {

class Pattern {
 public:
  // What a pattern may come to occupy, matching included.
  static constexpr size_t kMaxBytes = 256 << 10;

  // kUnsupported where RE2 has no means for it (look-around, back-references) or it grows too big.
  static Result<std::shared_ptr<const Pattern>> Compile(std::string_view ecma);

  // Found anywhere in `text`. Thread-safe.
  bool Matches(std::string_view text) const {
    return RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), regex_);
  }

 private:
  Pattern(const std::string& re2_text, const RE2::Options& options) : regex_(re2_text, options) {}
  RE2 regex_;
};

}  // namespace understudy
