#include "privacy/entity.h"

#include <array>

#include "privacy/scan.h"

namespace understudy {
namespace {

constexpr std::array<std::string_view, kEntityKindCount> kNames{"email", "phone", "card", "iban",
                                                                "ipv4",  "ipv6",  "ssn",  "secret"};

bool IsWordByte(char c) {
  return IsAlnum(c) || c == '_';
}

// One pass over a text: at the beginning of every word, number and the like its scanners are asked.
class Pass {
 public:
  explicit Pass(const ScanText& in) : in_(in), text_(in.text) {}

  Findings Run() {
    Take(ScanKeyedSecret(in_));
    size_t at = in_.done;
    while (at < text_.size()) {
      const size_t end = Step(at);
      at = end > at ? end : at + 1;
    }
    return std::move(findings_);
  }

 private:
  // Notes what was found; its end, or 0.
  size_t Take(Found found) {
    if (!found) return 0;
    in_.done = found->end;
    findings_.entities.push_back(*std::move(found));
    return in_.done;
  }
  size_t TakeNamed(Found found) {
    if (!found) return 0;
    if (!found->fictitious) {
      findings_.tokens.emplace_back(text_.substr(found->begin, found->end - found->begin));
    }
    return Take(std::move(found));
  }

  // The end of what stands at `at`, or 0 to go on with the next byte.
  size_t Step(size_t at) {
    const char c = text_[at];
    if (c == '@') return Take(ScanEmail(in_, at));
    if (c == '-') return text_.substr(at, 10) == "-----BEGIN" ? Take(ScanPem(in_, at)) : 0;
    if (c == '+' || c == '(') {
      return IsDigit(At(text_, at + 1)) ? Take(ScanPhone(in_, at, &findings_.loose)) : 0;
    }
    if (c == '\\' && IsBehindEscape(text_, at + 2)) return at + 2;
    if (!IsWordByte(c)) return 0;
    const size_t end = IsDigit(c) ? Number(at) : Word(at);
    return end ? end : EndOfWord(at);
  }

  size_t Number(size_t at) {
    for (const auto scan : {ScanIpv4, ScanIpv6, ScanCard, ScanSsn}) {
      if (const size_t end = Take(scan(in_, at))) return end;
    }
    if (const size_t end = Take(ScanPhone(in_, at, &findings_.loose))) return end;
    return KnownToken(at);
  }

  size_t Word(size_t at) {
    for (const auto scan : {ScanIban, ScanPrefixSecret, ScanIpv6}) {
      if (const size_t end = Take(scan(in_, at))) return end;
    }
    if (const size_t end = KnownToken(at)) return end;
    return TakeNamed(ScanNamedSecret(in_, at));
  }

  size_t KnownToken(size_t at) {
    if (!in_.known || in_.known->secrets.empty()) return 0;
    for (const std::string& secret : in_.known->secrets) {
      if (text_.substr(at, secret.size()) != secret) continue;
      if (IsWordByte(At(text_, at + secret.size()))) continue;
      return Take(Entity{EntityKind::kSecret, at, at + secret.size(), secret, false});
    }
    return 0;
  }

  size_t EndOfWord(size_t at) const {
    while (at < text_.size() && IsWordByte(text_[at])) ++at;
    return at;
  }

  ScanText in_;
  std::string_view text_;
  Findings findings_;
};

}  // namespace

std::string_view Name(EntityKind kind) {
  return kNames[static_cast<size_t>(kind)];
}

Findings FindEntities(std::string_view text, std::string_view key, bool is_number,
                      const Known* known) {
  if (text.starts_with("data:")) return {};  // a file's bytes in base64
  const ScanText in{text, key, is_number, known, 0};
  Findings findings = Pass(in).Run();
  if (const Found whole = ScanKeyedSecret(in); whole && !whole->fictitious) {
    findings.tokens.emplace_back(text.substr(whole->begin, whole->end - whole->begin));
  }
  return findings;
}

}  // namespace understudy
