#include "flywheel/curate/refusal.h"

#include <string>

#include <re2/re2.h>

namespace understudy {
namespace {

constexpr size_t kLongestRefusal = 400;

// Typographic apostrophes become plain ones.
std::string Plain(std::string_view answer) {
  std::string out(answer);
  for (const std::string_view quote : {"\xE2\x80\x99", "\xE2\x80\x98", "\xCA\xBC"}) {
    for (size_t at = 0; (at = out.find(quote, at)) != std::string::npos;) {
      out.replace(at, quote.size(), "'");
    }
  }
  return out;
}

}  // namespace

bool IsRefusal(std::string_view answer) {
  if (answer.size() > kLongestRefusal) return false;
  static const RE2 kPattern(
      R"((?i)\bI(?:'m| am)? (?:sorry,? )?(?:can'?t|cannot|can not|won'?t|(?:am )?(?:unable|not able|not allowed) to)(?: be able to)?(?: directly| actually)?)"
      R"( (?:assist|help|comply|fulfil|do (?:that|this)|answer (?:that|this)|discuss|engage|(?:provide|share|create|generate|support) (?:that|this))\b)"
      R"(|\bI (?:must|have to|need to) (?:respectfully )?decline\b|\bI decline to\b)"
      R"(|\bas an? (?:AI|artificial intelligence)(?: language)?(?: model| assistant)?,? I(?:'m)? (?:can'?t|cannot|am unable|unable|do not|don'?t|am not|not)\b)"
      R"(|\bagainst my (?:guidelines|programming|polic(?:y|ies))\b)");
  const std::string plain = Plain(answer);
  return RE2::PartialMatch(re2::StringPiece(plain.data(), plain.size()), kPattern);
}

}  // namespace understudy
