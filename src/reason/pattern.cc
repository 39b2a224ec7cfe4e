#include "reason/pattern.h"

namespace understudy {
namespace {

bool IsHex(std::string_view digits) {
  return digits.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
}

// What the two dialects spell differently: \u0041 is \x{0041}, and (?<name>...) is (?P<name>...).
std::string ToRe2(std::string_view ecma) {
  std::string text;
  text.reserve(ecma.size() + 8);
  for (size_t i = 0; i < ecma.size(); ++i) {
    const std::string_view rest = ecma.substr(i);
    if (rest.starts_with("\\u") && rest.size() >= 6 && IsHex(rest.substr(2, 4))) {
      text.append("\\x{").append(rest.substr(2, 4)).append("}");
      i += 5;
    } else if (rest.starts_with('\\') && rest.size() >= 2) {
      text.append(rest.substr(0, 2));
      i += 1;
    } else if (rest.starts_with("(?<") && rest.size() > 3 && rest[3] != '=' && rest[3] != '!') {
      text.append("(?P<");
      i += 2;
    } else {
      text += ecma[i];
    }
  }
  return text;
}

}  // namespace

Result<std::shared_ptr<const Pattern>> Pattern::Compile(std::string_view ecma) {
  RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxBytes);
  options.set_never_capture(true);
  std::shared_ptr<const Pattern> pattern(new Pattern(ToRe2(ecma), options));
  if (pattern->regex_.ok()) return pattern;
  Error error = InvalidInput("unsupported pattern: " + pattern->regex_.error());
  error.kind = ErrorKind::kUnsupported;
  return Fail(std::move(error));
}

}  // namespace understudy
